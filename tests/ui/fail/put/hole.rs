use cache_runtime::{redis_cache, redis_put};

#[redis_cache(key = "list:{tenant}:{page}")]
async fn list(tenant: &str, page: u32) -> u32 {
    page + tenant.len() as u32
}

#[redis_put(list(tenant, _))]
async fn update(tenant: &str) -> u32 {
    tenant.len() as u32
}

fn main() {
    drop(update("x"));
}
