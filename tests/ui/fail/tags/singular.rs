use cache_runtime::redis_cache;

#[redis_cache(key = "page:{org_id}:{page}", tag = ["org:{org_id}"])]
async fn page(org_id: u64, page: u64) -> u64 {
    org_id + page
}

fn main() {}
