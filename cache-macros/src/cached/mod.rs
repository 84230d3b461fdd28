//! `#[redis_cache]`: a function that reads through the cache.

pub(crate) mod check;
mod expand;
pub(crate) mod model;
pub(crate) mod options;

use crate::shared::errors::Errors;
use crate::shared::item::Item;
use crate::shared::pipeline::Attribute;
use model::Model;
use options::Args;
use proc_macro2::TokenStream;

/// `#[redis_cache]`.
pub(crate) struct Cached;

impl Attribute for Cached {
    type Options = Args;
    type Model = Model;

    fn name(&self) -> &'static str {
        "redis_cache"
    }

    fn bodiless(&self) -> &'static str {
        "cannot be cached"
    }

    fn inside(&self) -> &'static str {
        "is to be cached"
    }

    fn parse(&self, tokens: TokenStream, errors: &mut Errors) -> Args {
        options::parse(tokens, errors)
    }

    /// There is a model whenever the key and the return type are right, since they tell the
    /// companion's signature.
    fn model(&self, args: Args, item: &Item, errors: &mut Errors) -> Option<Model> {
        let mut model = check::validate(args, item, errors)?;
        // The second one makes the companion.
        model.entry = model.entry && !check::check_once(item, errors);
        Some(model)
    }

    fn expand(&self, item: &Item, model: &Model) -> TokenStream {
        let function = expand::function::function(item, model);
        let companion = expand::companion::companion(item, model);
        [function, companion.unwrap_or_default()].into_iter().collect()
    }

    fn stand_in(&self, item: &Item, model: &Model) -> TokenStream {
        expand::companion::stand_in(item, model).unwrap_or_default()
    }
}
