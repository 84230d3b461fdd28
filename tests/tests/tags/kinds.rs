//! Tags of functions of all kinds, and beside other options.

use super::*;
use cache_runtime::{bypass, redis_put, refresh};
use cache_tests::{Runs, Scene, in_memory, moved};

#[redis_cache(ttl = 60, key = "generic:{T}:{id}", tags = ["type:{T}", "generic:{id}"])]
async fn generic<T: Default + std::fmt::Debug>(runs: &Runs, id: u64) -> String {
    format!("{:?} {}", T::default(), runs.one_more())
}

#[redis_cache(ttl = 60, key = "plain:{id}", tags = ["plain"], codec = cache_runtime::MessagePack)]
fn plain(runs: &Runs, id: u64) -> u64 {
    id + runs.one_more()
}

#[redis_cache(ttl = 60, key = "maybe:{name:hash}", tags = ["maybe:{name:hash}"], none_ttl = 60)]
async fn maybe(runs: &Runs, name: &str) -> Option<u64> {
    Some(runs.one_more()).filter(|_| name != "nobody")
}

#[redis_cache(key = "lives:{id}", tags = ["lives"], ttl_with = |secs| Duration::from_secs(*secs))]
async fn lives(secs: u64, id: u64) -> u64 {
    secs
}

#[redis_cache(
    ttl = 60,
    key = "early:{id}",
    tags = ["early"],
    early_refresh = 1_000_000.0,
    single_flight = "off"
)]
async fn early(runs: std::sync::Arc<Runs>, id: u64) -> u64 {
    runs.one_more()
}

struct Shop {
    name: String,
    cache: Cache,
    runs: Runs,
}

impl Shop {
    #[redis_cache(ttl = 60, key = "price:{self.name}:{id}", tags = ["shop:{self.name}"], cache = self.cache)]
    async fn price(&self, id: u64) -> Result<u64, String> {
        Ok(id + self.runs.one_more())
    }

    #[redis_put(self.price(id))]
    async fn set_price(&self, id: u64, to: u64) -> u64 {
        to
    }

    #[redis_invalidate(tags = ["shop:{self.name}"], cache = self.cache)]
    fn rename(&self) {}
}

#[tokio::test]
async fn generic_functions() {
    let Scene { one, server: _server, .. } = Scene::start();
    let runs = Runs::default();
    let call = async |flag: bool| match flag {
        true => one.scope(generic::<bool>(&runs, 7)).await,
        false => one.scope(generic::<u8>(&runs, 7)).await,
    };
    assert_eq!((call(true).await, call(false).await), ("false 1".into(), "0 2".into()));
    one.invalidate_tag("type:bool").await.unwrap();
    assert_eq!((call(true).await, call(false).await), ("false 3".into(), "0 2".into()));
    one.invalidate_tag("generic:7").await.unwrap();
    assert_eq!((call(true).await, call(false).await), ("false 4".into(), "0 5".into()));
}

#[test]
fn plain_functions_and_other_codecs() {
    let (cache, runs) = (in_memory(), Runs::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = || runtime.block_on(cache.scope(async { plain(&runs, 7) }));
    assert_eq!((call(), call()), (8, 8));
    runtime.block_on(cache.invalidate_tag("plain")).unwrap();
    assert_eq!((call(), call()), (9, 9));
}

#[tokio::test]
async fn absent_values_and_hashes() {
    let Scene { one, server, .. } = Scene::start();
    let runs = Runs::default();
    for _ in 0..2 {
        assert_eq!(one.scope(maybe(&runs, "nobody")).await, None);
    }
    assert_eq!(runs.count(), 1);
    let tags: Vec<String> = server.command(&["KEYS", "t:~tag:*"]);
    let [tag] = &tags[..] else { panic!("{tags:?}") };
    assert!(!tag.contains("nobody"));
    one.invalidate_tag(tag.strip_prefix("t:~tag:").unwrap()).await.unwrap();
    assert_eq!(one.scope(maybe(&runs, "nobody")).await, None);
    assert_eq!(runs.count(), 2);
}

#[tokio::test]
async fn methods_and_puts() {
    let Scene { one, server, .. } = Scene::start();
    let shop = Shop { name: "ü:1".into(), cache: one.clone(), runs: Runs::default() };
    assert_eq!(shop.price(7).await, Ok(8));
    shop.rename();
    assert_eq!(shop.price(7).await, Ok(9));
    assert_eq!(shop.set_price(7, 50).await, 50);
    assert_eq!(shop.price(7).await, Ok(50), "what was put has the tags");
    assert_eq!(shop.price_entry(7).get().await, Ok(Some(Ok(50))));
    assert!(shop.price_entry(7).ttl().await.unwrap().is_some());
    one.invalidate_tag("shop:ü%3A1").await.unwrap();
    assert_eq!(shop.price_entry(7).ttl().await, Ok(None));
    assert_eq!(shop.price(7).await, Ok(10));
    assert_eq!(shop.price_entry(7).put(&Ok(60)).await, Ok(true));
    assert_eq!(shop.price(7).await, Ok(60));
    shop.rename();
    assert_eq!(shop.price_entry(7).get().await, Ok(None));
    assert!(is_stored(&server, "t:price:ü%3A1:7"), "it is there, and does not count");
    assert!(shop.price_entry(7).invalidate().await.unwrap());
}

/// All pages of one, by a hole in the place of the page.
#[redis_invalidate(members(org, _))]
async fn paged(org: u64) {}

#[tokio::test]
async fn writers_that_leave_arguments_open() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    for (org, page) in [(7, 1), (7, 2), (8, 1)] {
        read(&one, &world, org, page).await;
    }
    one.scope(paged(7)).await;
    assert_eq!((kept(&one, 7, 1).await, kept(&one, 7, 2).await), (None, None));
    assert_eq!(kept(&one, 8, 1).await, Some(1));
}

