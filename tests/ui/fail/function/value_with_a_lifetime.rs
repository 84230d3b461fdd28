use cache_runtime::redis_cache;

#[derive(serde::Serialize, serde::Deserialize)]
struct Name<'a> {
    first: &'a str,
}

#[redis_cache]
async fn name<'a>(first: &'a str) -> Name<'a> {
    Name { first }
}

#[redis_cache]
fn names(first: &str) -> Result<Vec<(u64, Name<'_>)>, std::num::ParseIntError> {
    Ok(vec![(first.parse()?, Name { first })])
}

fn main() {}
