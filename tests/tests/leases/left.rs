//! Leases that nobody will give back: one's own, whose connection has died, and what others have
//! written in the place of one.

use super::*;
use cache_tests::{
    DEADLINE, Fault, FaultProxy, RedisServer, builder_at, cache_at, called, eventually, is_leased,
    is_stored, lease, limited, make_lease_last, moved,
};

/// Nobody waits for the lease, which does not run out, and the value is stored under a new one.
async fn is_taken_at_once(cache: &Cache, server: &RedisServer) {
    assert!(is_leased(server, KEY));
    let (_, observed, took) = called(cache, item(&World::default(), 7)).await;
    assert_eq!(observed.misses, 1);
    assert!(took < DEADLINE / 6, "it waited: {took:?}"); // a wait is of ten seconds
    assert!(is_stored(server, KEY) && !is_leased(server, KEY));
}

#[tokio::test]
async fn ones_own_is_taken_again_after_its_connection_has_died() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let cache = cache_at(&proxy.url());
    limited(async {
        let world = held();
        let call = call(&cache, &world, 7);
        world.reading.reached(1).await;
        make_lease_last(&server, KEY);
        proxy.set(Fault::Drop);
        world.reading.open();
        call.await.unwrap();
        assert!(!is_stored(&server, KEY), "it could not be stored");
        proxy.set(Fault::None);
        eventually(DEADLINE, || async { cache.ping().await.is_ok() }).await;
        make_lease_last(&server, KEY);
        is_taken_at_once(&cache, &server).await;
    })
    .await;
}

#[tokio::test]
async fn one_that_was_perhaps_given_is_taken() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    // It is waited for until then, and no longer.
    let cache = builder_at(&proxy.url()).timeout(DEADLINE / 10).build().unwrap();
    limited(async {
        // The look is answered, and the lease is given by an answer that never arrives.
        called(&cache, item(&World::default(), 1)).await;
        proxy.set(Fault::BlackHole);
        let (store, world) = (cache.clone(), World::default());
        let call = tokio::spawn(async move {
            let refreshed = cache_runtime::refresh(item(&world, 7));
            store.scope(refreshed).await
        });
        eventually(DEADLINE, || async { is_leased(&server, KEY) }).await;
        make_lease_last(&server, KEY);
        call.await.unwrap();
        proxy.set(Fault::None);
        eventually(DEADLINE, || async { cache.ping().await.is_ok() }).await;
        is_taken_at_once(&cache, &server).await;
    })
    .await;
}

#[tokio::test]
async fn what_has_no_end_or_is_no_lease_is_taken() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let lease = lease(KEY);
    limited(async {
        for foreign in [
            &["SET", &lease, "x"][..],
            &["SET", &lease, "x", "EX", "86400"],
            &["RPUSH", &lease, "x", "y"],
            &["HSET", &lease, "x", "y"],
        ] {
            server.command::<redis::Value>(foreign);
            is_taken_at_once(&cache, &server).await;
            server.command::<()>(&["DEL", KEY]);
        }
    })
    .await;
}

/// One list among the leases that are renewed by one message keeps none of the others from it.
#[tokio::test]
async fn what_becomes_a_list_harms_no_other_lease() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    limited(async {
        let world = held();
        let calls = [7, 8].map(|id| call(&cache, &world, id));
        world.reading.reached(2).await;
        server.command::<()>(&["DEL", &lease(KEY)]);
        server.command::<()>(&["RPUSH", &lease(KEY), "x"]);
        // Not for long, but it is renewed before it ends.
        let other = lease("t:item:8");
        server.command::<()>(&["PEXPIRE", &other, "1500"]);
        let renewed = || async { server.command::<i64>(&["PTTL", &other]) > 1_500 };
        eventually(DEADLINE, renewed).await;
        world.reading.open();
        for call in calls {
            call.await.unwrap();
        }
        assert!(!is_stored(&server, KEY) && is_stored(&server, "t:item:8"));
    })
    .await;
}

/// The same in memory, where nobody else writes: a call that is dropped without a runtime to give
/// its lease back in.
#[test]
fn ones_own_is_taken_again_in_memory() {
    let (_clock, cache) = moved(); // stands still, so that no lease runs out
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = held();
    let started = runtime();
    let left = call_on(&started, &cache, &world);
    drop(started); // with all its tasks
    drop(left);
    world.reading.open();
    let (_, observed, took) = runtime().block_on(limited(called(&cache, item(&world, 7))));
    assert_eq!(observed.misses, 1);
    assert!(took < DEADLINE / 6, "it waited: {took:?}");
}

/// A call that has begun its body on `runtime`.
fn call_on(runtime: &tokio::runtime::Runtime, cache: &Cache, world: &World) -> JoinHandle<u64> {
    let _inside = runtime.enter();
    let call = call(cache, world, 7);
    runtime.block_on(world.reading.reached(1));
    call
}
