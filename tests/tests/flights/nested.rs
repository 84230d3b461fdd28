//! A body that calls what is being computed, by itself or by way of another, does not wait for
//! itself: it computes beside, and stores nothing.

use cache_runtime::{Cache, redis_cache};
use cache_tests::{RedisServer, Runs, builder_at};
use std::pin::Pin;
use std::time::Duration;

/// A cache that waits for others for longer than any test may take.
fn patient(url: &str) -> Cache {
    builder_at(url).wait(Duration::from_secs(600)).build().unwrap()
}

#[redis_cache(ttl = 60, key = "itself:{id}")]
async fn itself(runs: &Runs, id: u64) -> u64 {
    // The key is the same, whatever else there is to tell the two calls apart.
    if runs.one_more() == 1 { Box::pin(itself(runs, id)).await + 1 } else { id }
}

#[redis_cache(ttl = 60, key = "a:{id}")]
async fn a(runs: &Runs, id: u64) -> u64 {
    if runs.one_more() == 1 { Box::pin(b(runs, id)).await + 1 } else { id }
}

#[redis_cache(ttl = 60, key = "b:{id}", single_flight = "process")]
async fn b(runs: &Runs, id: u64) -> u64 {
    a(runs, id).await + 10
}

#[redis_cache(ttl = 60, key = "plain:{id}")]
fn plain(runs: &Runs, id: u64) -> u64 {
    if runs.one_more() == 1 { plain(runs, id) + 1 } else { id }
}

#[redis_cache(ttl = 60, key = "refreshed:{id}", stale_while_revalidate = "60s")]
async fn refreshed(runs: Runs, id: u64) -> u64 {
    if runs.one_more() == 1 { refreshed_again(runs, id).await + 1 } else { id }
}

fn refreshed_again(runs: Runs, id: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(refreshed(runs, id))
}

#[tokio::test]
async fn a_body_that_calls_itself_computes_at_once() {
    let server = RedisServer::start();
    for url in ["memory://", &server.url()] {
        let cache = patient(url);
        let scope = cache.scope(async {
            assert_eq!(itself(&Runs::default(), 7).await, 8);
            // The outer one is stored, and nothing of the inner one.
            assert_eq!(itself_entry(7).get().await.unwrap(), Some(8));
            assert_eq!(a(&Runs::default(), 7).await, 7 + 10 + 1);
            assert_eq!(a_entry(7).get().await.unwrap(), Some(18));
            assert_eq!(refreshed(Runs::default(), 7).await, 8);
            assert_eq!(plain(&Runs::default(), 7), 8);
            assert_eq!(plain_entry(7).get().await.unwrap(), Some(8));
        });
        tokio::time::timeout(Duration::from_secs(60), scope).await.unwrap();
    }
}

#[tokio::test]
async fn calls_beside_each_other_in_one_body_still_share() {
    let cache = patient("memory://");
    let runs = Runs::default();
    let both = cache.scope(async { tokio::join!(b(&runs, 1), b(&runs, 1)) }).await;
    assert_eq!(both.0, both.1);
}
