use cache_runtime::redis_cache;

#[redis_cache(key = "name:{id}")]
async fn name(id: u64) -> Option<&'static str> {
    (id == 1).then_some("one")
}

fn main() {}
