//! `#[redis_cache]`: a function that reads through the cache.

mod batch;
pub(crate) mod block;
mod check;
mod codec;
mod elsewhere;
pub(crate) mod expand;
mod list;
mod model;
pub(crate) mod options;
mod own;
mod parse;
mod values;

use crate::key::build::{Template, Types, key_of_reader, tags};
use crate::shared::errors::Errors;
use crate::shared::form::{form_of, is_async_trait, is_awaited_once};
use crate::shared::item::{Item, arguments};
use crate::shared::pipeline::Attribute;
use model::{Background, Model};
use options::Options;
use proc_macro2::TokenStream;
use syn::parse_quote;

/// `#[redis_cache]`.
pub(crate) struct Cached;

impl Attribute for Cached {
    type Options = Options;
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

    fn parse(&self, tokens: TokenStream, errors: &mut Errors) -> Options {
        parse::parse(tokens, errors)
    }

    /// There is a model whenever the key and the return type are right, since they tell the
    /// companion's signature.
    fn model(&self, options: Options, item: &Item, errors: &mut Errors) -> Option<Model> {
        let (form, output) = form_of(&item.sig);
        let arguments = arguments(&item.sig);
        let batch = batch::find(&options, item, (form, &output), &arguments.bindings, errors);
        let background = match options.given.has("batch") {
            false => Background::new(&options, item),
            true => None,
        };
        let is_cacheable = is_awaited_once(&item.sig, errors)
            && check::returns_an_owned_value(item, &output, errors)
            && (batch.is_none() || batch::returns_a_map(&output, errors));
        let template = match &options.key {
            // Which placeholder is a member is not known, and that is an error already.
            Some(_) if options.given.has("batch") && batch.is_none() => Template::Unreadable,
            Some(literal) => Template::Written(literal),
            None if options.given.has("key") => Template::Unreadable,
            None if options.given.has("batch") => Template::Unreadable,
            None => Template::Default,
        };
        let member = batch.as_ref().map(|batch| &batch.member);
        let types = Types { skip: &options.skip, open: &options.open };
        let key = key_of_reader(template, types, item, &arguments, member, errors);
        // What is a member of an unknown list is not known either, and that is an error already.
        let is_known = batch.is_some() || !options.given.has("batch");
        let tags = match options.tags.as_deref().filter(|_| is_known) {
            Some(literals) => tags(literals.iter(), item, &arguments, member, errors),
            None => Vec::new(),
        };
        if let Some(batch) = &batch {
            batch::tags_are_of_members(batch, options.tags.iter().flatten(), errors);
        }
        check::check(&options, item, form, &arguments.bindings, background.as_ref(), errors);
        // A trait's `impl` cannot hold the companion.
        let companion = options.makes_companion()
            && options.beside.is_none()
            && check::makes_the_only_companion(item, errors)
            && !is_async_trait(&item.sig);
        let krate = options.krate.clone().unwrap_or_else(|| parse_quote!(::cache_runtime));
        let key = key.filter(|_| is_cacheable)?;
        Some(Model {
            nth: options.beside.unwrap_or_else(model::next),
            krate,
            form,
            output,
            bindings: arguments.bindings,
            key,
            tags,
            batch,
            background,
            companion,
            has_self: item.has_self(),
            options,
        })
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
