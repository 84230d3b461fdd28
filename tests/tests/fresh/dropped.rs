//! Callers are dropped after each number of polls: wherever that is, no body runs twice for one of
//! them, no lease stays behind, and the next caller does not wait for it.

use super::idle;
use cache_runtime::{TimedOut, redis_cache};
use cache_tests::{DEADLINE, Runs, Scene, given_back, limited, make_lease_last, polled};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

#[derive(Debug, Clone, PartialEq)]
struct Late;

impl From<TimedOut> for Late {
    fn from(_: TimedOut) -> Self {
        Self
    }
}

macro_rules! functions {
    ($($name:ident [$($option:tt)*])+) => {$(
        #[redis_cache(ttl = 60, key = "k", $($option)*)]
        async fn $name(runs: Arc<Runs>) -> Result<u64, Late> {
            runs.one_more();
            sleep(Duration::from_millis(4)).await; // longer than the timeouts, as a slow query is
            Ok(2)
        }

        mod $name {
            use super::*;

            #[tokio::test]
            async fn dropped() {
                limited(dropped_at_each_poll(super::$name)).await;
            }
        }
    )+};
}

functions! {
    plain []
    alone [single_flight = "off"]
    early [early_refresh]
    revalidated [stale_while_revalidate = 60]
    soft [stale_if_error = 60, soft_timeout = "2ms"]
    hard [hard_timeout = "2ms"]
}

async fn dropped_at_each_poll<F>(call: impl Fn(Arc<Runs>) -> F)
where
    F: Future<Output = Result<u64, Late>>,
{
    let Scene { server, one, other, .. } = Scene::start();
    // Without a value, and with one that is stale where there is a window.
    for stale in [false, true] {
        for times in 0.. {
            server.command::<u64>(&["DEL", "t:k"]);
            if stale {
                server.command::<()>(&["SET", "t:k", "1", "EX", "30"]);
            }
            let (first, next) = (Arc::<Runs>::default(), Arc::<Runs>::default());
            let answer = polled(times, one.scope(call(first.clone()))).await;
            make_lease_last(&server, "t:k");
            let told = timeout(DEADLINE, other.scope(call(next.clone()))).await;
            assert!(told.is_ok(), "after {times} polls, with an old value: {stale}");
            idle(&one).await;
            idle(&other).await;
            assert!(first.count() <= 1 && next.count() <= 1, "after {times} polls");
            given_back(&server, "t:k").await;
            if answer.is_some() {
                break;
            }
        }
    }
}
