use cache_runtime::{redis_cache, redis_invalidate};

#[redis_cache(key = "user:{tenant}:{id}")]
async fn get_user(tenant: &str, id: u64) -> u64 {
    id + tenant.len() as u64
}

#[redis_invalidate(get_user(&tenant, *result))]
async fn update(tenant: String) -> u64 {
    drop(tenant);
    1
}

fn main() {
    drop(update(String::new()));
}
