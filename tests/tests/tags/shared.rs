//! Functions that share keys and differ in their tags, as before and after a change of the options.

use super::*;
use cache_tests::Scene;

#[redis_cache(ttl = 60, key = "shared:{id}", entry = false)]
async fn untagged(world: &World, id: u64) -> u64 {
    world.read().await
}

#[redis_cache(ttl = 60, key = "shared:{id}", tags = ["all"])]
async fn tagged(world: &World, id: u64) -> u64 {
    world.read().await
}

#[redis_cache(ttl = 60, key = "shared:{id}", tags = ["all", "group:{group}"])]
async fn grouped(world: &World, id: u64, group: u64) -> u64 {
    world.read().await
}

/// An entry without the tag would outlive its invalidation, and one with it would be served
/// without a look at the tag.
#[tokio::test]
async fn each_replaces_what_the_other_has_stored() {
    let scene = Scene::start();
    for cache in [&scene.one, &cache_tests::in_memory()] {
        let world = World::default();
        let on = |call: bool| {
            let (cache, world) = (cache.clone(), world.clone());
            async move {
                match call {
                    true => cache.scope(tagged(&world, 7)).await,
                    false => cache.scope(untagged(&world, 7)).await,
                }
            }
        };
        assert_eq!(on(false).await, 1);
        world.changes();
        assert_eq!(on(true).await, 2);
        cache.invalidate_tag("all").await.unwrap();
        world.changes();
        assert_eq!(on(false).await, 3);
        assert_eq!(on(false).await, 3, "which is stored");
    }
}

/// A flight of other tags is none to wait for: nothing detaches it when one of these is invalidated.
#[tokio::test]
async fn who_has_other_tags_does_not_join() {
    let Scene { server, one, world, .. } = Scene::start();
    let spawn = |group| {
        let (one, world) = (one.clone(), world.clone());
        tokio::spawn(async move { one.scope(grouped(&world, 7, group)).await })
    };
    world.reading.close();
    let old = spawn(1);
    world.reading.reached(1).await;
    world.changes();
    one.invalidate_tag("group:2").await.unwrap();
    let new = spawn(2);
    looked(&server, &one, 2).await;
    world.reading.open();
    assert_eq!((soon(old).await, soon(new).await), (1, 2));
    assert_eq!(one.scope(grouped(&world, 7, 2)).await, 2);
}

/// A tag of an argument that is not in the key.
#[tokio::test]
async fn a_value_of_another_tag_is_none_of_this_call() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    let call = |group| one.scope(grouped(&world, 7, group));
    assert_eq!(call(1).await, 1);
    world.changes();
    assert_eq!(call(2).await, 2, "or the invalidation of `group:2` would not reach it");
    one.invalidate_tag("group:1").await.unwrap();
    assert_eq!(call(2).await, 2);
    one.invalidate_tag("group:2").await.unwrap();
    world.changes();
    assert_eq!(call(2).await, 3);
    let entry = one.scope(async { grouped_entry(7, 2) }).await;
    assert_eq!(entry.get().await, Ok(Some(3)));
}
