use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "list:{tenant}:{page}")]
async fn list(tenant: &str, page: u32) -> u32 {
    page + tenant.len() as u32
}

#[redis_invalidate(list(tenant, page(_)))]
async fn update(tenant: &str) -> usize {
    tenant.len()
}

fn main() {
    drop(update("x"));
}
