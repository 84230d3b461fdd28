//! The macros of [`cache-runtime`](https://docs.rs/cache-runtime), which re-exports them: depend on
//! that crate, not on this one.
//!
//! Inside: `cached::options` reads an attribute's syntax, `cached::check` (with `key` and the values in
//! `shared`) judges it against the function and makes a `cached::model`, `cached::expand` writes code
//! from that. Mistakes are collected in `shared::errors` and reported together.

mod cached;
mod derive;
mod key;
mod shared;
mod writers;

use proc_macro::TokenStream;
use shared::errors::Errors;

#[doc = include_str!("../docs/redis_cache.md")]
#[doc = include_str!("../docs/options/redis_cache.md")]
#[doc = include_str!("../docs/redis_cache_details.md")]
#[proc_macro_attribute]
pub fn redis_cache(options: TokenStream, item: TokenStream) -> TokenStream {
    cached(options.into(), item.into()).into()
}

#[doc = include_str!("../docs/redis_invalidate.md")]
#[doc = include_str!("../docs/options/redis_invalidate.md")]
#[proc_macro_attribute]
pub fn redis_invalidate(options: TokenStream, item: TokenStream) -> TokenStream {
    writers::invalidate(options.into(), item.into()).into()
}

#[doc = include_str!("../docs/redis_put.md")]
#[doc = include_str!("../docs/options/redis_put.md")]
#[proc_macro_attribute]
pub fn redis_put(options: TokenStream, item: TokenStream) -> TokenStream {
    writers::put(options.into(), item.into()).into()
}

#[doc = include_str!("../docs/cache_key.md")]
#[proc_macro_derive(CacheKey, attributes(cache_key))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    derive::derive(item.into()).into()
}

/// Parse, then check, then write; with a mistake the function stays as it was, so that nothing
/// else is an error because of it.
fn cached(
    options: proc_macro2::TokenStream,
    tokens: proc_macro2::TokenStream,
) -> proc_macro2::TokenStream {
    let mut errors = Errors::default();
    let args = cached::options::parse(options, &mut errors);
    let item = match syn::parse2::<shared::item::Item>(tokens.clone()) {
        Ok(item) => item,
        Err(_) => {
            errors.push(cached::model::not_a_function(tokens.clone()));
            return [errors.into_tokens(), tokens].into_iter().collect();
        }
    };
    let model = cached::check::validate(args, &item, &mut errors);
    if model.as_ref().is_some_and(|model| model.entry)
        && cached::check::check_once(&item, &mut errors)
    {
        // The second one makes the companion.
        return [errors.into_tokens(), tokens].into_iter().collect();
    }
    match model {
        Some(model) if errors.is_empty() => {
            let function = cached::expand::function::function(&item, &model);
            [function, cached::expand::companion::companion(&item, &model).unwrap_or_default()]
                .into_iter()
                .collect()
        }
        model => {
            let stand_in =
                model.and_then(|model| cached::expand::companion::stand_in(&item, &model));
            [errors.into_tokens(), tokens, stand_in.unwrap_or_default()].into_iter().collect()
        }
    }
}
