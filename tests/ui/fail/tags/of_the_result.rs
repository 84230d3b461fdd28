use cache_runtime::redis_cache;

#[redis_cache(key = "order:{id}", tags = ["customer:{result.customer}"])]
async fn order(id: u64) -> u64 {
    id
}

#[redis_cache(key = "line:{result.order}:{id}")]
async fn line(id: u64) -> u64 {
    id
}

fn main() {}
