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
use args::{Args, Kind};
use proc_macro2::TokenStream;
use syn::{Expr, Path, ReturnType, Type, parse_quote};

/// What is known of a writer once everything about it has been checked.
struct Writer {
    krate: Path,
    form: Form,
    /// `None` for a type that cannot be written on a variable.
    output: Option<Type>,
    /// Calls of companions.
    entries: Vec<Expr>,
    keys: Vec<Key>,
    cache: Option<Expr>,
}

/// `#[redis_invalidate(...)]`.
pub(crate) fn invalidate(options: TokenStream, tokens: TokenStream) -> TokenStream {
    written(Kind::Invalidate, options, tokens, expand::invalidating)
}

/// `#[redis_put(...)]`.
pub(crate) fn put(options: TokenStream, tokens: TokenStream) -> TokenStream {
    written(Kind::Put, options, tokens, expand::putting)
}

/// Parse, then check, then write; with a mistake the function stays as it was.
fn written(
    kind: Kind,
    options: TokenStream,
    tokens: TokenStream,
    expand: impl FnOnce(&Item, &Writer) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let args = args::parse(kind, options, &mut errors);
    let Ok(item) = syn::parse2::<Item>(tokens.clone()) else {
        errors.push(not_a_function(kind, &tokens));
        return [errors.into_tokens(), tokens].into_iter().collect();
    };
    let writer = check(kind, args, &item, &mut errors);
    if errors.is_empty() {
        expand(&item, &writer)
    } else {
        [errors.into_tokens(), tokens].into_iter().collect()
    }
}

fn check(kind: Kind, args: Args, item: &Item, errors: &mut Errors) -> Writer {
    let arguments = arguments(&item.sig);
    let keys = check_keys(&args, item, &arguments, errors);
    let cache = args.cache.and_then(|option| check_cache(option, errors));
    let (form, output) = form_of(&item.sig);
    let output = Some(output).filter(is_nameable);
    if kind == Kind::Put {
        check_value(item, output.as_ref(), errors);
    }
    Writer {
        krate: args.krate.map_or_else(|| parse_quote!(::cache_runtime), |option| option.value),
        form,
        output,
        entries: args.entries,
        keys,
        cache,
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

fn not_a_function(kind: Kind, tokens: &TokenStream) -> syn::Error {
    let name = kind.name();
    if let Ok(declared) = syn::parse2::<syn::TraitItemFn>(tokens.clone()) {
        let message = format!(
            "a method without a body writes nothing: put `#[{name}]` on the method of each `impl`"
        );
        return syn::Error::new_spanned(declared.sig, message);
    }
    let message = match syn::parse2::<syn::Item>(tokens.clone()) {
        Ok(syn::Item::Impl(_) | syn::Item::Trait(_) | syn::Item::Mod(_)) => {
            format!("`#[{name}]` is for functions: put it on each function inside that writes")
        }
        _ => format!("`#[{name}]` is for functions and methods: put it on one"),
    };
    syn::Error::new_spanned(tokens, message)
}
