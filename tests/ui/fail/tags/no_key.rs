use cache_runtime::redis_cache;

#[redis_cache(key = "page:{org_id}", tags = ["at:{at}"])]
async fn page(org_id: u64, at: std::time::Instant) -> u64 {
    org_id
}

fn main() {}
