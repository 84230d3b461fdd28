//! Where there is no Tokio runtime, or half of one, the body just runs.

use super::*;
use cache_tests::{Logs, RedisServer, cache_at};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// An executor that is not Tokio.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park_timeout(Duration::from_millis(10)),
        }
    }
}

#[test]
fn outside_of_any_runtime_the_body_runs() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    for n in 0..3 {
        block_on(computes(&cache, n));
    }
    let waiting = block_on(async {
        let calls = (0..10).map(|_| computes(&cache, 7));
        futures_util::future::join_all(calls).await.len()
    });
    assert_eq!(waiting, 10);
}

#[test]
fn a_runtime_without_drivers_is_no_panic() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let bare = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for n in 0..3 {
        bare.block_on(computes(&cache, n));
    }
    // Nor can its calls wait for one another, with nothing to bound the wait.
    let together = async {
        let runs = Runs::default();
        let slow = async |n| {
            tokio::task::yield_now().await;
            doubled(&runs, n).await.unwrap()
        };
        let calls = (0..5).map(|_| cache.scope(slow(7)));
        assert_eq!(futures_util::future::join_all(calls).await, [14; 5]);
    };
    bare.block_on(together);
    // In memory there is a store all the same, and only waiting does without.
    let memory = cache_at("memory://");
    let slow = memory.scope(async {
        #[redis_cache(ttl = 60, key = "yields")]
        async fn yields() -> u64 {
            tokio::task::yield_now().await;
            7
        }
        futures_util::future::join_all((0..5).map(|_| yields())).await
    });
    assert_eq!(bare.block_on(slow), [7; 5]);
}

/// Runtimes come and go, as in a program with one per request or per test.
#[test]
fn each_runtime_has_its_own_connections() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    for n in 0..5 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(recovers(&cache, n));
        runtime.block_on(async { assert!(hits(&cache, 0).await) });
    }
    let runtimes: Vec<_> = (0..2)
        .map(|_| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap())
        .collect();
    for _ in 0..3 {
        for runtime in &runtimes {
            runtime.block_on(async { assert!(hits(&cache, 0).await || hits(&cache, 0).await) });
        }
    }
}

/// A test that pauses Tokio's clock beside a real Redis is told what is wrong with that.
#[tokio::test(start_paused = true)]
async fn with_a_paused_clock_the_log_says_why_redis_seems_to_be_late() {
    let server = RedisServer::start();
    let logs = Logs::capture(server.address());
    let cache = cache_at(&server.url());
    server.stop(); // no answer at all, so that it does not depend on who is faster
    computes(&cache, 7).await;
    let said = logs.lines().concat();
    assert!(said.contains("Tokio's clock is paused"), "{said}");
    assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
    server.cont();
}
