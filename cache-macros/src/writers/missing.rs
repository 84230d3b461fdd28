//! What the compiler says of a method that a writer names and that has no companion: not that there is
//! nothing of a name that nobody wrote, but what to do.

use crate::shared::form::is_async_trait;
use crate::shared::item::Item;
use crate::shared::suggest::nearest;
use crate::shared::tokens::text_of;
use crate::writers::calls::Call;
use crate::writers::model::Writer;
use crate::writers::results::OfResult;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::{Expr, ReceiverKind};

/// A companion that is named as one of the writer's own type.
struct Named<'w> {
    function: &'w str,
    companion: &'w Ident,
    arguments: usize,
    /// `self.find(…)`, not `Self::find(…)`.
    of_self: bool,
}

/// For each of them a trait that has it and that no type can have. Where the type has the companion, that
/// comes first; where not, the compiler says why the trait is not there.
pub(super) fn instead_of_companions(item: &Item, writer: &Writer) -> TokenStream {
    let mut all: Vec<Named<'_>> = Vec::new();
    let of_result = writer.of_result.entries.iter().map(|OfResult { call, .. }| call);
    for call in writer.entries.iter().chain(of_result) {
        if let Some(named) = named_by(call, item, writer)
            && !all.iter().any(|other| other.companion == named.companion)
        {
            all.push(named);
        }
    }
    let each = all.iter().enumerate().map(|(nth, named)| {
        let mut before = all.iter().take(nth);
        let is_first = before.all(|other| other.function != named.function);
        let why = is_first.then(|| why_not(named, item, writer));
        let instead = instead_of(nth, named);
        quote_spanned!(Span::mixed_site()=> #why #instead)
    });
    each.collect()
}

fn named_by<'w>(call: &'w Call, item: &Item, writer: &Writer) -> Option<Named<'w>> {
    let is = |expr: &Expr, name: &str| matches!(expr, Expr::Path(path) if path.path.is_ident(name));
    let (companion, arguments, of_self) = match &call.expr {
        // With other receivers the compiler would come to this trait first.
        Expr::MethodCall(call) if is(&call.receiver, "self") && takes_shared_self(item) => {
            (&call.method, call.args.len(), true)
        }
        // Elsewhere the compiler's own words do, which know similar names.
        Expr::Call(call) if is_async_trait(&item.sig) && writer.methods.is_none() => {
            let Expr::Path(path) = &*call.func else { return None };
            let [of, companion] = &*path.path.segments.iter().collect::<Vec<_>>() else {
                return None;
            };
            (of.ident == "Self").then_some((&companion.ident, call.args.len(), false))?
        }
        _ => return None,
    };
    Some(Named { function: &call.function, companion, arguments, of_self })
}

fn takes_shared_self(item: &Item) -> bool {
    let receiver = item.sig.receiver();
    receiver.is_some_and(|own| matches!(own.kind, ReceiverKind::Reference(_, _, None)))
}

/// What the compiler says is not there.
fn cached(named: &Named<'_>) -> Ident {
    format_ident!("__{}_is_cached", named.function, span = Span::mixed_site())
}

/// The trait of which the compiler says why no type has it.
fn why_not(named: &Named<'_>, item: &Item, writer: &Writer) -> TokenStream {
    let Named { function, of_self, .. } = *named;
    let cached = cached(named);
    let message = match of_self {
        true => {
            format!("`{{Self}}` has no cached method `{function}` whose companion takes `self`")
        }
        false => format!("`{{Self}}` has no cached function `{function}`"),
    };
    let label = match is_async_trait(&item.sig) && writer.methods.is_none() {
        true => {
            format!("`{function}` is not cached, or `#[redis_cache]` is not on the whole `impl`")
        }
        false => format!("`{function}` is not cached, or not so that it can be named here"),
    };
    let notes = notes(named, item, writer);
    quote_spanned! {Span::mixed_site()=>
        #[diagnostic::on_unimplemented(message = #message, label = #label, #(note = #notes),*)]
        #[allow(dead_code, non_camel_case_types, clippy::all)]
        trait #cached {
            type Entry;
        }
        // Without any `impl` the compiler would advise to write one.
        #[diagnostic::do_not_recommend]
        impl #cached for () {
            type Entry = ();
        }
    }
}

/// What is called where there is no companion.
fn instead_of(nth: usize, named: &Named<'_>) -> TokenStream {
    let ours = Span::mixed_site();
    let (cached, companion) = (cached(named), named.companion);
    let types = (0..named.arguments).map(|at| format_ident!("__A{at}", span = ours));
    let types: Vec<_> = types.collect();
    let of = format_ident!("__Named{nth}", span = ours);
    match named.of_self {
        // Of a reference, so that the compiler comes to it behind all that takes `&self`, of whatever trait.
        true => quote_spanned! {ours=>
            #[allow(dead_code, clippy::all)]
            trait #of {
                type Of: ?::core::marker::Sized;
                fn #companion<#(#types),*>(&self, #(_: #types),*) -> <Self::Of as #cached>::Entry
                where
                    Self::Of: #cached,
                {
                    loop {}
                }
            }
            impl<__T: ?::core::marker::Sized> #of for &__T {
                type Of = __T;
            }
        },
        // Of two associated functions the compiler would not choose one, so this one is of no type.
        false => quote_spanned! {ours=>
            #[allow(dead_code, clippy::all)]
            trait #of: #cached {
                fn #companion<#(#types),*>(#(_: #types),*) -> <Self as #cached>::Entry {
                    loop {}
                }
            }
            impl<__T: ?::core::marker::Sized + #cached> #of for __T {}
        },
    }
}

/// What may be the reason, the likeliest first.
fn notes(named: &Named<'_>, item: &Item, writer: &Writer) -> Vec<String> {
    let function = named.function;
    if let Some(meant) = function.strip_suffix("_entry") {
        return vec![format!(
            "`{function}` is a companion, and a writer names the function that it is of: write \
             `self.{meant}(…)`"
        )];
    }
    let exists = format!("is `{function}` the name of a method that has `#[redis_cache]`?");
    let block = "in the `impl` of a trait the attribute has to be on the whole `impl` too, above \
                 `#[async_trait]`, since companions cannot be inside of it";
    let without_self = format!(
        "where the key of `{function}` does not use `self`, its companion does not take it: write \
         `Self::{function}(…)`"
    );
    let Some(methods) = &writer.methods else {
        let block = block.to_owned();
        return match (is_async_trait(&item.sig), named.of_self) {
            (true, true) => vec![block, exists, without_self],
            (_, false) => vec![block, exists],
            (false, true) => vec![exists, without_self, block],
        };
    };
    let known = |names: &[Ident]| names.iter().any(|name| text_of(name) == *function);
    if known(&methods.cached) {
        return vec![without_self];
    }
    if known(&methods.others) {
        return vec![format!(
            "the method `{function}` of this `impl` has no `#[redis_cache]`: put it there, if it is to be \
             cached"
        )];
    }
    let cached: Vec<_> = methods.cached.iter().map(text_of).collect();
    match nearest(function, cached.iter().map(String::as_str)) {
        Some(meant) => vec![format!("did you mean `self.{meant}(…)`?")],
        None => vec![exists, without_self, block.to_owned()],
    }
}
