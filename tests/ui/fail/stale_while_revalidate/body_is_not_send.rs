use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", stale_while_revalidate = 30)]
async fn f(id: u64) -> u64 {
    let local = std::rc::Rc::new(id);
    tokio::task::yield_now().await;
    *local
}

fn main() {}
