use cache_runtime::redis_cache;

#[redis_cache(ttl = 60, key = "a:{id}", stale_while_revalidate = 30)]
async fn f(id: u64, name: &impl ToString) -> u64 {
    id + name.to_string().len() as u64
}

fn main() {}
