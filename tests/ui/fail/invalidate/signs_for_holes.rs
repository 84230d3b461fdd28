//! What other languages write for an argument that may be anything.

use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "list:{tenant}:{page}")]
async fn list(tenant: u64, page: u64) -> u64 {
    tenant + page
}

#[redis_invalidate(list(tenant, *))]
async fn by_star(tenant: u64) -> u64 {
    tenant
}

#[redis_invalidate(self::list(?, page))]
async fn by_question_mark(page: u64) -> u64 {
    page
}

#[redis_invalidate(list(%, ..), list(tenant, **))]
async fn by_several(tenant: u64) -> u64 {
    tenant
}

fn main() {
    drop(list(1, 2));
}
