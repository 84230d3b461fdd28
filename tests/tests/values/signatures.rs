//! Functions whose arguments or futures are not written as usual.

use cache_runtime::{CacheKey, redis_cache, redis_invalidate};
use cache_tests::in_memory;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use std::fmt;
use std::pin::Pin;

struct Point {
    x: u64,
    #[cfg(test)]
    y: u64,
}

#[redis_cache]
async fn by_default(a: u64, #[cfg(not(test))] b: u64, #[cfg(test)] b: &str) -> String {
    format!("{a} {b}")
}

#[redis_cache(key = "cfg:{a}:{b}:{c}")]
async fn by_template(
    a: u64,
    #[cfg(not(test))] b: u64,
    #[cfg(test)] b: &str,
    #[cfg(not(test))] c: u64,
) -> String {
    format!("{a} {b}")
}

#[redis_cache(key = "point:{x}:{y}:{z}")]
async fn of_pattern(
    Point {
        x,
        #[cfg(test)]
        y,
        #[cfg(not(test))]
        z,
    }: Point,
) -> String {
    format!("{x} {y}")
}

#[redis_cache(key = "copied:{a}:{b}", stale_while_revalidate = 60)]
async fn copied(#[cfg(not(test))] a: &str, #[cfg_attr(test, cfg(test))] b: &str) -> String {
    b.to_owned()
}

#[tokio::test]
async fn an_argument_of_some_builds_is_in_the_key_of_those() {
    let cache = in_memory();
    for _ in 0..2 {
        for (a, b) in [(1, "x"), (1, "y"), (2, "x"), (1, "~"), (1, "")] {
            let expected = format!("{a} {b}");
            assert_eq!(cache.scope(by_default(a, b)).await, expected);
            assert_eq!(cache.scope(by_template(a, b)).await, expected);
            assert_eq!(cache.scope(copied(b)).await, b);
        }
        for (x, y) in [(1, 2), (2, 1), (1, 1)] {
            assert_eq!(cache.scope(of_pattern(Point { x, y })).await, format!("{x} {y}"));
        }
    }
    assert_eq!(cache.count_keys().await.unwrap(), 5 + 5 + 4 + 3);
    let entry = cache.scope(async { by_template_entry(1, "x") }).await;
    assert_eq!(entry.key().unwrap(), "t:cfg:1:x:~");
}

#[redis_cache(key = "boxed:{id}")]
fn boxed(id: u64) -> BoxFuture<'static, u64> {
    Box::pin(async move { id * 2 })
}

#[redis_cache(key = "local:{text}")]
fn local<'a>(text: &'a str) -> LocalBoxFuture<'a, Result<usize, String>> {
    Box::pin(async move { Ok(text.len()) })
}

#[redis_invalidate(boxed(id))]
fn unboxed(id: u64, while_it_runs: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(boxed(id + while_it_runs))
}

#[redis_invalidate(boxed(id))]
fn written(id: u64) -> BoxFuture<'static, u64> {
    Box::pin(boxed(id))
}

#[tokio::test]
async fn a_boxed_future_is_awaited_whatever_it_is_called() {
    let cache = in_memory();
    for _ in 0..2 {
        assert_eq!(cache.scope(boxed(21)).await, 42);
        assert_eq!(cache.scope(local("four")).await, Ok(4));
    }
    assert_eq!(cache.stats().await.process.total.hits, 2);
}

/// The body stores what it is to take away: if it ran behind the invalidation, that would stay.
#[tokio::test]
async fn what_a_boxed_writer_does_is_done_before_it_invalidates() {
    let cache = in_memory();
    cache.scope(written(1)).await;
    cache.scope(unboxed(2, 0)).await;
    assert_eq!(cache.count_keys().await.unwrap(), 0);
}

/// As a type of another crate would be.
struct Price(i64);

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0 / 100, self.0 % 100)
    }
}

#[derive(CacheKey)]
struct Only(#[cache_key(display)] Price);

#[derive(CacheKey)]
enum Offer<T> {
    At {
        #[cache_key(display)]
        price: Price,
        amount: u8,
    },
    Any(#[cache_key(display)] T),
}

#[test]
fn displayed_fields_are_items_like_others() {
    let read = |value: &dyn CacheKey| {
        struct Dyn<'a>(&'a dyn CacheKey);
        impl CacheKey for Dyn<'_> {
            fn write_key(&self, key: &mut cache_runtime::key::KeyWriter<'_>) {
                self.0.write_key(key);
            }
        }
        cache_runtime::key::render(&Dyn(value))
    };
    assert_eq!(read(&Only(Price(1250))), "12%2C50");
    assert_eq!(read(&Offer::<Price>::At { price: Price(5), amount: 2 }), "At(0%2C5,2)");
    assert_eq!(read(&Offer::Any(Price(5))), "Any(0%2C5)");
    assert_eq!(read(&Offer::Any("")), "Any(%)");
}
