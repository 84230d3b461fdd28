//! What many entries have in common, invalidated together: for good, or softly.

use cache_examples::Db;
use cache_runtime::{Cache, redis_cache, redis_invalidate};
use std::sync::{Arc, Mutex, PoisonError};

/// Articles, in a slow database.
#[derive(Default)]
struct Shop {
    db: Db,
    articles: Mutex<Vec<String>>,
}

/// As many entries as there are ideas of what to look for, all with one tag.
#[redis_cache(ttl = "5m", key = "search:{text}", tags = ["articles"])]
async fn search(shop: &Shop, text: &str) -> Vec<String> {
    shop.db.query().await;
    let articles = shop.articles.lock().unwrap_or_else(PoisonError::into_inner);
    articles.iter().filter(|name| name.contains(text)).cloned().collect()
}

/// May be old for a while: after a soft invalidation it is served once more, and computed behind.
#[redis_cache(ttl = "5m", key = "count", tags = ["articles"], stale_while_revalidate = "1m")]
async fn count(shop: Arc<Shop>) -> usize {
    shop.db.query().await;
    shop.articles.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// What was found says by which articles it is to be invalidated; none of them is in the arguments.
#[redis_cache(
    ttl = "5m",
    key = "shortest:{count}",
    tags_with = |names| names.iter().map(|name| ("article", name))
)]
async fn shortest(shop: &Shop, count: usize) -> Vec<String> {
    shop.db.query().await;
    let mut articles = shop.articles.lock().unwrap_or_else(PoisonError::into_inner).clone();
    articles.sort_by_key(String::len);
    articles.truncate(count);
    articles
}

/// The articles that this one is among are read anew, and no others.
#[redis_invalidate(tags = ["article:{name}", "articles"])]
async fn remove(shop: &Shop, name: &str) {
    shop.articles.lock().unwrap_or_else(PoisonError::into_inner).retain(|own| own != name);
}

/// One write to the cache, however many searches are cached.
#[redis_invalidate(tags = ["articles"])]
async fn add(shop: &Shop, name: &str) {
    shop.articles.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
}

/// The same, for what need not be seen at once.
#[redis_invalidate(soft_tags = ["articles"])]
async fn add_softly(shop: &Shop, name: &str) {
    shop.articles.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().init();
    cache_examples::cache()?.install()?;
    let shop = Arc::new(Shop::default());

    add(&shop, "tea").await;
    println!("found {:?}, of {}", search(&shop, "te").await, count(shop.clone()).await);
    add(&shop, "teapot").await;
    println!("found {:?}, of {}", search(&shop, "te").await, count(shop.clone()).await);

    println!("the shortest: {:?}", shortest(&shop, 1).await);
    remove(&shop, "teapot").await; // is not among them
    println!("the shortest: {:?}", shortest(&shop, 1).await);
    remove(&shop, "tea").await;
    println!("the shortest: {:?}", shortest(&shop, 1).await);

    add_softly(&shop, "coffee").await;
    println!("the count may be old: {}", count(shop.clone()).await);
    Cache::global().shutdown().await; // waits for what is computed behind
    println!("and is {} now, after {} queries", count(shop.clone()).await, shop.db.queries());

    // By hand, as operators do.
    println!("invalidated: {}", Cache::global().invalidate_tag("articles").await?);
    println!("again: {}", Cache::global().invalidate_tag("articles").await?);
    Ok(())
}
