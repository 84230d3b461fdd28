//! Keys with braces, of which Redis takes a part for the whole when it looks for the slot: value,
//! lease and tags are found all the same, and in one slot.

use super::*;
use cache_tests::{cache_at, limited};
use tokio::task::JoinHandle;

/// An empty name leaves `{}`, which is no part.
#[redis_cache(ttl = 600, key = "u:{{{name}}}:x")]
async fn named(world: &World, name: &str) -> u64 {
    world.read().await
}

#[redis_cache(ttl = 600, key = "of:{name}:{{b}}")]
async fn behind(world: &World, name: &str) -> u64 {
    assert!(name.len() < 10);
    world.read().await
}

/// In a slot with others, but for its tags.
#[redis_cache(ttl = 600, key = "{{org}}:{name}", tags = ["of:{name}"])]
async fn tagged(world: &World, name: &str) -> u64 {
    world.read().await
}

const NAMES: [&str; 8] = ["", "a", "}", "{", "{}", "}{", "a{b}c", "é"];

fn held(cache: &Cache, world: &World, name: &'static str, which: usize) -> JoinHandle<u64> {
    let (cache, world) = (cache.clone(), world.clone());
    tokio::spawn(async move { read(&cache, &world, name, which).await.0 })
}

async fn read(cache: &Cache, world: &World, name: &str, which: usize) -> (u64, &'static str) {
    let (version, observed, _) = match which {
        0 => called(cache, named(world, name)).await,
        1 => called(cache, behind(world, name)).await,
        _ => called(cache, tagged(world, name)).await,
    };
    (version, outcome(observed))
}

#[redis_invalidate(named(name))]
async fn write_named(name: &str) {}

#[redis_invalidate(behind(name))]
async fn write_behind(name: &str) {}

#[redis_invalidate(tags = ["of:{name}"])]
async fn write_tagged(name: &str) {}

async fn invalidate(cache: &Cache, name: &str, which: usize) {
    match which {
        0 => cache.scope(write_named(name)).await,
        1 => cache.scope(write_behind(name)).await,
        _ => cache.scope(write_tagged(name)).await,
    }
    assert_eq!(cache.stats().await.journal.waiting, 0, "{which} of {name:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_keys_of_functions() {
    let cluster = Cluster::of_primaries();
    let world = World::default();
    let [one, other] = [(); 2].map(|()| cache_at(&cluster.url()));
    limited(async {
        for which in 0..3 {
            for name in NAMES {
                let before = world.version();
                assert_eq!(read(&one, &world, name, which).await, (before, "miss"), "{name:?}");
                assert_eq!(read(&other, &world, name, which).await, (before, "hit"), "{name:?}");
                world.changes();
                invalidate(&other, name, which).await;
                // Overtaken: what it computes was read before the next change, and is not stored.
                world.reading.close();
                let seen = world.readers();
                let overtaken = held(&one, &world, name, which);
                world.reading.reached(seen + 1).await;
                world.changes();
                invalidate(&other, name, which).await;
                world.reading.open();
                assert_eq!(overtaken.await.unwrap(), before + 1, "{name:?}");
                assert_eq!(read(&one, &world, name, which).await, (before + 2, "miss"), "{name:?}");
            }
        }
        assert_eq!(all_errors(&cluster, "CROSSSLOT"), 0);
        let values = || cluster.keys().into_iter().filter(|key| !key.contains("~tag:"));
        assert_eq!(values().count(), 3 * NAMES.len());
        assert!(one.clear().await.unwrap() >= 3 * NAMES.len() as u64);
        assert_eq!(values().count(), 0);
    })
    .await;
}

/// Of no function of this program.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_the_keys_of_others() {
    let cluster = Cluster::of_primaries();
    let cache = cache_at(&cluster.url());
    limited(async {
        for name in ["a{}b", "a{b", "a}b", "a}b{c}", "{}{x}", "{{x}}", "a{b}c{d}"] {
            let key = format!("t:{name}");
            cluster.command::<()>(&key, &["SET", &key, "x"]);
            assert_eq!(cache.invalidate(name).await, Ok(true), "{name}");
            assert!(!is_anywhere(&cluster, &key), "{name}");
            assert_eq!(cache.invalidate(name).await, Ok(false), "{name}");
        }
        assert_eq!(all_errors(&cluster, "CROSSSLOT"), 0);
    })
    .await;
}
