//! Tags that the value says.

use super::*;
use cache_runtime::key::render;
use cache_runtime::redis_put;
use cache_tests::{Runs, Scene, cache_at, called, in_memory, moved, outcome};
use std::borrow::Cow;

/// An order: whose it is, and when it was read.
pub(super) type Order = (u64, u64);

/// Whose an order is is known only when it has been read.
#[redis_cache(ttl = 60, key = "order:{id}", tags_with = |order| [("customer", order.0)])]
pub(super) async fn order(world: &World, id: u64, customer: u64) -> Order {
    (customer, world.read().await)
}

#[redis_invalidate(tags = ["customer:{customer}"])]
pub(super) async fn write_for(world: &World, customer: u64) -> u64 {
    world.commit().await
}

#[redis_put(order(id))]
async fn moves(world: &World, id: u64, to: u64) -> Result<Order, String> {
    Ok((to, world.commit().await))
}

/// The order, if it is stored and counts.
pub(super) async fn kept_order(cache: &Cache, id: u64) -> Option<Order> {
    cache.scope(async { order_entry(id).get().await.unwrap() }).await
}

#[tokio::test]
async fn a_value_is_invalidated_by_the_tags_that_it_says() {
    let Scene { server, one, other, .. } = Scene::start();
    let memory = in_memory();
    for (reads, writes) in [(&one, &other), (&one, &one), (&memory, &memory)] {
        server.command::<()>(&["FLUSHALL"]);
        let world = World::default();
        for id in [1, 2, 3] {
            reads.scope(order(&world, id, id % 2)).await;
        }
        assert_eq!(kept_order(writes, 1).await, Some((1, 1)));
        assert_eq!(writes.scope(write_for(&world, 1)).await, 2);
        assert_eq!(kept_order(reads, 1).await, None);
        assert_eq!(kept_order(reads, 2).await, Some((0, 1)), "another customer's");
        assert_eq!(kept_order(reads, 3).await, None);
        assert_eq!(reads.scope(order(&world, 1, 1)).await, (1, 2));
        assert_eq!(writes.scope(order(&world, 1, 1)).await, (1, 2), "a hit");
        writes.invalidate_tag("customer:1").await.unwrap();
        assert_eq!(kept_order(reads, 1).await, None);
        reads.invalidate_tag("customer:0").await.unwrap();
        assert_eq!(kept_order(writes, 2).await, None);
    }
}

/// As a template writes it, as a text, and by hand: one tag.
#[redis_cache(ttl = 60, key = "page:{n}", tags_with = tags_of_page)]
async fn page(n: u64, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{n}{name}")).collect()
}

#[allow(clippy::ptr_arg)] // what the function returns
fn tags_of_page(names: &Vec<String>) -> impl Iterator<Item = (Cow<'_, str>, &str, u64)> {
    names.iter().map(|name| (Cow::Borrowed("word"), &**name, 7))
}

#[redis_invalidate(tags = ["word:{name}:{n}"])]
async fn changes_word(name: &str, n: u64) {}

#[tokio::test]
async fn a_tag_is_the_same_one_whoever_writes_it() {
    let Scene { server: _server, one, other, .. } = Scene::start();
    for name in ["a", "", "a:b", "~", "%3A", "{}", "\n", "ü", "a~tag:b", "*"] {
        let names = [name, "other"];
        let fill = || one.scope(page(7, &names));
        let entry = async || page_entry(7).get().await.unwrap();
        let is_kept = async || other.scope(entry()).await.is_some();
        let name = format!("7{name}");
        fill().await;
        assert!(is_kept().await);
        for foreign in [format!("word:{name}"), format!("word:{name}:70"), name.clone()] {
            other.invalidate_tag(&foreign).await.unwrap();
            assert!(is_kept().await, "{foreign}");
        }
        other.scope(changes_word(&name, 7)).await;
        assert!(!is_kept().await, "{name}");
        fill().await;
        other.invalidate_tag(&format!("word:{}:7", render(&name))).await.unwrap();
        assert!(!is_kept().await, "{name}");
    }
}

