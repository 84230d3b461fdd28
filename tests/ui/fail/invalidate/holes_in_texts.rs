use cache_runtime::redis_invalidate;

#[redis_invalidate(keys = ["list:_", "list:{tenant}:{_}", "list:*", "snake_case:{tenant}"], tags = ["org:_", "snake_case:{tenant}"])]
async fn save(tenant: u64) -> u64 {
    tenant
}

fn main() {}
