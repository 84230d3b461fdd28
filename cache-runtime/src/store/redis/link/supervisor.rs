//! The task behind each pool: it connects, and reconnects for ever, so that no caller waits.

use super::endpoint::{ATTEMPT, Connections, Endpoint};
use super::pool::{Link, Phase, Pool};
use crate::backoff::Backoff;
use crate::store::redis::report::{Moment, Report};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Between attempts.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
/// Who fails again within this time has not recovered: no probe without a pause.
const STEADY: Duration = Duration::from_secs(1);

/// How long each step of an attempt may take that is made beside the others.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that end within this time, and more often than that in a row, are an outage.
const QUICK: Duration = Duration::from_millis(200);
const MOST_ENDS: u32 = 2;

/// Keeps the pool connected until it, or the runtime, is gone.
pub(super) async fn supervise(
    pool: Weak<Pool>,
    endpoint: Arc<Endpoint>,
    report: Arc<Report>,
    mut link: watch::Receiver<Link>,
) {
    let ending = Ending { pool: pool.clone(), report: report.clone() };
    let (mut backoff, mut ends, mut spare) = (BACKOFF, 0, false);
    let mut opened = None;
    loop {
        // A hiccup ends with one round trip on the connections that there are.
        let connections = match opened.take() {
            Some(connections) if endpoint.probe(&connections, ATTEMPT).await.is_ok() => connections,
            _ => match connect(&pool, &endpoint, &report, &mut backoff, spare).await {
                Some(connections) => connections,
                None => break,
            },
        };
        let Some(alive) = pool.upgrade() else { break };
        let generation = alive.up(connections.wires.clone());
        drop(alive);
        let (up, ours) = (Instant::now(), endpoint.bound.ended());
        let was = until_out_of_use(&mut link, &endpoint, &connections, &report).await;
        let lasted = up.elapsed();
        // Those that we end say nothing of the server.
        let theirs = endpoint.bound.ended() == ours;
        ends = if lasted < QUICK && theirs { ends + 1 } else { 0 };
        let mut steady = lasted >= STEADY;
        match was {
            // A command has failed: they may work again.
            Some(Phase::Down) => (opened, spare) = (Some(connections), false),
            // They have ended, or lead to who is the primary no more: said to nobody, unless it happens again and again.
            None | Some(Phase::Connecting) => {
                let Some(alive) = pool.upgrade() else { break };
                alive.replace(generation);
                steady = ends == 0;
                spare = ends <= MOST_ENDS;
                if !spare {
                    alive.give_up("it closes its connections");
                }
            }
            Some(Phase::Up | Phase::Dead) => break,
        }
        if steady {
            backoff = BACKOFF;
        } else {
            sleep(backoff.pause(fastrand::f64())).await;
        }
    }
    drop(ending);
}

/// New connections, as soon as there are any that work. `spare`: one attempt may fail before anything
/// is said. `None`: nobody cares any more.
async fn connect(
    pool: &Weak<Pool>,
    endpoint: &Arc<Endpoint>,
    report: &Arc<Report>,
    backoff: &mut Backoff,
    mut spare: bool,
) -> Option<Connections> {
    let mut patient = Patient(None);
    let opened = loop {
        let (begun, started) = (report.moment(), Instant::now());
        let reason = match patient.beside(endpoint.connect(endpoint.attempt)).await {
            Ok(opened) => break opened,
            Err(reason) => reason,
        };
        // What ended the connections before may have ended this one while it was made.
        if std::mem::take(&mut spare) && started.elapsed() < QUICK {
            continue;
        }
        if !failed(pool, report, begun, &reason) {
            return None;
        }
        if started.elapsed() >= endpoint.attempt {
            patient.begin(endpoint);
        }
        let pause = backoff.pause(fastrand::f64());
        let paused = async {
            sleep(pause).await;
            Err(())
        };
        if let Ok(opened) = patient.beside(paused).await {
            break opened;
        }
    };
    endpoint.check(&opened, report);
    Some(opened)
}

/// An attempt that has more time than others and goes on beside them, once one of them was late: the
/// server may be far away, or this process may hardly get to run.
struct Patient(Option<Attempt>);

type Attempt = Pin<Box<dyn Future<Output = Result<Connections, String>> + Send>>;

impl Patient {
    /// One at a time.
    fn begin(&mut self, endpoint: &Arc<Endpoint>) {
        let endpoint = endpoint.clone();
        self.0.get_or_insert_with(|| Box::pin(async move { endpoint.connect(PATIENCE).await }));
    }

    /// What `other` comes to, unless this one has connected before.
    async fn beside<E>(
        &mut self,
        other: impl Future<Output = Result<Connections, E>>,
    ) -> Result<Connections, E> {
        let mut other = pin!(other);
        poll_fn(|context| {
            match self.0.as_mut().map(|attempt| attempt.as_mut().poll(context)) {
                Some(Poll::Ready(Ok(opened))) => return Poll::Ready(Ok(opened)),
                Some(Poll::Ready(Err(_))) => self.0 = None,
                Some(Poll::Pending) | None => {}
            }
            other.as_mut().poll(context)
        })
        .await
    }
}

/// Waits until connections that are in use are so no more. `None`: one of them has ended, or leads
/// elsewhere than it should.
async fn until_out_of_use(
    link: &mut watch::Receiver<Link>,
    endpoint: &Endpoint,
    connections: &Connections,
    report: &Arc<Report>,
) -> Option<Phase> {
    let mut ended = pin!(connections.ended.notified());
    let mut moved = pin!(endpoint.until_moved(connections, report));
    let mut changed = pin!(link.wait_for(|link| link.phase != Phase::Up));
    poll_fn(|context| match changed.as_mut().poll(context) {
        // The pool is gone.
        Poll::Ready(Err(_)) => Poll::Ready(Some(Phase::Dead)),
        Poll::Ready(Ok(link)) => Poll::Ready(Some(link.phase)),
        Poll::Pending if ended.as_mut().poll(context).is_ready() => Poll::Ready(None),
        Poll::Pending => moved.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// An attempt came to nothing. Answers whether anybody still cares.
fn failed(pool: &Weak<Pool>, report: &Report, begun: Moment, reason: &str) -> bool {
    let Some(pool) = pool.upgrade() else { return false };
    // Callers may be waiting for it.
    pool.give_up(reason);
    report.lost(begun, reason);
    true
}

/// However the task ends (its runtime dropped it, it panicked), its pool must not wait for it.
struct Ending {
    pool: Weak<Pool>,
    report: Arc<Report>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.report.lost(Moment::MAX, "this Tokio runtime was built without `enable_all`");
        }
        if let Some(pool) = self.pool.upgrade() {
            pool.die();
        }
    }
}
