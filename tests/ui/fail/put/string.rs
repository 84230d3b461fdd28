use cache_runtime::redis_put;

#[redis_put("user:{id}")]
async fn update(id: u64) -> u64 {
    id
}

fn main() {
    drop(update(1));
}
