//! Writes the copies of the arguments that a body works on which may outlive its caller.

use crate::cached::model::{Background, Model, private};
use crate::cached::own::{Copied, Receiver};
use crate::shared::cfg::attribute;
use crate::shared::paths::ours_at;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{FnArg, Pat, ReceiverKind, Signature};

/// The signature without the `mut` of arguments that the body has copies of.
pub(crate) fn signature(sig: &Signature, model: &Model) -> Signature {
    let mut sig = sig.clone();
    let Some(background) = &model.background else { return sig };
    for input in &mut sig.inputs {
        if let FnArg::Receiver(own) = input
            && matches!(own.kind, ReceiverKind::Value)
        {
            own.mutability = None;
        }
        if let FnArg::Typed(argument) = input
            && let Pat::Ident(name) = &mut *argument.pat
            && background.copied.iter().any(|copied| copied.name.ident == name.ident)
        {
            name.mutability = None;
        }
    }
    sig
}

/// The closure that copies the arguments and makes the body of them.
pub(crate) fn make(background: &Background, model: &Model, body: &TokenStream) -> TokenStream {
    let span = ours_at(background.option.span());
    let p = private(model, background.option.span());
    let own = Ident::new("__self", Span::mixed_site());
    let mut copies = TokenStream::new();
    let mut names = TokenStream::new();
    for Copied { name: pat, is_slice, cfg } in &background.copied {
        let (ident, place) = (&pat.ident, ours_at(pat.ident.span()));
        let copy = Ident::new(if *is_slice { "owned_slice" } else { "owned" }, place);
        let cfg = attribute(cfg.as_ref());
        copies.extend(quote_spanned!(place=> #cfg let #ident = #p::#copy(#ident);));
        names.extend(quote_spanned!(place=> #cfg let #pat = &*#ident;));
    }
    let body = match &background.receiver {
        None => body.clone(),
        Some(_) => without_self(body.clone(), &own),
    };
    match &background.receiver {
        None => {}
        Some((Receiver::Reference, written, cfg)) => {
            let (place, cfg) = (ours_at(written.span), attribute(cfg.as_ref()));
            copies.extend(quote_spanned!(place=> #cfg let #own = #p::owned(#written);));
            names.extend(quote_spanned!(span=> #cfg let #own = &*#own;));
        }
        Some((Receiver::Value, written, cfg)) => {
            let cfg = attribute(cfg.as_ref());
            copies.extend(quote_spanned!(span=>
                #cfg
                #[allow(unused_mut)]
                let mut #own = #written;
            ));
        }
    }
    quote_spanned! {span=>
        move || {
            #copies
            async move {
                #names
                #body
            }
        }
    }
}

/// `self` is a keyword that cannot be bound again, so the body's own has another name. Not in an
/// `impl` or a `trait` inside of the body, whose `self` is another.
fn without_self(tokens: TokenStream, own: &Ident) -> TokenStream {
    let mut in_item = false;
    let replaced = tokens.into_iter().map(|tree| match tree {
        TokenTree::Ident(ident) if ident == "self" => {
            let mut own = own.clone();
            own.set_span(ours_at(ident.span()));
            own.to_token_stream()
        }
        TokenTree::Ident(ident) => {
            in_item |= ident == "impl" || ident == "trait";
            ident.into_token_stream()
        }
        TokenTree::Group(group) => {
            if in_item {
                in_item = group.delimiter() != proc_macro2::Delimiter::Brace;
                return group.into_token_stream();
            }
            let mut inner = Group::new(group.delimiter(), without_self(group.stream(), own));
            inner.set_span(group.span());
            inner.into_token_stream()
        }
        other => other.into_token_stream(),
    });
    replaced.collect()
}
