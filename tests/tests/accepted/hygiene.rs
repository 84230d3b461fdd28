//! No name of the user's meets one of ours, in arguments, types or modules.
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code)]

use cache_runtime::redis_cache;

mod core {}
mod std {}
mod cache_runtime_inner {}

struct Option;
struct Result;
struct Call;
struct Plan;
struct Duration;
struct Function;
fn call() {}
fn plan() {}
fn __item() {}

#[redis_cache(
    ttl = ::std::time::Duration::from_secs(ttl),
    key = "h:{key}:{cache}:{ttl}:{call}:{body}:{plan}:{__key}"
)]
async fn arguments(
    key: u32,
    cache: u32,
    ttl: u64,
    call: u32,
    body: u32,
    plan: u32,
    __key: u32,
) -> u32 {
    let entry = key + cache + call + body + plan + __key;
    entry + u32::try_from(ttl).unwrap_or(0)
}

#[redis_cache]
async fn default_key(function: u32, render: u32, shape: u32, __body: u32, __never: u32) -> u32 {
    let __codec = function;
    __codec + render + shape + __body + __never
}

#[redis_cache(key = "s:{ttl}")]
async fn shadowed(ttl: u32) -> u32 {
    let ttl = ttl + 1;
    let __key = ttl;
    __key
}

macro_rules! with_hygiene {
    ($name:ident) => {
        #[redis_cache]
        async fn $name(id: u32) -> u32 {
            id
        }
    };
}

with_hygiene!(made);

#[test]
fn each_form_compiles() {
    let _ = (arguments_entry(1, 2, 3, 4, 5, 6, 7), default_key_entry(1, 2, 3, 4, 5));
    let _ = (shadowed_entry(1), made_entry(1));
}
