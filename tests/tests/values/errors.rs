//! `err_ttl`: errors that are stored, for a short time, and never in the place of a value.

use cache_runtime::{Cache, redis_cache, redis_invalidate, refresh};
use cache_tests::{
    DEADLINE, RedisServer, Scene, World, all_given_back, cache_at, called, eventually, is_stored,
    limited, lives_for, moved, stored,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// No `Clone`: those who wait for it get it by its bytes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Missing {
    Nobody { id: u64 },
    Strange(f64),
}

#[redis_cache(ttl = 60, key = "who:{id}", err_ttl = "5s")]
async fn who(world: &World, id: u64) -> Result<Option<u64>, Missing> {
    match world.try_read().await {
        Ok(version) => Ok(Some(version)),
        Err(_) if id == 0 => Err(Missing::Strange(f64::NAN)),
        Err(_) => Err(Missing::Nobody { id }),
    }
}

/// The same without the option.
#[redis_cache(ttl = 60, key = "who:{id}")]
async fn plainly(world: &World, id: u64) -> Result<Option<u64>, String> {
    let _ = id;
    world.try_read().await.map(Some)
}

#[redis_invalidate(who(id))]
async fn change(world: &World, id: u64) -> u64 {
    let _ = id;
    world.changes()
}

#[redis_cache(ttl = 10, key = "stale:{id}", err_ttl = 5, stale_if_error = 60)]
async fn stale(world: &World, id: u64) -> Result<u64, String> {
    let _ = id;
    world.try_read().await
}

fn failing() -> World {
    let world = World::default();
    world.fails(true);
    world
}

const KEY: &str = "t:who:7";

/// Who has failed goes on while the error is stored behind.
async fn is_there(server: &RedisServer, key: &str) {
    eventually(DEADLINE, || async { is_stored(server, key) }).await;
}

async fn ask(cache: &Cache, world: &World, id: u64) -> (Result<Option<u64>, Missing>, u64) {
    let (result, observed, _) = called(cache, who(world, id)).await;
    (result, observed.hits)
}

#[tokio::test]
async fn are_served_by_every_process_for_their_time() {
    limited(async {
        let Scene { server, one, other, .. } = Scene::start();
        let world = failing();
        let begun = Instant::now();
        assert_eq!(ask(&one, &world, 7).await, (Err(Missing::Nobody { id: 7 }), 0));
        is_there(&server, KEY).await;
        assert!(lives_for(&server, KEY, Duration::from_secs(5), begun));
        let raw: Vec<u8> = server.command(&["GET", KEY]);
        assert_eq!(raw, b"\xFFrch\x02\x00\x03\x84\x00\x00{\"Nobody\":{\"id\":7}}");
        for cache in [&one, &other] {
            assert_eq!(ask(cache, &world, 7).await, (Err(Missing::Nobody { id: 7 }), 1));
            let entry = cache.scope(async { who_entry(7) }).await;
            assert_eq!(entry.get().await.unwrap(), Some(Err(Missing::Nobody { id: 7 })));
        }
        assert_eq!(world.readers(), 1);

        // When it is over, it is over.
        server.command::<()>(&["DEL", KEY]);
        world.fails(false);
        assert_eq!(ask(&other, &world, 7).await, (Ok(Some(1)), 0));
        assert_eq!(stored(&server, KEY).as_deref(), Some("1"), "as plain as ever");
    })
    .await;
}

#[tokio::test]
async fn are_no_value_for_a_function_without_the_option() {
    limited(async {
        let Scene { server, one, .. } = Scene::start();
        let world = failing();
        ask(&one, &world, 7).await.0.unwrap_err();
        is_there(&server, KEY).await;
        world.fails(false);
        let (value, observed, _) = called(&one, plainly(&world, 7)).await;
        assert_eq!((value, observed.misses), (Ok(Some(1)), 1));
        assert_eq!(stored(&server, KEY).as_deref(), Some("1"), "it is replaced");
        let entry = one.scope(async { plainly_entry(7) }).await;
        assert_eq!(entry.get().await.unwrap(), Some(Ok(Some(1))));
    })
    .await;
}

/// All of them, though it is no `Clone`.
#[tokio::test]
async fn are_shared_with_whoever_waits() {
    limited(async {
        let Scene { server: _server, one, other, .. } = Scene::start();
        let world = failing();
        world.reading.close();
        let calls = [&one, &one, &other].map(|cache| {
            let (cache, world) = (cache.clone(), world.clone());
            tokio::spawn(async move { cache.scope(who(&world, 7)).await })
        });
        world.reading.reached(1).await;
        world.reading.open();
        for call in calls {
            assert_eq!(call.await.unwrap(), Err(Missing::Nobody { id: 7 }));
        }
        assert_eq!(world.readers(), 1);
    })
    .await;
}

