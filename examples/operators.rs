//! What operators ask: what is there, what does it do, and take this out.

use cache_runtime::redis_cache;

mod shop {
    use super::redis_cache;

    #[redis_cache(ttl = 60, key = "user:{id}")]
    pub(super) async fn user(id: u64) -> String {
        format!("user {id}")
    }

    #[redis_cache(ttl = 60, jitter = 0.2, key = "user:{id}:orders")]
    pub(super) async fn orders(id: u64) -> Vec<u64> {
        vec![id, id + 1]
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cache = cache_examples::cache()?;
    cache.install()?;
    cache.clear().await?;

    for id in 0..5 {
        shop::user(id).await;
        shop::orders(id).await;
        shop::user(id).await;
    }

    println!("status {:?}, keys {}", cache.health().await, cache.count_keys().await?);
    for function in cache_runtime::functions() {
        let counts = function.counts;
        println!(
            "{} {:?} {:?}: {} hits, {} misses",
            function.path, function.key, function.options, counts.hits, counts.misses
        );
    }
    println!("one key:          {}", cache.invalidate("user:3").await?);
    println!("a pattern:        {}", cache.invalidate_matching("user:[12]").await?);
    println!("one function:     {}", cache.invalidate_function("operators.shop.orders").await?);
    println!("everything left:  {}", cache.clear().await?);
    println!("an empty pattern: {}", cache.invalidate_matching("").await.expect_err("refused"));
    println!("{}", serde_json::to_string_pretty(&cache.stats().await)?);
    Ok(())
}