#[redis_cache(
    ttl = 60,
    key = "many:{n}",
    tags = ["all", "n:{n}"],
    tags_with = |tags| tags.iter(),
    none_ttl = 60
)]
async fn many(runs: &Runs, n: u64, tags: Option<&[&str]>) -> Option<Vec<String>> {
    assert!(runs.one_more() >= n);
    tags.map(|tags| tags.iter().map(|tag| (*tag).to_owned()).collect())
}

/// Together with those of the arguments, also where the value is none or says them again.
#[tokio::test]
async fn tags_of_the_call_and_of_the_value() {
    let Scene { server: _server, one, other, .. } = Scene::start();
    let runs = Runs::default();
    let cases: [(Option<&[&str]>, &[&str]); 4] = [
        (None, &[]),
        (Some(&[]), &[]),
        (Some(&["n:3", "all", "x"]), &["x"]),
        (Some(&["x", "y", "x"]), &["x", "y"]),
    ];
    for (n, (tags, own)) in (1..).zip(cases) {
        let by_argument = format!("n:{n}");
        for tag in ["all", &*by_argument].iter().chain(own) {
            let call = async |cache: &Cache| cache.scope(many(&runs, n, tags)).await;
            let first = call(&one).await;
            assert_eq!(first.is_some(), tags.is_some());
            let before = runs.count();
            assert_eq!(call(&other).await, first);
            one.invalidate_tag("z").await.unwrap();
            call(&one).await;
            assert_eq!(runs.count(), before, "a hit");
            other.invalidate_tag(tag).await.unwrap();
            call(&one).await;
            assert_eq!(runs.count(), before + 1, "{tag} of {tags:?}");
        }
    }
}

#[redis_cache(ttl = 60, key = "count:{n}", tags = ["one"], tags_with = |n| (1..*n).map(|n| ("n", n)))]
async fn numbered(runs: &Runs, n: u64) -> u64 {
    runs.one_more();
    n
}

#[tokio::test]
async fn sixteen_tags_are_the_most() {
    let cache = in_memory();
    let runs = Runs::default();
    for (n, stored) in [(16, true), (17, false), (1, true)] {
        for _ in 0..2 {
            assert_eq!(cache.scope(numbered(&runs, n)).await, n);
        }
        let entry = cache.scope(async { numbered_entry(n).get().await.unwrap() }).await;
        assert_eq!(entry, stored.then_some(n));
        let put = cache.scope(async { numbered_entry(n).put(&n).await }).await;
        assert_eq!(put.ok(), stored.then_some(true));
    }
    assert_eq!(runs.count(), 4);
}

#[redis_cache(ttl = 60, key = "changed:{n}", tags = ["one"])]
async fn before(n: u64) -> u64 {
    n
}

#[redis_cache(ttl = 60, key = "changed:{n}", tags = ["one"], tags_with = |n| [("n", *n)])]
async fn after(n: u64) -> u64 {
    n
}

/// What was stored before the option was there has no such tags, and would never be invalidated.
#[tokio::test]
async fn what_was_stored_without_them_is_replaced() {
    let cache = in_memory();
    let of_before = async || cache.scope(async { before_entry(7).get().await.unwrap() }).await;
    let of_after = async || cache.scope(async { after_entry(7).get().await.unwrap() }).await;
    cache.scope(before(7)).await;
    assert_eq!((of_before().await, of_after().await), (Some(7), None));
    cache.scope(after(7)).await;
    assert_eq!((of_before().await, of_after().await), (None, Some(7)));
    cache.scope(before(7)).await;
    assert_eq!((of_before().await, of_after().await), (Some(7), None));
}

