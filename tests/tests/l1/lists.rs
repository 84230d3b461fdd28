//! Functions of many keys: what is kept of single members, by whoever read it.

use super::*;
use cache_runtime::{bypass, observe, refresh};
use cache_tests::{Scene, is_stored, limited};
use std::collections::HashMap;

type Found = HashMap<u64, Arc<u64>>;

/// The entries of [`item`].
#[redis_cache(ttl = 300, key = "item:{id}", l1, batch = "ids")]
async fn items(world: &World, ids: &[u64]) -> Found {
    let version = world.read().await;
    ids.iter().map(|id| (*id, Arc::new(version))).collect()
}

fn at(version: u64, ids: &[u64]) -> Found {
    ids.iter().map(|id| (*id, Arc::new(version))).collect()
}

/// Calls until all of these are answered from memory.
async fn all_kept(cache: &Cache, world: &World, ids: &[u64]) -> Found {
    let found = std::cell::RefCell::new(None);
    eventually(DEADLINE, async || {
        let (values, observed, _) = called(cache, items(world, ids)).await;
        *found.borrow_mut() = Some(values);
        observed.memory_hits == ids.len() as u64
    })
    .await;
    found.into_inner().unwrap()
}

#[tokio::test]
async fn members_are_taken_from_memory_and_the_rest_from_redis() {
    let Scene { server, one, other, world } = Scene::start();
    limited(async {
        assert_eq!(all_kept(&one, &world, &[1, 2]).await, at(1, &[1, 2]));
        assert!(looked(&one, item(&world, 1)).await.1, "they are those of the single function");
        other.scope(item(&world, 3)).await;
        let (found, observed, _) = called(&one, items(&world, &[1, 2, 3])).await;
        assert_eq!((found, observed.memory_hits, observed.hits), (at(1, &[1, 2, 3]), 2, 3));
        assert_eq!(world.readers(), 2);
        kept(&one, || item(&world, 4)).await;
        let (_, observed, _) = called(&one, items(&world, &[4, 4, 1])).await;
        assert_eq!(observed.memory_hits, 2, "each once");

        // Nothing is asked of Redis for what is there.
        let before: u64 = ["get", "mget"].map(|name| server.calls(name)).iter().sum();
        for _ in 0..50 {
            all_kept(&one, &world, &[1, 2]).await;
        }
        let asked: u64 = ["get", "mget"].map(|name| server.calls(name)).iter().sum();
        assert!(asked - before < 50, "no look-ups but heartbeats: {}", asked - before);
    })
    .await;
}

#[tokio::test]
async fn a_member_that_changes_is_read_anew() {
    let Scene { server, one, other, world } = Scene::start();
    limited(async {
        all_kept(&one, &world, &[1, 2]).await;
        world.changes();
        other.scope(async { items_entry(1).invalidate().await }).await.unwrap();
        let mixed = HashMap::from([(1, Arc::new(2)), (2, Arc::new(1))]);
        eventually(DEADLINE, async || one.scope(items(&world, &[1, 2])).await == mixed).await;
        assert_eq!(all_kept(&one, &world, &[1, 2]).await, mixed);
        // By itself it sees its own at once.
        world.changes();
        one.scope(async { items_entry(2).invalidate().await }).await.unwrap();
        let (found, observed, _) = called(&one, items(&world, &[1, 2])).await;
        assert_eq!(*found[&2], 3);
        assert_eq!((observed.memory_hits, observed.misses), (1, 1));
        server.command::<()>(&["DEL", KEY, "t:item:1", "t:item:2"]);
        world.changes();
        eventually(DEADLINE, async || one.scope(items(&world, &[1, 2])).await == at(4, &[1, 2]))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_refresh_and_a_bypass_go_past_it() {
    let Scene { one, world, server, .. } = Scene::start();
    limited(async {
        all_kept(&one, &world, &[1, 2]).await;
        world.changes();
        assert_eq!(one.scope(bypass(items(&world, &[1, 2]))).await, at(2, &[1, 2]));
        assert_eq!(one.scope(items(&world, &[1, 2])).await, at(1, &[1, 2]));
        assert_eq!(one.scope(refresh(items(&world, &[1]))).await, at(2, &[1]));
        let mixed = HashMap::from([(1, Arc::new(2)), (2, Arc::new(1))]);
        assert_eq!(one.scope(items(&world, &[1, 2])).await, mixed);
        assert!(is_stored(&server, "t:item:1"));
    })
    .await;
}

/// With everything that goes beside it.
#[redis_cache(
    ttl = 300,
    key = "word:{word:lower}",
    l1 = "10s",
    batch = "words",
    none_ttl = 60,
    err_ttl = 5,
    when = !words.is_empty(),
    entry = false
)]
async fn words(world: &World, words: Vec<String>) -> Vec<(String, Result<Option<u64>, String>)> {
    let version = world.read().await;
    let of = |word: &String| match word.len() {
        0 => Err("empty".to_owned()),
        1 => Ok(None),
        _ => Ok(Some(version)),
    };
    words.into_iter().map(|word| (word.clone(), of(&word))).collect()
}

#[tokio::test]
async fn each_element_has_what_is_kept_of_its_member() {
    let Scene { one, world, server: _server, .. } = Scene::start();
    limited(async {
        let list = || ["ab", "AB", "Ab"].map(str::to_owned).to_vec();
        let expected: Vec<_> = list().into_iter().map(|word| (word, Ok(Some(1)))).collect();
        eventually(DEADLINE, async || {
            let (found, observed) = observe(one.scope(words(&world, list()))).await;
            assert_eq!(found, expected);
            observed.memory_hits == 1
        })
        .await;
    })
    .await;
}
