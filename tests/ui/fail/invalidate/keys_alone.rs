use cache_runtime::redis_invalidate;

#[redis_invalidate(keys)]
async fn update(id: u64) -> u64 {
    id
}

fn main() {
    drop(update(1));
}
