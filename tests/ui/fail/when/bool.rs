use cache_runtime::redis_cache;

#[redis_cache(key = "f:{id}", when = true)]
async fn f(id: u64) -> u64 {
    id
}

fn main() {
    drop(f(1));
}
