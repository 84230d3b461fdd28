//! The task that keeps the connection by which a server says what has changed (`push`): makes it, makes it
//! anew when it is lost, and asks by it now and then, so that it vouches for what it has read.

use super::endpoint::{Endpoint, Untracked};
use super::push::{InUse, LATE, Tracked};
use super::wire::Wire;
use crate::backoff::Backoff;
use crate::l1::{Begun, Line};
use redis::PushInfo;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// Between attempts.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
/// The longest attempt. Each has twice the time of one before it that was late: the server may be far
/// away, or just not answer, and then the next attempt is not to come too late.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often what is kept is vouched for.
const HEARTBEAT: Duration = Duration::from_millis(250);
/// How long a server is not asked again that cannot track, or may not be asked to.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// Keeps a connection, until `tracked` or the thread is gone.
pub(super) async fn keep(tracked: Weak<Tracked>, mut line: watch::Receiver<InUse>) {
    let (mut backoff, mut within) = (BACKOFF, None);
    loop {
        let Some(alive) = tracked.upgrade() else { return };
        let (endpoint, new) = (alive.endpoint.clone(), alive.l1.line(alive.seat));
        let left = alive.left.load(Ordering::Acquire);
        drop(alive);
        let pushed = {
            let tracked = tracked.clone();
            move |push: PushInfo| {
                if let Some(tracked) = tracked.upgrade() {
                    tracked.pushed(new, &push);
                }
                Ok::<(), ()>(())
            }
        };
        let attempt = within.unwrap_or(endpoint.attempt);
        let tracks = endpoint.track(pushed, attempt).await;
        let Some(alive) = tracked.upgrade() else { return };
        let pause = match tracks {
            Ok(wire) => {
                within = None;
                alive.opened(wire.clone(), new, left);
                drop(alive);
                if vouch(&tracked, &mut line, &endpoint, wire, new).await {
                    backoff = BACKOFF;
                }
                let Some(alive) = tracked.upgrade() else { return };
                alive.lost(new);
                backoff.pause(fastrand::f64())
            }
            Err(Untracked::Trouble) => backoff.pause(fastrand::f64()),
            Err(Untracked::Late) => {
                within = Some(PATIENCE.min(attempt * 2));
                backoff.pause(fastrand::f64())
            }
            Err(Untracked::Refused(why)) => {
                alive.cannot(&why);
                ASK_AGAIN
            }
        };
        if let Ok(Err(_)) = timeout(pause, line.wait_for(|_| false)).await {
            return;
        }
    }
}

/// Vouches for what the connection has read, until that is lost. Says whether it ever could.
async fn vouch(
    tracked: &Weak<Tracked>,
    line: &mut watch::Receiver<InUse>,
    endpoint: &Endpoint,
    mut wire: Wire,
    own: Line,
) -> bool {
    let mut could = false;
    let is_lost = |line: &InUse| line.as_ref().is_none_or(|(_, current)| *current != own);
    while timeout(HEARTBEAT, line.wait_for(is_lost)).await.is_err() {
        could = true;
        let Some(alive) = tracked.upgrade() else { break };
        let l1 = alive.l1.clone();
        if l1.is_empty() {
            continue;
        }
        let probe = match &alive.probe {
            Some(probe) => match (probe.key)() {
                Some(key) => Some(key),
                // It has no slots, and so vouches for nothing.
                None => continue,
            },
            None => None,
        };
        drop(alive);
        // By a key, since a server that has lost its part in a cluster answers `PING` all the same.
        let begun = Begun::now();
        let answered = endpoint.still_has(&mut wire, probe.as_deref());
        match timeout(LATE, answered).await {
            Ok(true) => l1.vouch(own, begun),
            Ok(false) | Err(_) => {
                if let Some(alive) = tracked.upgrade()
                    && let Some(probe) = &alive.probe
                {
                    (probe.failed)();
                }
                break;
            }
        }
    }
    could
}
