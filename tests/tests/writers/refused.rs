//! Functions whose calls are not cached: others may have an entry under the key that they would have.

use super::*;
use cache_tests::{Scene, limited};
use std::collections::HashMap;

#[redis_cache(ttl = 60, key = "both:{id}", batch = "ids")]
async fn many(world: &World, ids: &[u64]) -> HashMap<u64, u64> {
    let version = world.read().await;
    ids.iter().map(|id| (*id, version)).collect()
}

/// Refused: it would store that there is nothing, which the other one does not know.
#[redis_cache(ttl = 60, key = "both:{id}", none_ttl = 5)]
async fn one(world: &World, id: u64) -> Option<u64> {
    let _ = id;
    Some(world.read().await)
}

#[redis_invalidate(one(id))]
async fn changed(world: &World, id: u64) {
    let _ = id;
    world.changes();
}

#[redis_invalidate(one(_))]
async fn all_changed(world: &World) {
    world.changes();
}

#[redis_put(one(id))]
async fn put(world: &World, id: u64) -> Option<u64> {
    let _ = id;
    Some(world.changes())
}

#[tokio::test]
async fn a_writer_that_names_one_removes_what_others_have_there() {
    let (scene, world) = (Scene::start(), World::default());
    limited(scene.one.scope(async {
        let found = || async { many(&world, &[1]).await[&1] };
        assert_eq!((found().await, found().await, world.readers()), (1, 1, 1), "a miss, and a hit");
        changed(&world, 1).await;
        assert_eq!(found().await, 2);
        all_changed(&world).await;
        assert_eq!(found().await, 3);
        put(&world, 1).await;
        assert_eq!(found().await, 4);
        world.changes();
        let entry = one_entry(1);
        assert!(entry.key().unwrap_err().to_string().contains("`none_ttl`"));
        assert!(entry.invalidate().await.unwrap());
        assert_eq!(found().await, 5);
    }))
    .await;
}

#[test]
fn the_other_one_and_the_option_are_named() {
    let functions = cache_runtime::functions();
    let of = |name: &str| functions.iter().find(|function| function.path.ends_with(name)).unwrap();
    let (many, one) = (of(".refused.many"), of(".refused.one"));
    assert_eq!(many.refused, None);
    let why = one.refused.unwrap();
    assert!(why.contains(&format!("`{}`", many.path)) && why.contains("`none_ttl`"), "{why}");
}

#[redis_cache(ttl = 60, key = "tagged:{id}", tags = ["{tag}"])]
async fn tagged(world: &World, id: u64, tag: &str) -> u64 {
    let _ = (id, tag);
    world.read().await
}

#[redis_cache(ttl = 60, key = "tagged:{id}")]
async fn untagged(world: &World, id: u64) -> u64 {
    let _ = id;
    world.read().await
}

#[redis_invalidate(tagged(id, ""))]
async fn retag(world: &World, id: u64) {
    let _ = id;
    world.changes();
}

#[tokio::test]
async fn also_where_one_of_its_tags_is_none() {
    let (scene, world) = (Scene::start(), World::default());
    limited(scene.one.scope(async {
        assert_eq!((untagged(&world, 1).await, untagged(&world, 1).await), (1, 1));
        assert_eq!(tagged(&world, 1, "").await, 1);
        assert_eq!(world.readers(), 2, "a call with an empty tag is not cached");
        retag(&world, 1).await;
        assert_eq!(untagged(&world, 1).await, 2);
    }))
    .await;
}

struct Typed<T>(T);

impl<T: Copy + Into<u64>> Typed<T> {
    /// Refused: its key does not tell which type it is of.
    #[redis_cache(ttl = 60, key = "typed:{id}")]
    async fn get(&self, world: &World, id: u64) -> u64 {
        let _ = (self.0, id);
        world.read().await
    }

    #[redis_invalidate(Self::get(id))]
    async fn set(&self, world: &World, id: u64) {
        let _ = (self.0, id);
        world.changes();
    }
}

#[redis_cache(ttl = 60, key = "typed:{id}")]
async fn typed(world: &World, id: u64) -> u64 {
    let _ = id;
    world.read().await
}

#[tokio::test]
async fn also_where_its_key_leaves_the_type_open() {
    let (scene, world) = (Scene::start(), World::default());
    limited(scene.one.scope(async {
        assert_eq!((typed(&world, 1).await, typed(&world, 1).await), (1, 1));
        assert_eq!(Typed(7_u8).get(&world, 1).await, 1);
        assert_eq!(world.readers(), 2, "it is not cached");
        Typed(7_u8).set(&world, 1).await;
        assert_eq!(typed(&world, 1).await, 2);
    }))
    .await;
}
