//! The task behind each pool: it connects, and reconnects for ever, so that no caller waits.

use super::endpoint::Endpoint;
use super::pool::{Link, Phase, Pool};
use crate::backoff::Backoff;
use crate::store::redis::report::{Moment, Report};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Between attempts.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
/// Who fails again within this time has not recovered: no probe without a pause.
const STEADY: Duration = Duration::from_secs(1);

/// Keeps the pool connected until it, or the runtime, is gone.
pub(super) async fn supervise(
    pool: Weak<Pool>,
    endpoint: Arc<Endpoint>,
    report: Arc<Report>,
    mut link: watch::Receiver<Link>,
) {
    let ending = Ending { pool: pool.clone(), report: report.clone() };
    let mut backoff = BACKOFF;
    let mut wires = Vec::new();
    loop {
        let begun = report.moment();
        // A hiccup ends with one round trip on the connections that there are.
        if wires.is_empty() || endpoint.probe(&wires).await.is_err() {
            wires.clear();
            match endpoint.connect().await {
                Ok(opened) => wires = opened,
                Err(reason) => {
                    if !failed(&pool, &report, begun, &reason) {
                        break;
                    }
                    sleep(backoff.pause(fastrand::f64())).await;
                    continue;
                }
            }
        }
        let Some(alive) = pool.upgrade() else { break };
        alive.up(wires.clone());
        drop(alive);
        let up = Instant::now();
        let changed = link.wait_for(|link| link.phase != Phase::Up).await.map(|link| link.phase);
        if !matches!(changed, Ok(Phase::Down)) {
            break;
        }
        if up.elapsed() < STEADY {
            sleep(backoff.pause(fastrand::f64())).await;
        } else {
            backoff = BACKOFF;
        }
    }
    drop(ending);
}

/// An attempt came to nothing. Answers whether anybody still cares.
fn failed(pool: &Weak<Pool>, report: &Report, begun: Moment, reason: &str) -> bool {
    let Some(pool) = pool.upgrade() else { return false };
    // Of the first attempt callers may be waiting; later it is down already.
    pool.fail(0, reason);
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
