use cache_runtime::redis_invalidate;

#[redis_invalidate(pattern = "list:*", all_entries = true, ttl = 5, group = "org:{tenant}")]
async fn save(tenant: u64) -> u64 {
    tenant
}

fn main() {}
