//! A placeholder without a name, and its value behind the template, as `format!` has them.

use cache_runtime::redis_cache;

struct Page {
    number: u64,
}

#[redis_cache(ttl = 60, key = "user:{}", id)]
async fn one(id: u64) -> u64 {
    id
}

#[redis_cache(key = "list:{}:{}", tenant, page.number, ttl = 60)]
async fn two(tenant: u64, page: Page) -> u64 {
    tenant + page.number
}

fn main() {}
