//! Calls that find nothing in memory at the same time: one of them asks Redis, for all.

use super::*;
use cache_tests::Scene;
use futures_util::future::join_all;
use futures_util::{join, poll};
use std::pin::pin;

const CALLERS: usize = 100;

/// What `calls` of an id come to that the other process has stored, and how often `one` asks Redis by the
/// connection that tracks. Once more where a connection was lost meanwhile: then all is read anew.
async fn asked<T>(scene: &Scene, calls: impl AsyncFn(u64) -> T) -> (T, u64) {
    let Scene { server, one, other, world } = scene;
    // A connection that is made meanwhile would ask as well.
    for cache in [one, other] {
        kept_item(cache, world).await;
    }
    let drops = async || join!(drops_of(one), drops_of(other));
    for id in 100..200 {
        other.scope(item(world, id)).await;
        let (before, asked) = (drops().await, server.calls("multi"));
        let values = calls(id).await;
        let asked = server.calls("multi") - asked;
        if drops().await == before {
            return (values, asked);
        }
    }
    panic!("it is lost each time")
}

async fn drops_of(cache: &Cache) -> u64 {
    cache.stats().await.process.l1.unwrap().drops
}

#[tokio::test]
async fn a_hundred_calls_of_a_key_ask_once() {
    let scene = Scene::start();
    let Scene { server, one, world, .. } = &scene;
    let (values, asked) = asked(&scene, async |id| {
        server.stop();
        let mut calls = pin!(join_all((0..CALLERS).map(|_| looked(one, item(world, id)))));
        assert!(poll!(calls.as_mut()).is_pending(), "nobody has answered");
        server.cont();
        let values = calls.await;
        (values, looked(one, item(world, id)).await)
    })
    .await;
    assert_eq!(asked, 1);
    let (values, (_, then)) = values;
    assert!(values.iter().all(|(value, memory)| **value == 1 && !memory));
    assert!(then, "one of them has kept it");
}

#[tokio::test]
async fn who_comes_after_an_invalidation_waits_for_nobody_from_before() {
    let scene = Scene::start();
    let Scene { server, one, world, .. } = &scene;
    let (_, asked) = asked(&scene, async |id| {
        let key = format!("item:{id}");
        server.stop();
        let (mut before, mut change) =
            (pin!(looked(one, item(world, id))), pin!(one.invalidate(&key)));
        assert!(poll!(before.as_mut()).is_pending());
        // It knows of it before Redis does.
        assert!(poll!(change.as_mut()).is_pending());
        let mut after = pin!(looked(one, item(world, id)));
        assert!(poll!(after.as_mut()).is_pending());
        server.cont();
        let (_, changed, _) = join!(before, change, after);
        changed.unwrap();
    })
    .await;
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn nobody_waits_for_a_call_that_was_dropped() {
    let scene = Scene::start();
    let Scene { server, one, world, .. } = &scene;
    let (value, asked) = asked(&scene, async |id| {
        server.stop();
        let mut first = Box::pin(looked(one, item(world, id)));
        assert!(poll!(first.as_mut()).is_pending());
        let mut second = pin!(looked(one, item(world, id)));
        assert!(poll!(second.as_mut()).is_pending());
        drop(first);
        server.cont();
        second.await
    })
    .await;
    assert_eq!((*value.0, asked), (1, 1));
}