/// What is put has the tags of the value that is put.
#[tokio::test]
async fn puts_say_them_too() {
    let Scene { server: _server, one, other, world } = Scene::start();
    one.scope(order(&world, 1, 10)).await;
    assert_eq!(one.scope(moves(&world, 1, 20)).await, Ok((20, 2)));
    assert_eq!(kept_order(&other, 1).await, Some((20, 2)));
    other.invalidate_tag("customer:10").await.unwrap();
    assert_eq!(kept_order(&one, 1).await, Some((20, 2)), "it has moved");
    other.invalidate_tag("customer:20").await.unwrap();
    assert_eq!(kept_order(&one, 1).await, None);
    one.scope(async {
        let entry = order_entry(1);
        assert_eq!(entry.put(&(30, 7)).await, Ok(true));
        assert!(entry.ttl().await.unwrap().is_some());
        other.invalidate_tag("customer:20").await.unwrap();
        assert_eq!(entry.get().await, Ok(Some((30, 7))));
        other.invalidate_tag("customer:30").await.unwrap();
        assert_eq!((entry.get().await, entry.ttl().await), (Ok(None), Ok(None)));
    })
    .await;
}

/// The value that is put was made before the tag was invalidated.
#[tokio::test]
async fn a_put_that_is_overtaken_stores_nothing() {
    let Scene { server: _server, one, other, world } = Scene::start();
    world.writing.close();
    let put = tokio::spawn({
        let (one, world) = (one.clone(), world.clone());
        async move { one.scope(moves(&world, 1, 20)).await }
    });
    world.writing.reached(1).await;
    other.invalidate_tag("customer:20").await.unwrap();
    world.writing.open();
    assert_eq!(soon(put).await, Ok((20, 2)));
    assert_eq!(kept_order(&other, 1).await, None);
}

/// Refreshed behind its callers.
#[redis_cache(
    ttl = 60,
    key = "summary:{n}",
    tags_with = |summary| [("of", summary.0)],
    stale_while_revalidate = "60s"
)]
async fn summary(world: World, n: u64) -> Order {
    (n, world.read().await)
}

#[tokio::test]
async fn a_soft_invalidation_makes_it_stale() {
    let ((clock, memory), world) = (moved(), World::default());
    let call = async || {
        let (value, observed, _) = called(&memory, summary(world.clone(), 7)).await;
        (value.1, outcome(observed))
    };
    assert_eq!((call().await, call().await), ((1, "miss"), (1, "hit")));
    memory.soft_invalidate_tag("of:8").await.unwrap();
    assert_eq!(call().await, (1, "hit"));
    memory.soft_invalidate_tag("of:7").await.unwrap();
    world.changes();
    assert_eq!(call().await, (1, "stale"));
    eventually(DEADLINE, || async { call().await == (2, "hit") }).await;
    clock.advance(PAST_TTL);
    world.changes();
    assert_eq!(call().await, (2, "stale"), "and refreshed behind, which marks as well");
    eventually(DEADLINE, || async { call().await == (3, "hit") }).await;
    memory.invalidate_tag("of:7").await.unwrap();
    assert_eq!(call().await, (3, "miss"));
}

#[tokio::test]
async fn without_a_store_bodies_run() {
    let (disabled, world) = (cache_at("disabled://"), World::default());
    assert_eq!(disabled.scope(order(&world, 1, 1)).await, (1, 1));
    assert_eq!(disabled.scope(moves(&world, 1, 2)).await, Ok((2, 2)));
    assert_eq!(disabled.scope(async { order_entry(1).put(&(1, 1)).await }).await, Ok(false));
}

/// One command more for a hit; and one for a fill, which first asks for the tags.
#[tokio::test]
async fn a_hit_and_a_fill_cost_one_command_more() {
    let Scene { server, one, world, .. } = Scene::start();
    for id in [1, 2] {
        server.command::<()>(&["CONFIG", "RESETSTAT"]);
        one.scope(order(&world, id, 1)).await;
        if id == 1 {
            continue; // the server does not know the scripts yet
        }
        let sent = commands(&server);
        assert_eq!((sent.get("get"), sent.get("evalsha")), (Some(&4), Some(&3)), "{sent:?}");
    }
    server.command::<()>(&["CONFIG", "RESETSTAT"]);
    one.scope(order(&world, 2, 1)).await;
    let sent = commands(&server);
    assert_eq!((sent.get("get"), sent.get("mget")), (Some(&1), Some(&1)), "{sent:?}");
    assert!(!sent.contains_key("evalsha"), "{sent:?}");
}
