//! What is stored, and for how long.

use cache_runtime::{TimedOut, redis_cache};
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Quote {
    price: f64,
    final_for_today: bool,
}

/// A quote that no longer moves can be kept for longer.
fn life_of(quote: &Quote) -> Duration {
    Duration::from_secs(if quote.final_for_today { 3600 } else { 2 })
}

#[redis_cache(ttl_with = life_of, jitter = 0.1, key = "quote:{symbol:upper}")]
async fn quote(symbol: &str) -> Quote {
    Quote { price: symbol.len() as f64 * 1.5, final_for_today: symbol == "old" }
}

/// Both a user and the absence of one are cached, the latter for five seconds.
#[redis_cache(ttl = "10m", none_ttl = 5, key = "user:{id}")]
async fn find_user(id: u64) -> Result<Option<String>, std::io::Error> {
    Ok((id < 100).then(|| format!("user {id}")))
}

/// Only complete reports are stored, and none of more than 64 KiB.
#[redis_cache(ttl_setting = "reports", cache_if = |lines| !lines.is_empty(), max_size = "64kb", key = "report:{day}")]
async fn report(day: u32) -> Vec<String> {
    (0..day).map(|n| format!("line {n}")).collect()
}

/// What a provider may answer late or never. A busy currency is refreshed before its minute is
/// over; for an hour after it an old rate is better than a slow one, and any rate than none.
#[redis_cache(
    ttl = "1m",
    key = "rate:{currency}",
    early_refresh,
    stale_if_error = "1h",
    soft_timeout = "200ms",
    hard_timeout = "500ms"
)]
async fn rate(currency: &str) -> Result<f64, RateError> {
    if currency == "slow" {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(1.08)
}

#[derive(Debug)]
struct RateError(TimedOut);

impl From<TimedOut> for RateError {
    fn from(late: TimedOut) -> Self {
        Self(late)
    }
}

/// The arguments may say how long.
#[redis_cache(ttl = if live { Duration::from_secs(1) } else { Duration::from_secs(600) }, key = "score:{game}")]
async fn score(game: u32, live: bool) -> (u32, u32) {
    (game, u32::from(live))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cache = cache_examples::cache()?;
    cache.install()?;

    quote("old").await;
    quote("new").await;
    println!(
        "old quote: {:?}, new quote: {:?}",
        quote_entry("old").ttl().await?,
        quote_entry("new").ttl().await?
    );

    find_user(7).await?;
    find_user(700).await?;
    println!(
        "user 7: {:?}, nobody: {:?}",
        find_user_entry(7).ttl().await?,
        find_user_entry(700).ttl().await?
    );

    report(0).await;
    report(3).await;
    println!(
        "empty report: {:?}, report: {:?}",
        report_entry(0).ttl().await?,
        report_entry(3).ttl().await?
    );

    println!("rate: {:?}", rate("EUR").await);
    if let Err(RateError(late)) = rate("slow").await {
        println!("slow rate: {late}");
    }
    cache.shutdown().await; // the slow body has gone on
    println!("slow rate, a second later: {:?}", rate("slow").await);

    score(1, true).await;
    score(2, false).await;
    println!("live: {:?}, over: {:?}", score_entry(1).ttl().await?, score_entry(2).ttl().await?);

    // A companion's `put` cannot know a TTL that depends on an argument outside the key.
    println!("put: {}", score_entry(3).put(&(1, 1)).await.expect_err("its TTL is unknown"));
    println!("put_for: {}", score_entry(3).put_for(&(1, 1), Duration::from_secs(5)).await?);
    Ok(())
}
