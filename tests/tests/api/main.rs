//! What people ask of the cache itself, judged by what is in a real Redis.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

/// The same of every store.
macro_rules! in_both {
    ($test:ident, $body:ident) => {
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_redis() {
                let server = cache_tests::RedisServer::start();
                super::$body(cache_tests::cache_at(&server.url())).await;
            }

            #[tokio::test]
            async fn in_memory() {
                super::$body(cache_tests::in_memory()).await;
            }
        }
    };
}

mod around;
mod conditions;
mod entries;
mod environment;
mod figures;
mod invalidating;
mod lives;
mod naming;
mod rights;
mod servers;
