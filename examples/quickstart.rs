//! The tour: a miss and a hit, a method, invalidation, Redis out of reach, and the counters.
//!
//! ```text
//! cargo run --example quickstart                                   # a store inside the process
//! REDIS_URL=redis://localhost cargo run --example quickstart       # a real Redis
//! ```

use cache_examples::Db;
use cache_runtime::{Cache, redis_cache};
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct User {
    id: u64,
    name: String,
}

#[derive(Debug)]
struct NoSuchUser;

#[redis_cache(ttl = "5m", key = "user:{id}")]
async fn get_user(db: &Db, id: u64) -> Result<User, NoSuchUser> {
    db.query().await;
    if id == 0 { Err(NoSuchUser) } else { Ok(User { id, name: format!("user {id}") }) }
}

struct Shop {
    tenant: String,
    db: Db,
}

impl Shop {
    #[redis_cache(ttl = 60, key = "{self.tenant}:orders:{user}")]
    async fn orders(&self, user: u64) -> Vec<String> {
        self.db.query().await;
        vec![format!("{}: a book for user {user}", self.tenant)]
    }
}

async fn timed<T>(what: &str, call: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let (value, observed) = cache_runtime::observe(call).await;
    let came_from = match (observed.hits, observed.misses, observed.bypassed) {
        (1, _, _) => "hit",
        (_, 1, _) => "miss",
        (_, _, 1) => "bypass",
        _ => "?",
    };
    println!("  {what:<34} {came_from:<7} {:>9.3} ms", started.elapsed().as_secs_f64() * 1e3);
    value
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cache = cache_examples::cache()?;
    cache.install()?;
    let where_to = match (cache.health().await, std::env::var_os("REDIS_URL")) {
        (status, Some(_)) => format!("the Redis of REDIS_URL ({status:?})"),
        (_, None) => "a store inside this process (set REDIS_URL for a real Redis)".to_owned(),
    };
    println!("Cached functions over {where_to}\n");
    cache.clear().await.ok();
    let db = Db::default();

    println!("A function");
    timed("get_user(7)", get_user(&db, 7)).await.ok();
    let user = timed("get_user(7) again", get_user(&db, 7)).await;
    println!("  -> {user:?}");
    timed("get_user(0), an Err, is not stored", get_user(&db, 0)).await.ok();
    timed("get_user(0) again", get_user(&db, 0)).await.ok();

    println!("\nA method; what of self matters is in the key");
    let shop = Shop { tenant: "north".into(), db: Db::default() };
    timed("north.orders(7)", shop.orders(7)).await;
    timed("north.orders(7) again", shop.orders(7)).await;
    println!("  -> key {}", shop.orders_entry(7).key()?);

    println!("\nInvalidation");
    println!(
        "  get_user_entry(7).invalidate()     had a value: {:?}",
        get_user_entry(7).invalidate().await
    );
    timed("get_user(7)", get_user(&db, 7)).await.ok();
    println!(
        "  invalidate_matching(\"user:*\")      values removed: {:?}",
        cache.invalidate_matching("user:*").await
    );

    println!("\nA hundred callers at once, one query");
    let before = db.queries();
    let started = Instant::now();
    let callers = (0..100).map(|_| get_user(&db, 8));
    let users = futures_util::future::join_all(callers).await;
    println!(
        "  {} answers, {} query, {:.0} ms",
        users.len(),
        db.queries() - before,
        started.elapsed().as_secs_f64() * 1e3
    );

    println!("\nRedis out of reach (nobody listens on that port): the function runs");
    let nowhere = Cache::builder()
        .url("redis://127.0.0.1:1")
        .prefix("example")
        .timeout(Duration::from_millis(250))
        .build()?;
    nowhere
        .scope(async {
            timed("get_user(7)", get_user(&db, 7)).await.ok();
            timed("get_user(7) again", get_user(&db, 7)).await.ok();
        })
        .await;
    println!(
        "  -> ping: {}",
        nowhere.ping().await.map_or_else(|e| e.to_string(), |()| "pong".into())
    );

    println!("\nThe counters");
    let stats = cache.stats().await;
    let total = stats.process.total;
    println!(
        "  this cache, {:?}: {} hits, {} misses, {} shared another's computation, hit rate {:.0} %, \
         {} keys",
        stats.status,
        total.hits,
        total.misses,
        total.coalesced,
        stats.process.hit_rate.unwrap_or_default(),
        cache.count_keys().await.unwrap_or_default(),
    );
    println!("  each function, through both caches:");
    for function in &stats.process.functions {
        let counts = function.counts;
        println!("    {:<28} {} hits, {} misses", function.path, counts.hits, counts.misses);
    }
    cache.clear().await.ok();
    Ok(())
}
