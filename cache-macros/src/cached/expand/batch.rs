//! Writes a function of many keys: a loop around its body, which may run twice.

use crate::cached::batch::Batch;
use crate::cached::expand::plan::errors;
use crate::cached::expand::tags::tags_of_member;
use crate::cached::model::{Model, private};
use crate::key::render::render_member;
use crate::shared::cfg::attribute;
use crate::shared::expand::without_mut;
use crate::shared::item::Item;
use crate::shared::paths::{ours_at, private_of};
use crate::shared::tokens::{mentions, text_of};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, Pat, Signature, Type};

/// The signature without the `mut` of arguments, which each run of the body has of its own.
pub(crate) fn signature(sig: &Signature) -> Signature {
    let mut sig = sig.clone();
    sig.inputs.iter_mut().for_each(without_mut);
    sig
}

/// The call of the runtime.
pub(crate) fn batch(
    batch: &Batch,
    item: &Item,
    model: &Model,
    holds: Option<TokenStream>,
    (function, cache, plan, body): (&TokenStream, &TokenStream, &TokenStream, &TokenStream),
) -> TokenStream {
    let span = ours_at(model.output.span());
    let p = private(model, span);
    let errors = errors(model, &model.output);
    let holds = holds.unwrap_or_else(|| quote!(true));
    let render = render_member(&model.krate, &model.key, &batch.member);
    let tags = tags_of_member(model, &batch.member);
    let (list, ident) = (&batch.list, &batch.list.ident);
    let list_span = ours_at(ident.span());
    let ids = quote_spanned!(list_span=> &*#ident);
    let missing = match batch.is_owned {
        true => quote_spanned!(list_span=> let #list = __missing;),
        false => quote_spanned!(list_span=> let #list = &*__missing;),
    };
    let again = again(batch, item, model);
    let many = match model.stores_absence() {
        false => quote_spanned!(span=> #p::many(#plan, #errors)),
        true => quote_spanned!(span=> #p::many_or_none(#plan, #errors)),
    };
    quote_spanned! {span=>
        let mut __batch = #p::batch(#holds, #function, #cache, #many, #ids, #render, #tags);
        loop {
            let __missing = match __batch.next().await {
                #p::Next::Run(__missing) => __missing,
                #p::Next::Return(__output) => break __output,
            };
            let __output = {
                #missing
                #again
                __batch.run(async move { #body }).await
            };
            if let ::core::option::Option::Some(__output) = __batch.done(__output) {
                break __output;
            }
        }
    }
}

/// The other arguments of the body, for this run of it: references as they are, and clones of all
/// that would be gone for the next one.
fn again(batch: &Batch, item: &Item, model: &Model) -> TokenStream {
    let mut again = TokenStream::new();
    for binding in model.bindings.iter().filter(|binding| binding.input != batch.input) {
        let Some(FnArg::Typed(argument)) = item.sig.inputs.get(binding.input) else { continue };
        let name = &binding.ident;
        if !mentions(&item.body, &|used| used == text_of(name)) {
            continue;
        }
        let reference = match (&*argument.ty, &*argument.pat) {
            (Type::Reference(reference), Pat::Ident(_)) => Some(reference.mutability.is_some()),
            _ => None,
        };
        let (span, cfg) = (ours_at(name.span()), attribute(binding.cfg.as_ref()));
        again.extend(match reference {
            Some(false) => continue,
            Some(true) => quote_spanned!(span=> #cfg let #name = &mut *#name;),
            None => {
                let p = private_of(&model.krate, argument.ty.span());
                let mutable = binding.is_mut.then(|| quote_spanned!(span=> mut));
                quote_spanned!(span=> #cfg let #mutable #name = #p::again(&#name);)
            }
        });
    }
    again
}
