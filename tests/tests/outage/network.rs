//! The server is well, and the network in front of it is not.

use super::*;
use cache_tests::{Fault, FaultProxy, Logs, RedisServer, builder_at, is_stored, limited};

#[redis_cache(ttl = 60, key = "long:{n}")]
async fn long(runs: &Runs, n: u64) -> String {
    runs.one_more();
    n.to_string().repeat(20_000)
}

/// Each fault in turn, on connections that have worked, and each heals by itself.
#[tokio::test]
async fn questions_lost_replies_cut_swallowed_mangled_and_connections_dropped() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let logs = Logs::capture(proxy.address());
    // Four of them hang for so long, together less than what `limited` takes for a hang.
    let patience = DEADLINE / 3;
    let cache = builder_at(&proxy.url()).timeout(patience).build().unwrap();
    limited(async {
        // Each is so bad that no new connection is of use while it lasts.
        let faults = [
            Fault::CutAfter(9),
            Fault::Drop,
            Fault::HalfClose,
            Fault::Garbage,
            Fault::Deaf,
            Fault::BlackHole,
            Fault::StallAfter(9),
            Fault::Stall,
        ];
        for (outage, fault) in (1..).zip(faults) {
            let runs = Runs::default();
            called(&cache, long(&runs, outage)).await;
            let (_, observed, _) = called(&cache, long(&runs, outage)).await;
            assert_eq!(observed.hits, 1, "well before {fault:?}");

            proxy.set(fault);
            let runs = Runs::default();
            let call = called(&cache, long(&runs, outage));
            let (value, _, took) = match fault {
                Fault::Deaf | Fault::BlackHole | Fault::StallAfter(_) | Fault::Stall => {
                    wait_for(patience, call).await
                }
                _ => call.await,
            };
            assert_eq!(value, outage.to_string().repeat(20_000));
            assert_eq!(runs.count(), 1, "{fault:?}");
            assert!(took < DEADLINE, "{fault:?} was seen by waiting: {took:?}");
            adds_nothing(&cache);
            assert_eq!(logs.count("WARN"), outage as usize, "{fault:?}: {:#?}", logs.lines());

            proxy.set(Fault::None);
            recovers(&cache, outage).await;
        }
    })
    .await;
}

/// A reply that comes after its caller has gone must not be taken for the next one's.
#[tokio::test]
async fn a_late_reply_is_nobody_elses() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = builder_at(&proxy.url()).timeout(Duration::from_millis(60)).build().unwrap();
    limited(async {
        for n in 0..40 {
            warm(&cache, n).await;
        }
        for round in 0..3 {
            proxy.set(Fault::Delay(Duration::from_millis(90)));
            // All late; each call computes its own value.
            let late: Vec<_> = (0..20).map(|n| hits(&cache, n)).collect();
            futures_util::future::join_all(late).await;
            proxy.set(Fault::None);
            // The late replies arrive among these; `hits` checks every value.
            let mut served = 0;
            let begun = std::time::Instant::now();
            while served < 40 {
                for n in 20..40 {
                    served += usize::from(hits(&cache, n).await);
                }
                assert!(begun.elapsed() < DEADLINE, "no hits in round {round}");
                tokio::task::yield_now().await;
            }
        }
    })
    .await;
}

/// What the GET has used up is not there for the SET.
#[tokio::test]
async fn the_commands_of_a_call_have_one_budget() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = builder_at(&proxy.url()).timeout(Duration::from_millis(500)).build().unwrap();
    limited(async {
        warm(&cache, 1).await;
        // Enough for either of the two, and not for both.
        proxy.set(Fault::Delay(Duration::from_millis(400)));
        computes(&cache, 2).await;
        assert!(!is_stored(&server, "t:n:2"), "with a budget for each it would be stored");
        proxy.set(Fault::None);
        recovers(&cache, 3).await;
    })
    .await;
}

/// The time that the body takes is its own: after a slow body the value is stored.
#[tokio::test]
async fn the_body_is_not_in_the_budget() {
    #[redis_cache(ttl = 60, key = "slow:{n}")]
    async fn slow(n: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(60)).await; // longer than the budget
        n
    }
    let server = RedisServer::start();
    let cache = builder_at(&server.url()).timeout(Duration::from_millis(50)).build().unwrap();
    limited(async {
        warm(&cache, 1).await;
        // A budget this small can be missed by chance on a busy machine; never for long.
        eventually(DEADLINE, || async {
            let (_, observed, _) = called(&cache, slow(1)).await;
            observed.hits == 1
        })
        .await;
    })
    .await;
}
