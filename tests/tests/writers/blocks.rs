//! Which cache a writer reaches inside an `impl` whose methods have one of their own.

use super::*;
use async_trait::async_trait;
use cache_tests::{Runs, in_memory};

#[async_trait]
trait Members {
    async fn list(&self, org: u64) -> u64;
    async fn join(&self, org: u64);
    async fn leave(&self, org: u64) -> Option<u64>;
    async fn rename(&self, org: u64) -> Result<u64, String>;
    async fn elsewhere(&self, other: &Cache, org: u64);
    async fn nowhere(org: u64);
}

struct Own {
    cache: Cache,
    runs: Runs,
}

/// Of whatever cache is around.
#[redis_cache(ttl = 60, key = "free:{org}")]
async fn free(org: u64) -> u64 {
    org
}

#[redis_cache(cache = self.cache, ttl = "5m")]
#[async_trait]
impl Members for Own {
    #[redis_cache(key = "list:{org}", tags = ["org:{org}"])]
    async fn list(&self, org: u64) -> u64 {
        self.runs.one_more();
        org
    }

    #[redis_invalidate(tags = ["org:{org}"])]
    async fn join(&self, org: u64) {
        let _ = org;
    }

    #[redis_invalidate(free(*result), soft_tags = ["org:{result}"],)]
    async fn leave(&self, org: u64) -> Option<u64> {
        Some(org)
    }

    #[redis_invalidate(free(org), keys = ["list:{org}"])]
    async fn rename(&self, org: u64) -> Result<u64, String> {
        Ok(org)
    }

    #[redis_invalidate(tags = ["org:{org}"], cache = other)]
    async fn elsewhere(&self, other: &Cache, org: u64) {
        let _ = (other, org);
    }

    /// There is no `self` to ask for its cache.
    #[redis_invalidate(tags = ["org:{org}"])]
    async fn nowhere(org: u64) {
        let _ = org;
    }
}

#[tokio::test]
async fn keys_and_tags_are_of_the_cache_of_the_block_and_calls_of_their_functions() {
    let (around, own) = (in_memory(), Own { cache: in_memory(), runs: Runs::default() });
    around
        .scope(async {
            let computed = async || {
                let before = own.runs.count();
                assert_eq!(own.list(7).await, 7);
                own.runs.count() - before
            };
            let free_is_there = async || free_entry(7).get().await.unwrap().is_some();
            assert_eq!((computed().await, computed().await), (1, 0));

            own.join(7).await;
            assert_eq!((computed().await, computed().await), (1, 0), "a tag");

            free(7).await;
            own.leave(7).await;
            assert_eq!((computed().await, computed().await), (1, 0), "a tag of the result");
            assert!(!free_is_there().await, "and a function with the cache around");

            free(7).await;
            own.rename(7).await.unwrap();
            assert_eq!((computed().await, computed().await), (1, 0), "a key");
            assert!(!free_is_there().await);

            own.elsewhere(&around, 7).await;
            assert_eq!(computed().await, 0, "the writer has said another one");
            Own::nowhere(7).await;
            assert_eq!(computed().await, 0);
        })
        .await;
}
