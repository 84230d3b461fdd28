//! The attributes of functions that change what others have cached.
//!
//! `args` reads what is named, this file judges it against the function, `expand` writes the code.

mod args;
mod expand;

use crate::cached::check::check_cache;
use crate::key::build::key_of_writer;
use crate::key::model::Key;
use crate::shared::errors::Errors;
use crate::shared::form::{Form, form_of, is_nameable};
use crate::shared::item::{Arguments, Item, arguments};
use crate::shared::pipeline::Attribute;
use args::Args;
pub(crate) use args::Kind;
use proc_macro2::TokenStream;
use syn::{Expr, Path, ReturnType, Type, parse_quote};

/// What is known of a writer once everything about it has been checked.
pub(crate) struct Writer {
    krate: Path,
    form: Form,
    /// `None` for a type that cannot be written on a variable.
    output: Option<Type>,
    /// Calls of companions.
    entries: Vec<Expr>,
    keys: Vec<Key>,
    cache: Option<Expr>,
}

impl Attribute for Kind {
    type Options = Args;
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

    fn parse(&self, tokens: TokenStream, errors: &mut Errors) -> Args {
        args::parse(*self, tokens, errors)
    }

    fn model(&self, args: Args, item: &Item, errors: &mut Errors) -> Option<Writer> {
        let arguments = arguments(&item.sig);
        let keys = check_keys(&args, item, &arguments, errors);
        let cache = args.cache.and_then(|option| check_cache(option, errors));
        let (form, output) = form_of(&item.sig);
        let output = Some(output).filter(is_nameable);
        if *self == Self::Put {
            check_value(item, output.as_ref(), errors);
        }
        Some(Writer {
            krate: args.krate.map_or_else(|| parse_quote!(::cache_runtime), |option| option.value),
            form,
            output,
            entries: args.entries,
            keys,
            cache,
        })
    }

    fn expand(&self, item: &Item, writer: &Writer) -> TokenStream {
        match self {
            Self::Invalidate => expand::invalidating(item, writer),
            Self::Put => expand::putting(item, writer),
        }
    }
}

/// There must be a value, and its type must be one that can be compared.
fn check_value(item: &Item, output: Option<&Type>, errors: &mut Errors) {
    let nothing = "this function returns nothing, so there is nothing to store: return the value, \
                   or use `#[redis_invalidate]`";
    match (&item.sig.output, output) {
        (ReturnType::Default, _) => errors.on(&item.sig.ident, nothing),
        (_, Some(Type::Tuple(tuple))) if tuple.elems.is_empty() => errors.on(tuple, nothing),
        (_, Some(_)) => {}
        (ReturnType::Type(_, written), None) if matches!(**written, Type::Never(_)) => {
            errors.on(written, nothing);
        }
        (ReturnType::Type(_, written), None) => errors.on(
            written,
            "a type without a name is not one that a cached function stores: return the type \
             that it returns, or use `#[redis_invalidate]`",
        ),
    }
}

fn check_keys(args: &Args, item: &Item, arguments: &Arguments, errors: &mut Errors) -> Vec<Key> {
    let literals = args.keys.iter().flat_map(|option| &option.value);
    literals.filter_map(|literal| key_of_writer(literal, item, arguments, errors)).collect()
}
