//! Readers that take `self` as a writer may not have it.

use super::*;
use cache_runtime::observe;
use cache_tests::in_memory;
use std::sync::Arc;

#[derive(Clone, Copy)]
struct Handle {
    tenant: u32,
}

fn cache_of(_: &Arc<Handle>) -> Cache {
    Cache::current()
}

trait Handles {
    async fn in_a_trait(self: Arc<Self>, id: u64) -> u64;
}

impl Handle {
    #[redis_cache(ttl = 60, key = "shared:{self.tenant}:{id}")]
    async fn shared(self: Arc<Self>, id: u64) -> u64 {
        id
    }

    #[redis_cache(ttl = 60, key = "moved:{self.tenant}:{id}")]
    async fn moved(self, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.shared(id), self.moved(id), self.in_a_trait(_))]
    async fn store(&self, id: u64) {
        let _ = id;
    }

    /// Its cache is asked of the `Arc`, so the companion has it too.
    #[redis_cache(ttl = 60, key = "whole:{self.tenant}:{id}", cache = cache_of(&self))]
    async fn whole(self: Arc<Self>, id: u64) -> u64 {
        id
    }

    #[redis_invalidate(self.clone().whole(id), self.shared(id), self.moved(id), self.in_a_trait(_))]
    async fn store_shared(self: Arc<Self>, id: u64) {
        let _ = id;
    }
}

#[redis_cache(ttl = 60)]
impl Handles for Handle {
    #[redis_cache(key = "in_a_trait:{self.tenant}:{id}")]
    async fn in_a_trait(self: Arc<Self>, id: u64) -> u64 {
        id
    }
}

#[tokio::test]
async fn a_writer_that_borrows_names_a_reader_that_takes_an_arc() {
    in_memory()
        .scope(async {
            let handle = Arc::new(Handle { tenant: 1 });
            for shared in [false, true] {
                let all = async || {
                    Arc::clone(&handle).shared(1).await;
                    handle.moved(1).await;
                    Arc::clone(&handle).in_a_trait(1).await;
                    if shared {
                        Arc::clone(&handle).whole(1).await;
                    }
                };
                all().await;
                assert_eq!(observe(all()).await.1.hits, if shared { 4 } else { 3 });
                match shared {
                    false => handle.store(1).await,
                    true => Arc::clone(&handle).store_shared(1).await,
                }
                assert_eq!(observe(all()).await.1.misses, if shared { 4 } else { 3 });
            }
            assert!(handle.shared_entry(1).invalidate().await.unwrap(), "a borrow does");
        })
        .await;
}
