use cache_runtime::redis_cache;

pub struct Customer;

fn tags(_: &u64) -> Vec<(&'static str, Customer)> {
    vec![("customer", Customer)]
}

#[redis_cache(ttl = 60, key = "a:{id}", tags_with = tags)]
async fn f(id: u64) -> u64 {
    id
}

fn main() {}
