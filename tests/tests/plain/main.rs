//! Plain functions are cached too: outside of a runtime, and inside of one whose thread they hold.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod stack;

use cache_runtime::{Cache, redis_cache};
use cache_tests::{
    DEADLINE, RedisServer, Repo, Runs, builder_at, cache_at, eventually, eventually_blocking,
};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

#[redis_cache(ttl = 60, key = "{repo.name}:half:{id}", cache = repo.cache)]
fn half(repo: &Repo, id: u64) -> Result<u64, String> {
    repo.runs.one_more();
    if id == 0 {
        return Err("no such product".to_owned());
    }
    let halved = id.checked_div(2).ok_or("never")?;
    Ok(halved)
}

/// A plain function that calls others.
#[redis_cache(key = "{repo.name}:both:{id}", cache = repo.cache)]
fn both(repo: &Repo, id: u64) -> Option<(u64, usize)> {
    Some((half(repo, id).ok()?, repo.names().len()))
}

fn repo_at(url: &str) -> Repo {
    Repo::new("north", cache_at(url))
}

fn is_cached(repo: &Repo) {
    for _ in 0..3 {
        assert_eq!(half(repo, 8), Ok(4));
        assert_eq!(repo.names(), ["north"]);
        assert_eq!(both(repo, 6), Some((3, 1)));
    }
    assert_eq!(repo.runs.count(), 3);
    assert_eq!(half(repo, 0), Err("no such product".to_owned()));
}

#[test]
fn outside_of_any_runtime() {
    let server = RedisServer::start();
    is_cached(&repo_at(&server.url()));
    assert_eq!(server.command::<String>(&["GET", "t:north:half:8"]), "4");
    is_cached(&repo_at("memory://"));
}

#[tokio::test]
async fn inside_of_a_current_thread_runtime() {
    let server = RedisServer::start();
    is_cached(&repo_at(&server.url()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inside_of_a_multi_thread_runtime() {
    let server = RedisServer::start();
    is_cached(&repo_at(&server.url()));
}

#[tokio::test]
async fn a_long_run_in_one_task_does_not_use_up_the_tasks_turn() {
    let server = RedisServer::start();
    let repo = repo_at(&server.url());
    for id in 1..500 {
        assert_eq!(half(&repo, id), Ok(id / 2));
    }
}

#[test]
fn the_body_sees_the_runtime_of_its_caller() {
    #[redis_cache(key = "runtime", cache = cache)]
    fn runtime(cache: &Cache) -> String {
        tokio::runtime::Handle::current().id().to_string()
    }

    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let caller = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = caller.enter();
    assert_eq!(runtime(&cache), caller.handle().id().to_string());
}

#[test]
fn redis_out_of_reach_adds_nothing() {
    let mut server = RedisServer::start();
    let repo = repo_at(&server.url());
    assert_eq!(half(&repo, 8), Ok(4));
    server.kill();
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(half(&repo, 8), Ok(4));
    }
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());

    server.restart();
    eventually_blocking(DEADLINE, || {
        let before = repo.runs.count();
        half(&repo, 8).unwrap();
        repo.runs.count() == before
    });
}

#[test]
fn callers_on_many_threads_share_one_computation() {
    #[redis_cache(key = "slow", cache = repo.cache)]
    fn slow(repo: &Repo, started: &Barrier) -> u64 {
        repo.runs.one_more();
        started.wait();
        7
    }

    let server = RedisServer::start();
    let repo = Arc::new(repo_at(&server.url()));
    // The body waits for the test, which looks on until the others can only be waiting.
    let started = Arc::new(Barrier::new(2));
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let (repo, started) = (repo.clone(), started.clone());
            std::thread::spawn(move || slow(&repo, &started))
        })
        .collect();
    eventually_blocking(DEADLINE, || repo.runs.count() == 1);
    started.wait();
    for caller in callers {
        assert_eq!(caller.join().unwrap(), 7);
    }
    assert_eq!(repo.runs.count(), 1);
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
    let cache = builder_at(&server.url()).timeout(Duration::from_millis(250)).build().unwrap();
    let runs = Arc::new(Runs::default());
    let (c, r) = (cache.clone(), runs.clone());
    let leader = tokio::spawn(async move { leading(&c, &r).await });
    eventually(DEADLINE, || async { runs.count() == 1 }).await;
    let begun = Instant::now();
    assert_eq!(parked(&cache), 2);
    assert!(begun.elapsed() < DEADLINE, "{:?}", begun.elapsed());
    leader.abort();
}
