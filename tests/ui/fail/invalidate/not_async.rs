use cache_runtime::redis_invalidate;

#[redis_invalidate(keys = ["user:{id}"])]
fn update(id: u64) -> u64 {
    id
}

fn main() {
    update(1);
}
