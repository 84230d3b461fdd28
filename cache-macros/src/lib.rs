//! The macros of `cache-runtime`.

mod args;
mod companion;
mod derive;
mod errors;
mod expand;
mod key;
mod model;
mod suggest;
mod template;
mod validate;
mod values;

use errors::Errors;
use proc_macro::TokenStream;

/// TODO
#[proc_macro_attribute]
pub fn redis_cache(options: TokenStream, item: TokenStream) -> TokenStream {
    cached(options.into(), item.into()).into()
}

/// TODO
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
    let args = args::parse(options, &mut errors);
    let item = match syn::parse2::<model::Item>(tokens.clone()) {
        Ok(item) => item,
        Err(_) => {
            errors.push(model::not_a_function(tokens.clone()));
            return [errors.into_tokens(), tokens].into_iter().collect();
        }
    };
    let model = validate::validate(args, &item, &mut errors);
    match model {
        Some(model) if errors.is_empty() => {
            let function = expand::function(&item, &model);
            [function, companion::companion(&item, &model).unwrap_or_default()]
                .into_iter()
                .collect()
        }
        model => {
            let stand_in = model.and_then(|model| companion::stand_in(&item, &model));
            [errors.into_tokens(), tokens, stand_in.unwrap_or_default()].into_iter().collect()
        }
    }
}
