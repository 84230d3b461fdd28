//! The tag is invalidated while a value is being computed that will have it.

use super::*;
use cache_tests::{Scene, in_memory, limited, moved};

/// By one process, of what it or the other computes.
async fn invalidated(computes: &Cache, invalidates: &Cache) {
    limited(async {
        let world = World::default();
        world.reading.close();
        let old = spawn_read(computes, &world, 7, 1);
        world.reading.reached(1).await;
        world.changes();
        invalidates.invalidate_tag("org:7").await.unwrap();
        // Who comes now must not be given what was begun before.
        let new = spawn_read(invalidates, &world, 7, 1);
        if computes.stats().await.prefix == invalidates.stats().await.prefix {
            world.reading.open();
        }
        assert_eq!(soon(old).await, 1, "its caller has its value");
        assert_eq!(soon(new).await, 2);
        assert_eq!(read(computes, &world, 7, 1).await, 2);
        assert_eq!(read(invalidates, &world, 7, 1).await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_being_computed_does_not_survive() {
    let Scene { server, one, other, .. } = Scene::start();
    for (computes, invalidates) in [(&one, &one), (&one, &other)] {
        invalidated(computes, invalidates).await;
        server.command::<()>(&["FLUSHALL"]);
    }
    let memory = in_memory();
    invalidated(&memory, &memory).await;
}

/// The lease knows nothing of tags, and so neither does the fill: the store acknowledges it.
#[tokio::test]
async fn who_joins_after_the_invalidation_is_not_handed_what_began_before_it() {
    let Scene { server, one, other, world } = Scene::start();
    world.reading.close();
    let old = spawn_read(&one, &world, 7, 1);
    world.reading.reached(1).await;
    world.changes();
    other.invalidate_tag("org:7").await.unwrap();
    // It waits for the flight of its process, which heard nothing.
    let late = spawn_read(&one, &world, 7, 1);
    looked(&server, &one, 2).await;
    world.reading.open();
    assert_eq!((soon(old).await, soon(late).await), (1, 2));
    assert_eq!(world.readers(), 2);
}

#[tokio::test]
async fn those_who_wait_for_an_untouched_tag_have_one_body() {
    let Scene { one, world, server: _server, .. } = Scene::start();
    world.reading.close();
    let calls: Vec<_> = (0..50).map(|_| spawn_read(&one, &world, 7, 1)).collect();
    world.reading.reached(1).await;
    world.reading.open();
    for call in calls {
        assert_eq!(soon(call).await, 1);
    }
    assert_eq!(world.readers(), 1);
}

/// A refresh in the background began before the invalidation, and ends after it.
#[tokio::test]
async fn a_refresh_behind_does_not_survive() {
    let ((clock, cache), world) = (moved(), World::default());
    let call = || cache.scope(report(world.clone(), 7));
    assert_eq!(call().await, Ok(1));
    clock.advance(PAST_TTL);
    world.reading.close();
    assert_eq!(call().await, Ok(1), "stale, and refreshed behind");
    world.reading.reached(2).await;
    world.changes();
    cache.invalidate_tag("org:7").await.unwrap();
    world.reading.open();
    assert!(cache.shutdown().await, "the refresh has ended");
    assert_eq!(call().await, Ok(2), "neither the stale value nor the refreshed one is left");
}

/// The stale value itself was invalidated: it does not stand in for a failure either.
#[tokio::test]
async fn an_invalidated_value_is_no_fallback() {
    let ((clock, cache), world) = (moved(), World::default());
    let call = || cache.scope(report(world.clone(), 7));
    assert_eq!(call().await, Ok(1));
    cache.invalidate_tag("org:7").await.unwrap();
    world.fails(true);
    assert_eq!(call().await, Err("down".to_owned()));
    clock.advance(PAST_TTL);
    assert_eq!(call().await, Err("down".to_owned()));
}

/// Of all that are computed, those with the tag are old.
#[tokio::test]
async fn another_tag_invalidated() {
    let Scene { server: _server, one, other, world } = Scene::start();
    world.reading.close();
    let call = spawn_read(&one, &world, 7, 1);
    world.reading.reached(1).await;
    one.invalidate_tag("org:8").await.unwrap();
    other.invalidate_tag("org:70").await.unwrap();
    world.reading.open();
    soon(call).await;
    assert_eq!(kept(&other, 7, 1).await, Some(1));
}

/// A writer's tag is invalidated when it has ended, however it ends.
#[tokio::test]
async fn a_writer_invalidates_its_tags() {
    let Scene { server: _server, one, other, world } = Scene::start();
    for page in [1, 2] {
        assert_eq!(read(&one, &world, 7, page).await, 1);
    }
    assert_eq!(other.scope(role(&world, 7, "ada")).await, Ok(1));
    assert_eq!(other.scope(write(&world, 7)).await, 2);
    for page in [1, 2] {
        assert_eq!(read(&one, &world, 7, page).await, 2);
    }
    assert_eq!(one.scope(role(&world, 7, "ada")).await, Ok(2));
    one.invalidate_tag("user:ada").await.unwrap();
    world.changes();
    assert_eq!(other.scope(role(&world, 7, "ada")).await, Ok(3));
    assert_eq!(read(&one, &world, 7, 1).await, 2, "that is of the organisation alone");
}

#[tokio::test]
async fn a_dropped_writer_invalidates_too() {
    let Scene { one, world, server: _server, .. } = Scene::start();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    world.writing.close();
    let writer = cache_tests::polled(1, one.scope(write(&world, 7)));
    assert_eq!(writer.await, None, "it has committed and not returned");
    assert_eq!(read(&one, &world, 7, 1).await, 2);
}

#[tokio::test]
async fn a_deferral_invalidates_at_its_end() {
    let Scene { server: _server, one, other, world } = Scene::start();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    let deferred = cache_runtime::defer_invalidations(async {
        write(&world, 7).await;
        assert_eq!(kept(&one, 7, 1).await, Some(1), "not committed yet");
    });
    one.scope(deferred).await;
    assert_eq!(kept(&other, 7, 1).await, None);
    assert_eq!(read(&other, &world, 7, 1).await, 2);
}
