use cache_runtime::redis_invalidate;

#[redis_invalidate(tag = ["org:{org_id}"])]
async fn write(org_id: u64) -> u64 {
    org_id
}

fn main() {}
