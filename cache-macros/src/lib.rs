//! The macros of [`cache-runtime`](https://docs.rs/cache-runtime), which re-exports them: depend on
//! that crate, not on this one.

mod cached;
mod derive;
mod key;
mod shared;
mod writers;

use proc_macro::TokenStream;
use shared::pipeline::run;

#[doc = include_str!("../docs/redis_cache.md")]
#[doc = include_str!("../docs/options/redis_cache.md")]
#[doc = include_str!("../docs/redis_cache_details.md")]
#[proc_macro_attribute]
pub fn redis_cache(options: TokenStream, item: TokenStream) -> TokenStream {
    let (options, item) = (options.into(), item.into());
    if cached::block::is_block(&item) {
        return cached::block::expand(options, item).into();
    }
    run(&cached::Cached, options, item).into()
}

#[doc = include_str!("../docs/redis_invalidate.md")]
#[doc = include_str!("../docs/options/redis_invalidate.md")]
#[proc_macro_attribute]
pub fn redis_invalidate(options: TokenStream, item: TokenStream) -> TokenStream {
    run(&writers::Kind::Invalidate, options.into(), item.into()).into()
}

#[doc = include_str!("../docs/redis_put.md")]
#[doc = include_str!("../docs/options/redis_put.md")]
#[proc_macro_attribute]
pub fn redis_put(options: TokenStream, item: TokenStream) -> TokenStream {
    run(&writers::Kind::Put, options.into(), item.into()).into()
}

#[doc = include_str!("../docs/cache_key.md")]
#[proc_macro_derive(CacheKey, attributes(cache_key))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    derive::derive(item.into()).into()
}
