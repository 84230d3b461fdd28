use cache_runtime::redis_cache;

#[redis_cache(key = "page:{org_id}:{page}", tags = [org_id, "all"])]
async fn page(org_id: u64, page: u64) -> u64 {
    org_id + page
}

fn main() {}
