//! A computation that ends without a value to be stored: who waited for it in other processes
//! computes at once, and waits for no other.

use super::*;
use cache_tests::{
    DEADLINE, Fault, FaultProxy, RedisServer, builder_at, eventually, is_leased, limited,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A value of which a part does not come back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Changed {
    version: u64,
    #[serde(skip)]
    lost: u64,
}

#[redis_cache(ttl = 60, key = "failing:{id}")]
async fn failing(world: &World, id: u64) -> Result<u64, String> {
    assert!(id > 0);
    world.try_read().await
}

#[redis_cache(ttl = 60, key = "windowed:{id}", stale_if_error = 60)]
async fn windowed(world: &World, id: u64) -> Result<u64, String> {
    assert!(id > 0);
    world.try_read().await
}

#[redis_cache(ttl = 60, key = "tagged:{id}", tags = ["group:{id}"])]
async fn tagged(world: &World, id: u64) -> Result<u64, String> {
    assert!(id > 0);
    world.try_read().await
}

#[redis_cache(ttl = 60, key = "absent:{id}")]
async fn absent(world: &World, id: u64) -> Option<u64> {
    assert!(id > 0);
    world.read().await;
    None
}

#[redis_cache(ttl = 60, key = "unfit:{id}", cache_if = |version| *version > 9)]
async fn unfit(world: &World, id: u64) -> u64 {
    assert!(id > 0);
    world.read().await
}

#[redis_cache(ttl = 60, key = "changed:{id}")]
async fn changed(world: &World, id: u64) -> Changed {
    assert!(id > 0);
    Changed { version: world.read().await, lost: 7 }
}

#[redis_cache(ttl = 60, key = "large:{id}", max_size = "10B")]
async fn large(world: &World, id: u64) -> String {
    assert!(id > 0);
    format!("{:0>20}", world.read().await)
}

#[redis_cache(ttl = 60, key = "listed:{id}", batch = "ids")]
async fn listed(world: &World, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
    let version = world.try_read().await?;
    Ok(ids.iter().map(|id| (*id, version)).collect())
}

/// Processes by the users that they are on the server, each with a network of its own.
struct Processes {
    server: RedisServer,
    one: Cache,
    others: [(Cache, FaultProxy); 2],
    world: World,
}

impl Processes {
    async fn start() -> Self {
        let server = ["one", "two", "three"]
            .iter()
            .fold(RedisServer::builder(), |builder, user| builder.acl_user(user, "on >pw ~* +@all"))
            .start();
        let one = connected("one", &server.address()).await;
        let other = async |user| {
            let proxy = FaultProxy::start(server.port());
            (connected(user, &format!("127.0.0.1:{}", proxy.port())).await, proxy)
        };
        let others = [other("two").await, other("three").await];
        Self { server, one, others, world: World::default() }
    }

    /// All of the others, which have just begun to ask, have been refused the lease: they ask again and
    /// again. A look, and the first request for a lease, of two keys at the most, are fewer pieces.
    async fn refused(&self, begun: [usize; 2]) {
        for ((_, proxy), begun) in self.others.iter().zip(begun) {
            eventually(DEADLINE, async || proxy.asked() >= begun + 8).await;
        }
    }

    /// How much the others have asked.
    fn asked(&self) -> [usize; 2] {
        self.others.each_ref().map(|(_, proxy)| proxy.asked())
    }

    /// Who was refused has asked again several times, and no further body has begun.
    async fn still_wait(&self, bodies: u64) {
        let asked = self.server.calls("evalsha");
        eventually(DEADLINE, async || self.server.calls("evalsha") > asked + 5).await;
        assert_eq!(self.world.readers(), bodies);
    }

    fn spawn<F>(&self, call: &impl Fn(Cache, World) -> F, cache: &Cache) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        tokio::spawn(call(cache.clone(), self.world.clone()))
    }
}

/// A process whose scripts the server knows.
async fn connected(user: &str, address: &str) -> Cache {
    let cache = builder_at(&format!("redis://{user}:pw@{address}")).build().unwrap();
    let open = World::default();
    cache.scope(failing(&open, 99)).await.unwrap();
    cache.scope(windowed(&open, 99)).await.unwrap();
    cache.scope(tagged(&open, 99)).await.unwrap();
    cache.scope(absent(&open, 99)).await;
    cache.ping().await.unwrap();
    cache
}

