//! `defer_invalidations`: what writers inside changed is invalidated when the whole has ended.

use super::*;
use cache_runtime::defer_invalidations;
use cache_tests::{Scene, in_memory};

async fn key_count(cache: &Cache) -> u64 {
    cache.count_keys().await.unwrap()
}

#[tokio::test]
async fn sent_once_and_at_the_end() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;
    cache
        .scope(defer_invalidations(async {
            for _ in 0..3 {
                write(&world, 7, End::Ok).await.unwrap();
            }
            assert!(has_value(&server, 7), "not before the end");
        }))
        .await;
    assert!(!has_value(&server, 7), "before the caller sees the result");
    assert_eq!(server.calls("unlink"), 2, "one value, one lease");
    assert_eq!(read(&cache, &world, 7).await, 4);
}

#[tokio::test]
async fn an_inner_deferral_leaves_it_to_the_outer() {
    let (cache, world) = (in_memory(), World::default());
    read(&cache, &world, 7).await;
    cache
        .scope(defer_invalidations(async {
            defer_invalidations(async { write(&world, 7, End::Err).await }).await.unwrap_err();
            assert_eq!(key_count(&cache).await, 1);
        }))
        .await;
    assert_eq!(key_count(&cache).await, 0);
}

async fn ends_early(panics: bool) {
    let Scene { server: _server, one: cache, other, world } = Scene::start();
    read(&cache, &world, 7).await;
    let (inside, theirs) = (cache.clone(), world.clone());
    let work = async move {
        write(&theirs, 7, End::Ok).await.unwrap();
        theirs.writing.close();
        let end = if panics { End::Panic } else { End::Ok };
        write(&theirs, 8, end).await.unwrap();
    };
    let task = tokio::spawn(async move { inside.scope(defer_invalidations(work)).await });
    world.writing.reached(2).await;
    if panics {
        world.writing.open();
    } else {
        task.abort();
    }
    assert!(task.await.is_err());
    assert_eq!(read(&cache, &world, 7).await, 3);
    replayed(&cache).await;
    assert_eq!(read(&other, &world, 7).await, 3);
    let queued = cache.stats().await.journal.queued;
    assert_eq!(queued, 2, "the one that had ended, and the one that had begun");
}

#[tokio::test]
async fn dropped() {
    ends_early(false).await;
}

#[tokio::test]
async fn panicked() {
    ends_early(true).await;
}

#[tokio::test]
async fn too_many_keys_are_all_keys() {
    let (cache, world) = (in_memory(), World::default());
    for id in [7, 8] {
        read(&cache, &world, id).await;
    }
    cache
        .scope(defer_invalidations(async {
            for id in 0..10_001 {
                outage::touch(1_000 + id).await;
            }
        }))
        .await;
    world.becomes(2);
    assert_eq!(read(&cache, &world, 7).await, 2);
    eventually(DEADLINE, || async { !cache.stats().await.journal.everything }).await;
    assert_eq!(read(&cache, &world, 8).await, 2, "it was cleared");
}
