//! Plain functions are cached too: outside of a runtime, and inside of one whose thread they hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "../common/mod.rs"]
mod common;

use cache_runtime::{Cache, redis_cache};
use cache_tests::{RedisServer, eventually_blocking};
use common::Runs;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(20);

#[redis_cache(ttl = 60, key = "{shop.name}:stock:{id}", cache = shop.cache)]
fn stock(shop: &Shop, id: u64) -> Result<u64, String> {
    shop.runs.one_more();
    if id == 0 {
        return Err("no such product".to_owned());
    }
    let halved = id.checked_div(2).ok_or("never")?;
    Ok(halved)
}

struct Shop {
    name: &'static str,
    cache: Cache,
    runs: Runs,
}

impl Shop {
    fn on(url: &str) -> Self {
        let cache = Cache::builder().url(url).prefix("t").build().unwrap();
        Self { name: "north", cache, runs: Runs::default() }
    }

    #[redis_cache(key = "{self.name}:names", cache = self.cache)]
    fn names(&self) -> Vec<String> {
        self.runs.one_more();
        vec![self.name.to_owned()]
    }

    /// A plain function that calls another.
    #[redis_cache(key = "{self.name}:both:{id}", cache = self.cache)]
    fn both(&self, id: u64) -> Option<(u64, usize)> {
        Some((stock(self, id).ok()?, self.names().len()))
    }
}

fn is_cached(shop: &Shop) {
    for _ in 0..3 {
        assert_eq!(stock(shop, 8), Ok(4));
        assert_eq!(shop.names(), ["north"]);
        assert_eq!(shop.both(6), Some((3, 1)));
    }
    assert_eq!(shop.runs.count(), 3);
    assert_eq!(stock(shop, 0), Err("no such product".to_owned()));
}

#[test]
fn outside_of_any_runtime() {
    let server = RedisServer::start();
    is_cached(&Shop::on(&server.url()));
    assert_eq!(server.command::<String>(&["GET", "t:north:stock:8"]), "4");
    is_cached(&Shop::on("memory://"));
}

#[tokio::test]
async fn inside_of_a_current_thread_runtime() {
    let server = RedisServer::start();
    is_cached(&Shop::on(&server.url()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inside_of_a_multi_thread_runtime() {
    let server = RedisServer::start();
    is_cached(&Shop::on(&server.url()));
}

#[tokio::test]
async fn a_long_run_in_one_task_does_not_use_up_the_tasks_turn() {
    let server = RedisServer::start();
    let shop = Shop::on(&server.url());
    for id in 1..500 {
        assert_eq!(stock(&shop, id), Ok(id / 2));
    }
}

#[test]
fn the_body_sees_the_runtime_of_its_caller() {
    #[redis_cache(key = "runtime", cache = cache)]
    fn runtime(cache: &Cache) -> String {
        tokio::runtime::Handle::current().id().to_string()
    }

    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).prefix("t").build().unwrap();
    let caller = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = caller.enter();
    assert_eq!(runtime(&cache), caller.handle().id().to_string());
}

#[test]
fn redis_out_of_reach_adds_nothing() {
    let mut server = RedisServer::start();
    let shop = Shop::on(&server.url());
    assert_eq!(stock(&shop, 8), Ok(4));
    server.kill();
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(stock(&shop, 8), Ok(4));
    }
    assert!(begun.elapsed() < Duration::from_millis(250), "{:?}", begun.elapsed());

    server.restart();
    eventually_blocking(DEADLINE, || {
        let before = shop.runs.count();
        stock(&shop, 8).unwrap();
        shop.runs.count() == before
    });
}

#[test]
fn callers_on_many_threads_share_one_computation() {
    #[redis_cache(key = "slow", cache = shop.cache)]
    fn slow(shop: &Shop, started: &Barrier) -> u64 {
        shop.runs.one_more();
        started.wait();
        7
    }

    let server = RedisServer::start();
    let shop = Arc::new(Shop::on(&server.url()));
    // The body waits for the test, which looks on until the others can only be waiting.
    let started = Arc::new(Barrier::new(2));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (shop, started) = (shop.clone(), started.clone());
            std::thread::spawn(move || slow(&shop, &started))
        })
        .collect();
    eventually_blocking(DEADLINE, || shop.runs.count() == 1);
    started.wait();
    for caller in callers {
        assert_eq!(caller.join().unwrap(), 7);
    }
    assert_eq!(shop.runs.count(), 1);
}

/// The leader is a task of the very thread that the plain function parks: it cannot go on, so
/// the wait for it ends after one store timeout.
#[tokio::test]
async fn a_plain_call_does_not_wait_for_what_it_keeps_from_running() {
    #[redis_cache(key = "shared", cache = cache)]
    async fn leading(cache: &Cache, runs: &Runs) -> u64 {
        runs.one_more();
        tokio::task::yield_now().await;
        std::future::pending::<u64>().await
    }

    #[redis_cache(key = "shared", cache = cache)]
    fn parked(cache: &Cache) -> u64 {
        2
    }

    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).prefix("t").build().unwrap();
    let runs = Arc::new(Runs::default());
    let (c, r) = (cache.clone(), runs.clone());
    let leader = tokio::spawn(async move { leading(&c, &r).await });
    cache_tests::eventually(DEADLINE, || async { runs.count() == 1 }).await;
    let begun = Instant::now();
    assert_eq!(parked(&cache), 2);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    leader.abort();
}
