//! Every option, alone and together.
#![deny(warnings)]
#![forbid(unsafe_code)]

use cache_runtime::{Cache, Codec, Json, MessagePack, Postcard, redis_cache};
use std::time::Duration;

type AppResult<T> = Result<T, String>;

const SHORT: Duration = Duration::from_secs(1);

fn life(value: &u64) -> Duration {
    Duration::from_secs(*value)
}

fn is_even(value: &u64) -> bool {
    value.is_multiple_of(2)
}

#[redis_cache(ttl = 300)]
async fn seconds(id: u64) -> u64 {
    id
}

#[redis_cache(
    ttl = "1h 30m",
    jitter = 1,
    version = 0,
    max_size = 1024,
    verify = true,
    entry = true
)]
async fn together(id: u64) -> AppResult<u64> {
    Ok(id)
}

#[redis_cache(
    ttl = SHORT,
    key = "b:{id}",
    jitter = 0.25,
    version = 18,
    none_ttl = "500ms",
    cache_if = is_even,
    max_size = "10 KiB",
    verify = false,
    codec = MessagePack,
)]
async fn all(id: u64, _other: &str) -> AppResult<Option<u64>> {
    Ok(Some(id))
}

#[redis_cache(key = "x:{id}", err_ttl = SHORT, codec = MessagePack)]
async fn errors_too(id: u64) -> Result<Option<u64>, (u64, String)> {
    Err((id, String::new()))
}

#[redis_cache(key = "w:{id}", when = !other.is_empty() || { id > 1 })]
async fn where_it_holds(id: u64, other: String) -> String {
    other + &id.to_string()
}

#[redis_cache(ttl = Duration::from_secs(other.len() as u64), key = "u:{id}")]
async fn ttl_of_an_argument_outside_of_the_key(id: u64, other: &str) -> u64 {
    id + other.len() as u64
}

#[redis_cache(ttl = 5, single_flight = "cluster")]
async fn shared_by_all(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 5, single_flight = "process")]
async fn shared_here(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 5, single_flight = "off")]
async fn shared_by_nobody(id: u64) -> u64 {
    id
}

#[redis_cache(ttl_setting = "users", none_ttl = SHORT, cache_if = |value| *value > 5)]
async fn setting(id: u64) -> Option<u64> {
    Some(id)
}

#[redis_cache(ttl_with = life, codec = Postcard, version = 1)]
async fn from_the_value(id: u64) -> std::io::Result<u64> {
    Ok(id)
}

#[redis_cache(ttl_with = |value: &u64| Duration::from_secs(*value), codec = cache_runtime::Json)]
async fn from_the_value_by_closure(id: u64) -> u64 {
    id
}

struct Service<C> {
    cache: Cache,
    codec: std::marker::PhantomData<C>,
}

impl<C: Codec> Service<C> {
    #[redis_cache(key = "s:{id}", cache = self.cache, codec = Json, skip(Self), crate = ::cache_runtime)]
    async fn find(&self, id: u64) -> u64 {
        let _ = &self.codec;
        id
    }
}

mod renamed {
    pub use cache_runtime as rt;
}

#[redis_cache(crate = crate::options::renamed::rt)]
async fn elsewhere(id: u64) -> u64 {
    id
}

#[derive(cache_runtime::CacheKey)]
#[cache_key(crate = renamed::rt)]
struct Elsewhere(u64);

#[redis_cache(
    key = "t:{at:bucket(1h)}|{name:hash}/{name:lower}:{name:upper}:{price:display}:{{{id.0}}}:x"
)]
async fn transforms(at: u64, name: &str, price: f32, id: (u64, u64)) -> u64 {
    let _ = (name, price);
    at + id.1
}

#[redis_cache(key = "constant")]
async fn no_argument_takes_part(at: u64) -> u64 {
    at
}

#[test]
fn each_form_compiles() {
    let _ = (seconds_entry(1), together_entry(1), all_entry(1), setting_entry(1));
    let _ = (ttl_of_an_argument_outside_of_the_key_entry(1), from_the_value_entry(1));
    let _ = (
        from_the_value_by_closure_entry(1),
        elsewhere_entry(1),
        transforms_entry(1, "", 1.0, (1, 2)),
    );
    let _ = (shared_by_all_entry(1), shared_here_entry(1), shared_by_nobody_entry(1));
    let _ = (no_argument_takes_part_entry(), Elsewhere(1));
    let _ = Service::<Json>::find;
}
