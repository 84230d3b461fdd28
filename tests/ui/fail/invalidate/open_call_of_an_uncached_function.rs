use cache_runtime::redis_invalidate;

async fn list(page: u32) -> u32 {
    page
}

#[redis_invalidate(list(_))]
async fn add() {
    list(1).await;
}

fn main() {}
