use cache_runtime::redis_cache;

fn tags(name: &String) -> Option<(&'static str, &str)> {
    Some(("name", name))
}

#[redis_cache(ttl = 60, key = "a:{id}", tags_with = tags)]
async fn f(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {}