/// Which organisation it was is known once it has been written.
#[redis_invalidate(tags = ["org:{result}"])]
async fn move_to(world: &World, org: Option<u64>) -> Option<u64> {
    world.changes();
    org
}

#[tokio::test]
async fn a_tag_of_the_result() {
    let Scene { server: _server, one, world, .. } = Scene::start();
    for org in [7, 8] {
        assert_eq!(read(&one, &world, org, 1).await, 1);
    }
    one.scope(move_to(&world, Some(7))).await;
    assert_eq!((kept(&one, 7, 1).await, kept(&one, 8, 1).await), (None, Some(1)));
    one.scope(move_to(&world, None)).await;
    assert_eq!(kept(&one, 8, 1).await, Some(1));
}

/// The tag is invalidated while the put's body runs: what it stored is old.
#[tokio::test]
async fn a_put_does_not_escape_an_invalidation() {
    let Scene { one, other, server: _server, .. } = Scene::start();
    let world = World::default();
    world.writing.close();

    #[redis_put(members(org, page))]
    async fn save(world: &World, org: u64, page: u64) -> u64 {
        world.commit().await
    }
    let saving = {
        let (one, world) = (one.clone(), world.clone());
        tokio::spawn(async move { one.scope(save(&world, 7, 1)).await })
    };
    world.writing.reached(1).await;
    world.changes();
    other.invalidate_tag("org:7").await.unwrap();
    world.writing.open();
    assert_eq!(soon(saving).await, 2);
    assert_eq!(kept(&one, 7, 1).await, None);
    assert_eq!(read(&one, &world, 7, 1).await, 3);
}

#[tokio::test]
async fn lives_of_any_length() {
    let Scene { server, one, .. } = Scene::start();
    one.scope(lives(7200, 1)).await;
    one.scope(lives(1, 2)).await;
    let tag: i64 = server.command(&["PTTL", "t:~tag:lives"]);
    assert!(tag > 7_200_000, "{tag}: what is known of the first is good for the second");
    assert!(one.scope(async { lives_entry(1).ttl().await }).await.unwrap().is_some());
}

#[tokio::test]
async fn bypassed_and_refreshed() {
    let Scene { one, world, server: _server, .. } = Scene::start();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    world.changes();
    assert_eq!(one.scope(bypass(members(&world, 7, 1))).await, 2);
    assert_eq!(read(&one, &world, 7, 1).await, 1, "a bypass stores nothing");
    assert_eq!(one.scope(refresh(members(&world, 7, 1))).await, 2);
    assert_eq!(read(&one, &world, 7, 1).await, 2);
    one.invalidate_tag("org:7").await.unwrap();
    world.changes();
    assert_eq!(read(&one, &world, 7, 1).await, 3);
}

/// A refresh before the end of a fresh value names the one that it replaces.
#[tokio::test]
async fn early_refreshes() {
    let Scene { one, server: _server, .. } = Scene::start();
    let runs = std::sync::Arc::new(Runs::default());
    let call = || one.scope(early(runs.clone(), 7));
    assert_eq!(call().await, 1);
    eventually(DEADLINE, || async { call().await > 1 }).await;
    assert!(one.shutdown().await);
    one.invalidate_tag("early").await.unwrap();
    let before = runs.count();
    assert!(call().await > before);
}

#[tokio::test]
async fn stale_windows() {
    let ((clock, cache), world) = (moved(), World::default());
    let call = || cache.scope(report(world.clone(), 7));
    assert_eq!(call().await, Ok(1));
    world.changes();
    clock.advance(PAST_TTL);
    assert_eq!(call().await, Ok(1), "stale");
    assert!(cache.shutdown().await);
    assert_eq!(call().await, Ok(2), "refreshed");
    world.fails(true);
    clock.advance(PAST_TTL + PAST_TTL);
    assert_eq!(call().await, Ok(2), "in the place of a failure");
}

#[tokio::test]
async fn operators_see_the_tags() {
    let listed = cache_runtime::functions();
    let members = listed.iter().find(|f| f.path == "tags.members").unwrap();
    assert!(members.options.contains(&("tags", "[\"org:{org}\"]")), "{:?}", members.options);
}
