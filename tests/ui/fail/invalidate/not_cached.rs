use cache_runtime::redis_invalidate;

fn get_user_entry(id: u64) -> u64 {
    id
}

#[redis_invalidate(get_user(id))]
async fn update(id: u64) -> u64 {
    id
}

fn main() {
    drop(update(1));
}
