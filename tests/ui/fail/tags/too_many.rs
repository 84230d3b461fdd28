use cache_runtime::redis_cache;

#[redis_cache(key = "page:{org_id}:{page}", tags = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"])]
async fn page(org_id: u64, page: u64) -> u64 {
    org_id + page
}

fn main() {}
