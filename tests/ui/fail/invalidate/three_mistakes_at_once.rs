use cache_runtime::redis_invalidate;

#[redis_invalidate(get_user, keys = ["user:{x}"], version = 2)]
async fn update(id: u64) -> u64 {
    id
}

fn main() {
    drop(update(1));
}
