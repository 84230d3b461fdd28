use cache_runtime::redis_cache;

#[redis_cache(ttl = 0, key = "user:{id}")]
async fn user(id: u64) -> u64 {
    id
}

#[allow(dead_code)]
fn caller() {
    let _entry = user_entry(7);
}

fn main() {}
