//! Each way in which a writer's body can end.

use super::*;
use cache_tests::{Repo, Scene, builder_at, cache_at, eventually_blocking, in_memory, limited};
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

#[tokio::test]
async fn with_a_value() {
    let Scene { server, one, other, world } = Scene::start();
    assert_eq!(read(&other, &world, 7).await, 1);

    assert_eq!(one.scope(write(&world, 7, End::Ok)).await, Ok(2));
    assert!(!has_value(&server, 7), "before the caller sees the result");
    assert_eq!(read(&other, &world, 7).await, 2);
}

#[tokio::test]
async fn with_an_error() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;

    assert!(cache.scope(write(&world, 7, End::Err)).await.is_err());
    assert!(!has_value(&server, 7), "before the caller sees the result");
    assert_eq!(read(&cache, &world, 7).await, 2);
}

#[tokio::test]
async fn with_a_panic() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;

    let panicked = spawn_write(&cache, &world, 7, End::Panic).await;
    assert!(panicked.unwrap_err().is_panic());
    eventually(DEADLINE, || async { !has_value(&server, 7) }).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

#[tokio::test]
async fn dropped_in_mid_body() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;

    world.writing.close();
    let aborted = spawn_write(&cache, &world, 7, End::Ok);
    world.writing.reached(1).await;
    aborted.abort();
    assert!(aborted.await.unwrap_err().is_cancelled());
    eventually(DEADLINE, || async { !has_value(&server, 7) }).await;
    assert_eq!(read(&cache, &world, 7).await, 2);
}

#[tokio::test]
async fn dropped_before_it_was_polled() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;

    drop(cache.scope(write(&world, 7, End::Ok)));
    let journal = cache.stats().await.journal;
    assert_eq!((journal.waiting, journal.queued), (0, 0));
    assert!(has_value(&server, 7));
}

#[tokio::test]
async fn the_key_is_taken_before_the_body_and_the_value_removed_after_it() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    read(&cache, &world, 7).await;

    world.writing.close();
    let writing = cache.scope(write(&world, 7, End::Ok));
    let mut writing = pin!(writing);
    poll_fn(|context| {
        assert!(writing.as_mut().poll(context).is_pending());
        Poll::Ready(())
    })
    .await;
    assert!(has_value(&server, 7), "not before the body has ended");
    world.writing.open();
    writing.await.unwrap();
    assert!(!has_value(&server, 7));
}

#[tokio::test]
async fn what_another_process_computes_meanwhile_is_never_stored_over_it() {
    let Scene { server: _server, one, other, world } = Scene::start();

    world.reading.close();
    let old = spawn_read(&other, &world, 7);
    world.reading.reached(1).await;
    one.scope(write(&world, 7, End::Ok)).await.unwrap();
    world.reading.open();
    assert_eq!(old.await.unwrap(), 1, "its caller gets what its body returned");
    for cache in [&one, &other] {
        assert_eq!(read(cache, &world, 7).await, 2);
    }
}

mod several {
    use super::*;

    trait Change {
        async fn change(&self, id: u64, name: String) -> String;
    }

    impl Change for Repo {
        #[redis_invalidate(self.stock(id), item(name.len() as u64), keys = ["name:{name:lower}"])]
        async fn change(&self, id: u64, name: String) -> String {
            format!("{name}{id}")
        }
    }

    #[redis_cache(key = "name:{name:lower}")]
    async fn named(name: &str) -> String {
        name.to_owned()
    }

    #[tokio::test]
    async fn keys_of_several_caches_and_templates() {
        let server = RedisServer::start();
        let own = builder_at(&server.url()).prefix("own").build().unwrap();
        let (cache, repo) = (cache_at(&server.url()), Repo::new("north", own.clone()));
        let world = World::default();
        let keys =
            || async { (own.count_keys().await.unwrap(), cache.count_keys().await.unwrap()) };

        repo.stock(1).await.unwrap();
        cache.scope(named("Ada")).await;
        cache.scope(named("Bob")).await;
        read(&cache, &world, 3).await;
        assert_eq!(keys().await, (1, 3));
        assert_eq!(cache.scope(repo.change(1, "ADA".to_owned())).await, "ADA1");
        assert_eq!(keys().await, (0, 1), "only what is named");
    }

    #[redis_invalidate(item(id), keys = ["name:bob"], cache = cache)]
    async fn elsewhere(cache: &Cache, id: u64) {
        let _ = cache;
    }

    #[tokio::test]
    async fn the_cache_of_the_attribute() {
        let (cache, world) = (in_memory(), World::default());
        cache.scope(named("Bob")).await;
        read(&cache, &world, 3).await;
        elsewhere(&cache, 3).await;
        assert_eq!(cache.count_keys().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_bypassed_write_is_one_all_the_same() {
    let (cache, world) = (in_memory(), World::default());
    read(&cache, &world, 7).await;
    limited(cache_runtime::bypass(cache.scope(write(&world, 7, End::Ok)))).await.unwrap();
    assert_eq!(read(&cache, &world, 7).await, 2);
}

#[redis_invalidate(item(id))]
fn write_plainly(id: u64, end: &End) -> Result<u64, &'static str> {
    match end {
        End::Ok => Ok(id),
        End::Err => Err("committed all the same"),
        End::Panic => panic!("on purpose"),
    }
}

#[test]
fn a_plain_function_however_it_ends() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for end in [End::Ok, End::Err, End::Panic] {
        let (ended, after) = runtime.block_on(cache.scope(async {
            item(&world, 7).await;
            assert!(has_value(&server, 7));
            let write = || write_plainly(7, &end);
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(write));
            (ended, world.changes())
        }));
        assert_eq!(ended.is_err(), end == End::Panic);
        if end != End::Panic {
            assert!(!has_value(&server, 7), "before the caller sees the result");
        }
        assert_eq!(runtime.block_on(read(&cache, &world, 7)), after);
        eventually_blocking(DEADLINE, || {
            let journal = runtime.block_on(cache.stats()).journal;
            journal.waiting == 0
        });
    }
}
