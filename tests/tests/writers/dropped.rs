//! Writers are dropped after each number of polls: wherever that is, nothing old is served.

use super::*;
use cache_tests::{Scene, given_back, polled};
use tokio::task::yield_now;

#[redis_put(item(id))]
async fn putting(world: &World, id: u64) -> u64 {
    yield_now().await;
    let version = world.commit().await;
    yield_now().await;
    version
}

#[redis_invalidate(item(id))]
async fn invalidating(world: &World, id: u64) -> u64 {
    yield_now().await;
    let version = world.commit().await;
    yield_now().await;
    version
}

macro_rules! dropped_at_each_poll {
    ($name:ident: $writer:ident) => {
        #[tokio::test]
        async fn $name() {
            let Scene { server, one, other, world } = Scene::start();
            for times in 0.. {
                let before = world.version();
                assert_eq!(read(&other, &world, 7).await, before);
                let written = polled(times, one.scope($writer(&world, 7))).await;
                let now = world.version();
                // Here from the moment of the drop; elsewhere once Redis has been told.
                assert_eq!(read(&one, &world, 7).await, now, "after {times} polls, here");
                replayed(&one).await;
                assert_eq!(read(&other, &world, 7).await, now, "after {times} polls, elsewhere");
                given_back(&server, &key(7)).await;
                if written.is_some() {
                    assert!(times > 2, "there were more places to be dropped at");
                    return;
                }
            }
        }
    };
}

dropped_at_each_poll!(a_put: putting);
dropped_at_each_poll!(an_invalidation: invalidating);
