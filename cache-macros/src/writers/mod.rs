//! The attributes of functions that change what others have cached.

mod calls;
mod check;
mod expand;
mod kind;
mod missing;
mod model;
mod options;
mod parse;
mod results;

pub(crate) use kind::Kind;

use crate::key::build::{key_of_writer, tags};
use crate::shared::errors::Errors;
use crate::shared::form::{form_of, is_awaited_once, is_nameable};
use crate::shared::item::{Arguments, Item, arguments};
use crate::shared::pipeline::Attribute;
use model::{OfResults, Writer};
use options::Options;
use proc_macro2::{Ident, Span, TokenStream};
use results::{OfResult, result_in};
use syn::{LitStr, ReturnType, Type, parse_quote};

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
        let known = arguments(&item.sig);
        let nameable = match item.sig.output {
            ReturnType::Default => arguments(&item.sig),
            ReturnType::Type(..) => results::arguments_and_result(&item.sig),
        };
        let mut tags_of = |literals: &Option<Vec<_>>| {
            let literals = literals.iter().flatten().filter(|tag| !results::is_in(tag));
            tags(literals, item, &nameable, None, errors)
        };
        let (tags, soft_tags) = (tags_of(&options.tags), tags_of(&options.soft_tags));
        let (form, output) = form_of(&item.sig);
        let of_result = self.of_result(&options, item, &output, &known, errors);
        let literals = options.keys.iter().flatten().filter(|key| !results::is_in(key));
        let keys = literals.filter_map(|key| key_of_writer(key, item, &nameable, errors)).collect();
        check::names_something(*self, &options, errors);
        if let Some(methods) = &options.methods {
            for entry in &options.entries {
                check::is_not_a_method_without_self(entry, methods, item, errors);
            }
        }
        is_awaited_once(&item.sig, errors);
        if *self == Self::Put {
            check::returns_a_value_to_store(item, &output, errors);
        }
        Some(Writer {
            krate: options.krate.unwrap_or_else(|| parse_quote!(::cache_runtime)),
            form,
            output: Some(output).filter(is_nameable),
            entries: options
                .entries
                .into_iter()
                .filter(|call| result_in(&call.expr).is_none())
                .collect(),
            keys,
            of_result,
            tags,
            soft_tags,
            cache: options.cache,
            cache_of_texts: options.cache_of_texts,
            methods: options.methods,
        })
    }

    fn expand(&self, item: &Item, writer: &Writer) -> TokenStream {
        match self {
            Self::Invalidate => expand::invalidating(item, writer),
            Self::Put => expand::putting(item, writer),
        }
    }
}

impl Kind {
    /// What is made of the result, if anything is.
    fn of_result(
        self,
        options: &Options,
        item: &Item,
        output: &Type,
        known: &Arguments,
        errors: &mut Errors,
    ) -> OfResults {
        let mut found = OfResults::default();
        for (nth, entry) in options.entries.iter().enumerate() {
            let Some(name) = result_in(&entry.expr) else { continue };
            check::can_be_of_the_result(self, &name, item, output, &known.bindings, errors);
            check::is_not_taken_out_twice(entry, output, errors);
            let entry = OfResult::new(nth, entry.clone());
            check::needs_no_receiver(&entry, item, errors);
            found.entries.push(entry);
            found.name.get_or_insert(name);
        }
        let with_result = results::arguments_and_result(&item.sig);
        for key in options.keys.iter().flatten().filter(|key| results::is_in(key)) {
            let name = Ident::new("result", key.span());
            check::can_be_of_the_result(self, &name, item, output, &known.bindings, errors);
            found.keys.extend(key_of_writer(key, item, &with_result, errors));
            found.name.get_or_insert_with(|| Ident::new("result", Span::call_site()));
        }
        let mut tags_of = |literals: &Option<Vec<LitStr>>| {
            let literals = literals.iter().flatten().filter(|tag| results::is_in(tag));
            let literals: Vec<_> = literals.collect();
            for tag in &literals {
                let name = Ident::new("result", tag.span());
                check::can_be_of_the_result(self, &name, item, output, &known.bindings, errors);
                found.name.get_or_insert_with(|| Ident::new("result", Span::call_site()));
            }
            tags(literals.into_iter(), item, &with_result, None, errors)
        };
        (found.tags, found.soft_tags) = (tags_of(&options.tags), tags_of(&options.soft_tags));
        found
    }
}