/// Runs `call` in three processes, of which the first one leads, and lets its body end alone. Then
/// once more, where that process has the lease again before the others ask.
async fn side_by_side<F>(call: impl Fn(Cache, World) -> F)
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    for again in [false, true] {
        let processes = Processes::start().await;
        let Processes { server, one, others, world } = &processes;
        world.fails(true);
        world.reading.close();
        let leader = processes.spawn(&call, one);
        world.reading.reached(1).await;
        let begun = processes.asked();
        let mut calls: Vec<_> =
            others.iter().map(|(cache, _)| processes.spawn(&call, cache)).collect();
        processes.refused(begun).await;
        assert_eq!(world.readers(), 1, "they wait");
        if again {
            others.iter().for_each(|(_, proxy)| proxy.set(Fault::Stall));
            server.command::<()>(&["PING"]); // behind what they have asked for
        }
        world.reading.let_one();
        leader.await.unwrap();
        if again {
            calls.push(processes.spawn(&call, one));
            world.reading.reached(2).await;
            others.iter().for_each(|(_, proxy)| proxy.set(Fault::None));
        }
        // And none of these has ended.
        world.reading.reached(if again { 4 } else { 3 }).await;
        world.reading.open();
        for call in calls {
            call.await.unwrap();
        }
    }
}

#[tokio::test]
async fn after_a_failure_they_compute_side_by_side() {
    limited(side_by_side(|cache, world| async move {
        cache.scope(failing(&world, 7)).await.unwrap_err();
    }))
    .await;
}

#[tokio::test]
async fn with_stale_windows_and_with_tags_too() {
    limited(side_by_side(|cache, world| async move {
        cache.scope(windowed(&world, 7)).await.unwrap_err();
    }))
    .await;
    limited(side_by_side(|cache, world| async move {
        cache.scope(tagged(&world, 7)).await.unwrap_err();
    }))
    .await;
}

#[tokio::test]
async fn after_a_value_that_is_not_stored() {
    limited(side_by_side(|cache, world| async move {
        assert_eq!(cache.scope(absent(&world, 7)).await, None);
    }))
    .await;
    limited(side_by_side(|cache, world| async move {
        cache.scope(unfit(&world, 7)).await;
    }))
    .await;
    limited(side_by_side(|cache, world| async move {
        assert_eq!(cache.scope(changed(&world, 7)).await.lost, 7);
    }))
    .await;
    limited(side_by_side(|cache, world| async move {
        cache.scope(large(&world, 7)).await;
    }))
    .await;
}

#[tokio::test]
async fn after_the_failure_of_a_batch() {
    limited(side_by_side(|cache, world| async move {
        cache.scope(listed(&world, &[7, 8])).await.unwrap_err();
    }))
    .await;
}

/// Of who is cancelled nobody knows what it would have come to: one takes over, the others wait.
#[tokio::test]
async fn after_a_cancelled_call_one_takes_over() {
    let processes = Processes::start().await;
    let Processes { one, others, world, .. } = &processes;
    world.reading.close();
    let leader = call(one, world, 7);
    world.reading.reached(1).await;
    let begun = processes.asked();
    let waiting = others.each_ref().map(|(cache, _)| call(cache, world, 7));
    processes.refused(begun).await;
    leader.abort();
    world.reading.reached(2).await;
    processes.still_wait(2).await;
    world.reading.open();
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), 1);
    }
    assert_eq!(world.readers(), 2);
}

/// What had ended before they came is no reason.
#[tokio::test]
async fn after_an_old_failure_they_wait() {
    let processes = Processes::start().await;
    let Processes { server, one, others, world } = &processes;
    world.fails(true);
    one.scope(failing(world, 7)).await.unwrap_err();
    let mark = "t:~ended:{t:failing:7}";
    eventually(DEADLINE, async || server.command(&["PERSIST", mark])).await;
    world.fails(false);
    world.reading.close();
    let call = |cache: Cache, world: World| async move { cache.scope(failing(&world, 7)).await };
    let leader = processes.spawn(&call, one);
    world.reading.reached(2).await;
    assert!(is_leased(server, "t:failing:7"));
    let begun = processes.asked();
    let waiting = others.each_ref().map(|(cache, _)| processes.spawn(&call, cache));
    processes.refused(begun).await;
    processes.still_wait(2).await;
    world.reading.open();
    assert_eq!(leader.await.unwrap(), Ok(1));
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Ok(1));
    }
    assert_eq!(world.readers(), 2);
}

#[tokio::test]
async fn a_value_leaves_no_mark() {
    let Processes { server, one, world, .. } = Processes::start().await;
    one.scope(failing(&world, 7)).await.unwrap();
    one.scope(tagged(&world, 7)).await.unwrap();
    let marks: Vec<String> = server.command(&["KEYS", "t:~ended:*7*"]);
    assert_eq!(marks, [""; 0]);
}
