//! Options whose bodies may outlive their caller, and the copies of the arguments they work on.

use crate::cached::model::{Background, Model, Receiver, private};
use crate::cached::options::Args;
use crate::shared::errors::Errors;
use crate::shared::form::Form;
use crate::shared::item::Item;
use crate::shared::paths::ours_at;
use crate::shared::tokens::has_impl_trait;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::visit::{self, Visit};
use syn::{FnArg, Lifetime, Pat, ReceiverKind, Signature, Type};

/// The copies that an option asks for; an argument that cannot be copied is an error.
pub(crate) fn check(
    args: &Args,
    item: &Item,
    form: Option<Form>,
    errors: &mut Errors,
) -> Option<Background> {
    let options = [
        args.stale_while_revalidate.as_ref().map(|option| &option.key),
        args.early_refresh.as_ref().map(|option| &option.key),
        args.soft_timeout.as_ref().map(|option| &option.key),
        args.hard_timeout.as_ref().map(|option| &option.key),
    ];
    let option = options.into_iter().flatten().next()?;
    let span = option.span();
    if matches!(form?, Form::Plain) {
        errors.at(
            span,
            format!(
                "`{option}` runs the body in the background, and the body of a plain `fn` runs on \
                 its caller's thread to its end: make it an `async fn`, or remove the option"
            ),
        );
        return None;
    }
    if !matches!(form?, Form::Async) {
        errors.at(
            span,
            format!(
                "`{option}` runs the body in the background, which needs an `async fn` that is \
                 written as one: not under `#[async_trait]`, and not a function that returns a \
                 future. Cache an `async fn` that this one calls"
            ),
        );
        return None;
    }
    let mut copied = Vec::new();
    let mut receiver = None;
    for input in &item.sig.inputs {
        match input {
            FnArg::Receiver(own) => match check_receiver(own) {
                Some(kind) => receiver = Some((kind, own.self_token)),
                None => errors.on(own, not_copied(option, "`&mut self`", "write `&self`")),
            },
            FnArg::Typed(argument) => {
                if let Some(message) = why_not(option, &argument.ty, &argument.pat) {
                    errors.on(argument, message);
                } else if is_copied(&argument.ty)
                    && let Pat::Ident(name) = &*argument.pat
                {
                    copied.push((name.clone(), is_slice(&argument.ty)));
                }
            }
        }
    }
    Some(Background { span, copied, receiver })
}

fn check_receiver(receiver: &syn::Receiver) -> Option<Receiver> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Some(Receiver::Reference),
        ReceiverKind::Reference(..) => None,
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) if reference.mutability.is_some() => None,
            Type::Reference(_) => Some(Receiver::Reference),
            _ => Some(Receiver::Value),
        },
        _ => Some(Receiver::Value),
    }
}

fn not_copied(option: &Ident, what: &str, instead: &str) -> String {
    format!(
        "`{option}` runs the body in the background on copies of its arguments, and {what} cannot \
         be copied: {instead}, or remove the option"
    )
}

/// A reference that does not live for ever; everything else is moved.
fn is_copied(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_copied(&group.elem),
        Type::Paren(paren) => is_copied(&paren.elem),
        Type::Reference(reference) => !reference.lifetime.as_ref().is_some_and(is_static),
        _ => false,
    }
}

fn is_slice(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_slice(&group.elem),
        Type::Paren(paren) => is_slice(&paren.elem),
        Type::Reference(reference) => is_slice(&reference.elem),
        ty => matches!(ty, Type::Slice(_)),
    }
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

/// Why an argument can neither be copied nor moved, as far as its type says.
fn why_not(option: &Ident, ty: &Type, pat: &Pat) -> Option<String> {
    let inner = match ty {
        Type::Group(group) => return why_not(option, &group.elem, pat),
        Type::Paren(paren) => return why_not(option, &paren.elem, pat),
        Type::Reference(reference) if reference.mutability.is_some() => {
            return Some(not_copied(option, "a `&mut`", "take it by value or as an `Arc`"));
        }
        Type::Reference(reference) if is_copied(ty) => {
            if !matches!(pat, Pat::Ident(name) if name.subpat.is_none()) {
                let instead = "give it a name and take it apart in the body";
                return Some(not_copied(option, "a pattern of a reference", instead));
            }
            if has_impl_trait(&reference.elem) {
                let instead = "take it by value, or make it a type parameter that is `Clone`";
                return Some(not_copied(option, "an `&impl Trait`", instead));
            }
            &*reference.elem
        }
        other => other,
    };
    borrows(inner).then(|| {
        let what = "a type that holds a reference or a lifetime";
        not_copied(option, what, "take an owned type, such as `Option<String>` or `Vec<String>`")
    })
}

/// Whether there is a reference or a lifetime, other than `'static`, inside of a type.
fn borrows(ty: &Type) -> bool {
    struct Found(bool);
    impl Visit<'_> for Found {
        fn visit_lifetime(&mut self, lifetime: &Lifetime) {
            self.0 |= !is_static(lifetime);
        }
        fn visit_type_reference(&mut self, reference: &syn::TypeReference) {
            self.0 |= reference.lifetime.is_none();
            visit::visit_type_reference(self, reference);
        }
        // What a function takes it does not hold.
        fn visit_type_fn_ptr(&mut self, _: &syn::TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments(
            &mut self,
            _: &syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

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
            && background.copied.iter().any(|(copied, _)| copied.ident == name.ident)
        {
            name.mutability = None;
        }
    }
    sig
}

/// The closure that copies the arguments and makes the body of them.
pub(crate) fn make(background: &Background, model: &Model, body: &TokenStream) -> TokenStream {
    let span = ours_at(background.span);
    let p = private(model, background.span);
    let own = Ident::new("__self", Span::mixed_site());
    let mut copies = TokenStream::new();
    let mut names = TokenStream::new();
    for (pat, is_slice) in &background.copied {
        let (ident, place) = (&pat.ident, ours_at(pat.ident.span()));
        let copy = Ident::new(if *is_slice { "owned_slice" } else { "owned" }, place);
        copies.extend(quote_spanned!(place=> let #ident = #p::#copy(#ident);));
        names.extend(quote_spanned!(place=> let #pat = &*#ident;));
    }
    let body = match background.receiver {
        None => body.clone(),
        Some(_) => without_self(body.clone(), &own),
    };
    match background.receiver {
        None => {}
        Some((Receiver::Reference, written)) => {
            let place = ours_at(written.span);
            copies.extend(quote_spanned!(place=> let #own = #p::owned(#written);));
            names.extend(quote_spanned!(span=> let #own = &*#own;));
        }
        Some((Receiver::Value, written)) => copies.extend(quote_spanned!(span=>
            #[allow(unused_mut)]
            let mut #own = #written;
        )),
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
