//! The attributes of functions that change what others have cached.

mod calls;
mod check;
mod expand;
mod kind;
mod model;
mod options;
mod parse;

pub(crate) use kind::Kind;

use crate::key::build::key_of_writer;
use crate::shared::errors::Errors;
use crate::shared::form::{form_of, is_nameable};
use crate::shared::item::{Item, arguments};
use crate::shared::pipeline::Attribute;
use model::Writer;
use options::Options;
use proc_macro2::TokenStream;
use syn::parse_quote;

impl Attribute for Kind {
    type Options = Options;
    type Model = Writer;

    fn name(&self) -> &'static str {
        (*self).name()
    }

    fn bodiless(&self) -> &'static str {
        "writes nothing"
    }

    fn inside(&self) -> &'static str {
        "writes"
    }

    fn parse(&self, tokens: TokenStream, errors: &mut Errors) -> Options {
        parse::parse(*self, tokens, errors)
    }

    fn model(&self, options: Options, item: &Item, errors: &mut Errors) -> Option<Writer> {
        let arguments = arguments(&item.sig);
        let literals = options.keys.iter().flatten();
        let keys =
            literals.filter_map(|key| key_of_writer(key, item, &arguments, errors)).collect();
        let (form, output) = form_of(&item.sig);
        check::names_something(*self, &options, errors);
        if *self == Self::Put {
            check::returns_a_value_to_store(item, &output, errors);
        }
        Some(Writer {
            krate: options.krate.unwrap_or_else(|| parse_quote!(::cache_runtime)),
            form,
            output: Some(output).filter(is_nameable),
            entries: options.entries,
            keys,
            cache: options.cache,
        })
    }

    fn expand(&self, item: &Item, writer: &Writer) -> TokenStream {
        match self {
            Self::Invalidate => expand::invalidating(item, writer),
            Self::Put => expand::putting(item, writer),
        }
    }
}
