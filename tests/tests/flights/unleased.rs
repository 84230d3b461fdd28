//! Redis answers, and no lease is to be had: what is computed is not stored, and nobody can say whether it was
//! invalidated meanwhile.

use super::*;
use cache_tests::{RedisServer, cache_at, eventually, limited};
use std::collections::HashMap;

#[redis_cache(ttl = 60, key = "held:{n}", max_size = "20b")]
async fn small(gate: &Gate, n: u64) -> u64 {
    gate.pass().await * 1000 + n
}

#[redis_cache(ttl = 60, key = "held:{n}", batch = "all")]
async fn many(gate: &Gate, all: &[u64]) -> HashMap<u64, u64> {
    let run = gate.pass().await;
    all.iter().map(|n| (*n, run * 1000 + n)).collect()
}

#[derive(Debug, Clone, Copy)]
enum Why {
    /// There is a list under the key.
    List,
    /// And it is a function of many keys.
    ListForMany,
    /// Redis is full.
    Full,
    /// A value is there that is longer than the function reads.
    TooLong,
}

fn begin(why: Why, cache: &Cache, gate: &Arc<Gate>) -> JoinHandle<u64> {
    let (cache, gate) = (cache.clone(), gate.clone());
    tokio::spawn(async move {
        let call = async {
            match why {
                Why::List | Why::Full => held(&gate, 7).await,
                Why::ListForMany => many(&gate, &[7]).await[&7],
                Why::TooLong => small(&gate, 7).await,
            }
        };
        cache.scope(call).await
    })
}

/// A call that comes after another process' invalidation does not get what was begun before it.
async fn who_comes_later_gets_what_is_computed_later(why: Why) {
    let server = RedisServer::start();
    let (one, other) = (cache_at(&server.url()), cache_at(&server.url()));
    limited(async {
        match why {
            Why::List | Why::ListForMany => {
                server.command::<()>(&["LPUSH", "t:held:7", "x"]);
            }
            Why::Full => {
                server.config_set("maxmemory-policy", "noeviction");
                server.config_set("maxmemory", "1");
            }
            Why::TooLong => {
                server.command::<()>(&["SET", "t:held:7", &"7".repeat(100)]);
            }
        }
        let gate = Arc::new(Gate::closed());
        let old = begin(why, &one, &gate);
        gate.holds_one().await;
        other.invalidate("held:7").await.unwrap();
        let asked = server.calls("get") + server.calls("mget");
        let late: Vec<_> = (0..8).map(|_| begin(why, &one, &gate)).collect();
        // Their answers may still be on the way: then they do not wait for the first one.
        let looked = || async { server.calls("get") + server.calls("mget") > asked };
        if !matches!(why, Why::TooLong) {
            eventually(DEADLINE, looked).await; // what is too long is remembered, and not asked for
        }
        settle().await;
        gate.open();
        assert_eq!(soon(old).await.unwrap(), 1007, "{why:?}: its caller has its value");
        for call in late {
            assert!(soon(call).await.unwrap() >= 2007, "{why:?}");
        }
    })
    .await;
}

/// Who waited in vain waits for one more body, and not for that of each other in turn: those who look again at
/// the same time come before the next body begins. On one thread, so that they all are woken before any goes on.
#[tokio::test]
async fn who_looks_again_shares_the_next_computation() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    limited(async {
        server.command::<()>(&["SET", "t:held:7", &"7".repeat(100)]);
        let gate = Arc::new(Gate::closed());
        let old = begin(Why::TooLong, &cache, &gate);
        gate.holds_one().await;
        let late: Vec<_> = (0..8).map(|_| begin(Why::TooLong, &cache, &gate)).collect();
        settle().await; // nothing is asked of Redis, which is known to have too long a value
        gate.open();
        assert_eq!(soon(old).await.unwrap(), 1007);
        for call in late {
            assert_eq!(soon(call).await.unwrap(), 2007);
        }
        assert_eq!(gate.runs.count(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_key_is_a_lists() {
    who_comes_later_gets_what_is_computed_later(Why::List).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_key_is_a_lists_in_a_batch() {
    who_comes_later_gets_what_is_computed_later(Why::ListForMany).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_redis_is_full() {
    who_comes_later_gets_what_is_computed_later(Why::Full).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_value_there_is_too_long() {
    who_comes_later_gets_what_is_computed_later(Why::TooLong).await;
}
