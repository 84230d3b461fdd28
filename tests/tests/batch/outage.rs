//! With Redis in trouble the body runs once, for all members, and its result is returned.

use super::*;
use cache_runtime::Cache;
use cache_tests::{
    DEADLINE, Fault, FaultProxy, RedisServer, builder_at, cache_at, eventually, is_stored, keys,
    limited, waited,
};
use std::time::Duration;

/// One call whose body runs once, for all of `ids`.
async fn computes(cache: &Cache, ids: &[u64]) {
    let table = Table::new();
    assert_eq!(cache.scope(rows(&table, ids)).await, Ok(at(1, ids)));
    let mut all = ids.to_vec();
    all.sort_unstable();
    assert_eq!(table.asked(), [all]);
}

/// All of `ids` are there for good.
async fn warm(cache: &Cache, ids: &[u64]) {
    eventually(DEADLINE, || async {
        let table = Table::new();
        assert_eq!(cache.scope(rows(&table, ids)).await, Ok(at(1, ids)));
        table.asked().is_empty()
    })
    .await;
}

#[tokio::test]
async fn redis_down_and_back() {
    let mut server = RedisServer::start();
    let cache = cache_at(&server.url());
    limited(async {
        warm(&cache, &[1, 2]).await;
        server.kill();
        for _ in 0..3 {
            computes(&cache, &[1, 2, 3]).await;
        }
        server.restart();
        warm(&cache, &[1, 2, 3]).await;
    })
    .await;
}

/// However many members there are, and whichever command it is that hangs, they have one budget.
#[tokio::test]
async fn redis_hangs() {
    let server = RedisServer::start();
    let budget = Duration::from_millis(250);
    let ids: Vec<u64> = (0..300).collect();
    limited(async {
        let cache = builder_at(&server.url()).timeout(budget).build().unwrap();
        warm(&cache, &[1]).await;
        server.stop();
        let ((), took) = waited(computes(&cache, &ids)).await;
        assert!((budget..budget * 11 / 10).contains(&took), "it waited for {took:?}");
        server.cont();
    })
    .await;
}

#[tokio::test]
async fn redis_hangs_when_the_values_are_to_be_stored() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let budget = Duration::from_millis(250);
    limited(async {
        let cache = builder_at(&proxy.url()).timeout(budget).build().unwrap();
        warm(&cache, &[1]).await;
        let table = Table::closed();
        let (own, held) = (cache.clone(), table.clone());
        let call = tokio::spawn(async move { own.scope(rows(&held, &[2, 3, 4])).await });
        table.gate().holds_one().await;
        proxy.set(Fault::Stall);
        table.gate().open();
        let (found, took) = waited(call).await;
        assert_eq!(found.unwrap(), Ok(at(1, &[2, 3, 4])));
        assert!(took <= budget * 11 / 10, "it waited for {took:?}");
        assert_eq!(table.asked(), [[2, 3, 4]]);
    })
    .await;
}

#[tokio::test]
async fn read_only() {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    limited(async {
        warm(&cache_at(&primary.url()), &[1]).await;
        replica.replica_of(Some(&primary));
        eventually(DEADLINE, || async { is_stored(&replica, "t:row:1") }).await;
        let (cache, table) = (cache_at(&replica.url()), Table::new());
        for _ in 0..2 {
            assert_eq!(cache.scope(rows(&table, &[1, 2, 3])).await, Ok(at(1, &[1, 2, 3])));
        }
        assert_eq!(table.asked(), [[2, 3], [2, 3]], "what is there is served");
    })
    .await;
}

/// What one key holds is no trouble of the others.
#[tokio::test]
async fn a_list_under_one_key() {
    let server = RedisServer::start();
    let (cache, table) = (cache_at(&server.url()), Table::new());
    server.command::<()>(&["LPUSH", "t:row:2", "x"]);
    limited(async {
        for _ in 0..2 {
            assert_eq!(cache.scope(rows(&table, &[1, 2, 3])).await, Ok(at(1, &[1, 2, 3])));
        }
    })
    .await;
    assert_eq!(table.asked(), [vec![1, 2, 3], vec![2]]);
    assert_eq!(keys(&server), ["t:row:1", "t:row:2", "t:row:3"]);
}

#[tokio::test]
async fn garbage_under_one_key_is_replaced() {
    let server = RedisServer::start();
    let (cache, table) = (cache_at(&server.url()), Table::new());
    server.command::<()>(&["SET", "t:row:2", "no number"]);
    limited(async {
        for _ in 0..2 {
            assert_eq!(cache.scope(rows(&table, &[1, 2, 3])).await, Ok(at(1, &[1, 2, 3])));
        }
    })
    .await;
    assert_eq!(table.asked(), [[1, 2, 3]]);
}

/// An invalidation that waits for Redis: this process does not read that key, and the others it does.
#[tokio::test]
async fn a_member_that_waits_to_be_invalidated_is_computed() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = cache_at(&proxy.url());
    limited(async {
        warm(&cache, &[1, 2]).await;
        proxy.set(Fault::Drop);
        cache.scope(write(1)).await;
        computes(&cache, &[1, 2]).await;
        proxy.set(Fault::None);
        eventually(DEADLINE, || async {
            let table = Table::new();
            table.changes();
            let found = cache.scope(rows(&table, &[1, 2])).await.unwrap();
            found == HashMap::from([(1, 12), (2, 21)])
        })
        .await;
    })
    .await;
}

#[cache_runtime::redis_invalidate(rows(id))]
async fn write(id: u64) {
    let _ = id;
}