#[tokio::test]
async fn are_not_stored_once_their_key_was_invalidated() {
    limited(async {
        let Scene { server, one, other, .. } = Scene::start();
        let world = failing();
        world.reading.close();
        let call = {
            let (cache, world) = (one.clone(), world.clone());
            tokio::spawn(async move { cache.scope(who(&world, 7)).await })
        };
        world.reading.reached(1).await;
        other.scope(change(&world, 7)).await;
        world.reading.open();
        call.await.unwrap().unwrap_err();
        all_given_back(&server).await;
        world.fails(false);
        assert_eq!(ask(&other, &world, 7).await, (Ok(Some(2)), 0));
    })
    .await;
}

#[tokio::test]
async fn never_replace_a_value_that_may_be_served() {
    limited(async {
        let ((clock, cache), world) = (moved(), World::default());
        assert_eq!(cache.scope(stale(&world, 7)).await, Ok(1));
        world.fails(true);
        clock.advance(Duration::from_secs(11));
        for _ in 0..2 {
            assert_eq!(cache.scope(stale(&world, 7)).await, Ok(1), "the old value");
        }
        // Beyond the window there is nothing to be spared.
        clock.advance(Duration::from_secs(60));
        for _ in 0..3 {
            assert_eq!(cache.scope(stale(&world, 7)).await, Err("down".to_owned()));
        }
        assert_eq!(world.readers(), 3);
        clock.advance(Duration::from_secs(6));
        world.fails(false);
        assert_eq!(cache.scope(stale(&world, 7)).await, Ok(1), "and it ends by itself");
    })
    .await;
}

#[tokio::test]
async fn of_a_refresh_by_hand_are_not_stored() {
    limited(async {
        let Scene { server, one, .. } = Scene::start();
        let world = World::default();
        assert_eq!(ask(&one, &world, 7).await, (Ok(Some(1)), 0));
        world.fails(true);
        one.scope(refresh(who(&world, 7))).await.unwrap_err();
        all_given_back(&server).await;
        assert_eq!(stored(&server, KEY).as_deref(), Some("1"));
        assert_eq!(ask(&one, &world, 7).await, (Ok(Some(1)), 1));
    })
    .await;
}

#[tokio::test]
async fn that_read_back_changed_are_not_stored() {
    limited(async {
        let server = RedisServer::start();
        let (cache, world) = (cache_at(&server.url()), failing());
        for _ in 0..2 {
            assert!(matches!(ask(&cache, &world, 0).await, (Err(Missing::Strange(_)), 0)));
        }
        all_given_back(&server).await;
        assert!(!is_stored(&server, "t:who:0"));
        assert_eq!(world.readers(), 2);
        assert_eq!(cache.stats().await.process.total.errors, 2);
    })
    .await;
}

#[redis_cache(ttl = 60, key = "arc:{id}", err_ttl = "5s", l1)]
async fn shared(world: &World, id: u64) -> Result<Arc<u64>, Missing> {
    world.try_read().await.map(Arc::new).map_err(|_| Missing::Nobody { id })
}

#[redis_cache(ttl = 60, key = "some:{id}", err_ttl = "5s")]
async fn some_text(world: &World, id: u64) -> Result<Option<Arc<str>>, Missing> {
    let read = world.try_read().await.map_err(|_| Missing::Nobody { id })?;
    Ok(Some(read.to_string().into()))
}

#[tokio::test]
async fn are_stored_beside_values_that_are_shared() {
    limited(async {
        let Scene { server, one, other, .. } = Scene::start();
        let world = failing();
        let nobody = Missing::Nobody { id: 7 };
        assert_eq!(one.scope(shared(&world, 7)).await.as_ref(), Err(&nobody));
        assert_eq!(one.scope(some_text(&world, 7)).await.as_ref(), Err(&nobody));
        for key in ["t:arc:7", "t:some:7"] {
            is_there(&server, key).await;
        }
        let before = world.readers();
        assert_eq!(other.scope(shared(&world, 7)).await.as_ref(), Err(&nobody));
        assert_eq!(other.scope(some_text(&world, 7)).await.as_ref(), Err(&nobody));
        assert_eq!(world.readers(), before, "they were there");
        world.fails(false);
        assert_eq!(one.scope(refresh(shared(&world, 7))).await, Ok(Arc::new(1)));
        assert_eq!(other.scope(shared(&world, 7)).await, Ok(Arc::new(1)));
    })
    .await;
}
