//! Writes the companion `f_entry`, which takes what the key of `f` is made of.

use crate::cached::batch::Batch;
use crate::cached::expand::function::{here, location, may_be_of_a_trait};
use crate::cached::expand::open::Open;
use crate::cached::expand::plan::{plan, ttl_of, value};
use crate::cached::expand::signature::{Signature, alias};
use crate::cached::expand::tags::tags;
use crate::cached::model::{Model, private};
use crate::cached::values::{Companion, Ttl};
use crate::key::render::{render, render_open};
use crate::shared::expand::{cache, without_mut};
use crate::shared::item::Item;
use crate::shared::paths::ours_at;
use crate::shared::times::Time;
use crate::shared::tokens::{mentions, names_self, text_of};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{FnArg, Lifetime, Receiver, ReceiverKind, Type, parse_quote, parse_quote_spanned};

/// The companions of a function that is cached.
pub(crate) fn companion(item: &Item, model: &Model) -> Option<TokenStream> {
    let inputs = kept_inputs(item, model);
    let output = with_static_lifetimes(&model.output);
    let ttl = model.options.ttl.as_ref().map(|ttl| ttl_without_lost_arguments(ttl, model, &inputs));
    let plan = plan(model, &output, ttl, None);
    let cache = cache(&model.krate, model.options.cache.as_ref());
    let render = render(&model.krate, &model.key);
    let tags = tags(model);
    let location = location(model);
    let name = text_of(&item.sig.ident);
    let span = ours_at(output.span());
    let p = private(model, span);
    let here = here(model);
    let self_name = if model.has_self {
        quote_spanned! {Span::mixed_site()=>
            ::core::option::Option::Some((
                ::core::option::Option::Some(::core::any::type_name::<Self>()),
                #here,
            ))
        }
    } else if may_be_of_a_trait(item, model) {
        quote_spanned! {Span::mixed_site()=>
            ::core::option::Option::Some((::core::option::Option::None, #here))
        }
    } else {
        quote_spanned!(Span::mixed_site()=> ::core::option::Option::None)
    };
    // As in the function, so that what cannot be a part of the key is one error.
    let member = model
        .batch
        .as_ref()
        .map(|Batch { member, .. }| quote_spanned!(Span::mixed_site()=> let #member = &#member;));
    let body = quote_spanned! {span=>
        #member
        #p::entry(#p::companion_call(#location, #name, #self_name, #cache, #render) #tags, #plan)
    };
    let of_entry = with_body(item, model, &inputs, &output, &body)?;
    let open = Open::new(model, &inputs).map(|open| {
        let render = render_open(&model.krate, &model.key, &open.holes);
        let body = quote_spanned! {span=>
            #p::open_calls(#location, #name, #self_name, #cache, #render)
        };
        open.written(item, model, &body)
    });
    // The name of the first is what the compiler says first where there is no place for them.
    Some(quote!(#open #of_entry))
}

/// What the companion is called.
pub(crate) fn name_of(item: &Item, model: &Model) -> Ident {
    match &model.options.entry {
        Some(Companion::Named(name)) => name.clone(),
        _ => format_ident!("{}_entry", text_of(&item.sig.ident), span = item.sig.ident.span()),
    }
}

/// The companion of a function whose attribute has an error, so that its callers have none.
pub(crate) fn stand_in(item: &Item, model: &Model) -> Option<TokenStream> {
    let inputs = kept_inputs(item, model);
    let output = with_static_lifetimes(&model.output);
    let never = quote_spanned!(Span::mixed_site()=> loop {});
    let of_entry = with_body(item, model, &inputs, &output, &never)?;
    let open = Open::new(model, &inputs).map(|open| open.written(item, model, &never));
    Some(quote!(#open #of_entry))
}

fn with_body(
    item: &Item,
    model: &Model,
    inputs: &[(usize, FnArg)],
    output: &Type,
    body: &TokenStream,
) -> Option<TokenStream> {
    if !model.companion {
        return None;
    }
    let p = private(model, ours_at(output.span()));
    let name = text_of(&item.sig.ident);
    let ident = name_of(item, model);
    let value = value(model, output);
    let value = match model.stores_absence() {
        false => value,
        true => quote_spanned!(output.span()=> ::core::option::Option<#value>),
    };
    let doc = format!(
        " The cache entry of a call of `{name}` with these arguments: look at it, put a value \
         into it, or invalidate it."
    );
    let arguments: Vec<_> = inputs.iter().map(|(_, input)| input.clone()).collect();
    // It ends where the function's own type does: there the compiler advises a `where`, once for both.
    let close = quote_spanned!(ours_at(end_of(&model.output))=> >);
    let entry = quote_spanned!(Span::mixed_site()=> #p::Entry<#value #close);
    let alias = alias(&text_of(&ident), ident.span()).map(|ident| {
        let signature = Signature { doc: quote!(#[doc(hidden)]), ident, arguments: &arguments };
        signature.written(item, &entry, body)
    });
    let signature = Signature { doc: quote!(#[doc = #doc]), ident, arguments: &arguments };
    let companion = signature.written(item, &entry, body);
    Some(quote!(#companion #alias))
}

/// The last token of a type.
fn end_of(ty: &Type) -> Span {
    let last = ty.to_token_stream().into_iter().last();
    last.map_or_else(Span::call_site, |tree| match tree {
        TokenTree::Group(group) => group.span_close(),
        tree => tree.span(),
    })
}

/// The inputs that the key, the tags or the `cache` expression use, with their place among all.
fn kept_inputs(item: &Item, model: &Model) -> Vec<(usize, FnArg)> {
    let is_used = |name: &str| {
        let mut uses = std::iter::once(&model.key).chain(&model.tags).flat_map(|key| &key.uses);
        uses.any(|used| used == name) || mentions(&model.options.cache, &|ident| ident == name)
    };
    let is_list = |at: usize| model.batch.as_ref().filter(|batch| batch.input == at);
    let inputs = item.sig.inputs.iter().enumerate();
    let kept = inputs.filter(|(at, input)| match input {
        FnArg::Receiver(_) => is_used("self"),
        FnArg::Typed(_) if is_list(*at).is_some() => true,
        FnArg::Typed(_) => model
            .bindings
            .iter()
            .any(|binding| binding.input == *at && is_used(&text_of(&binding.ident))),
    });
    kept.map(|(at, input)| {
        let mut input = input.clone();
        if let (FnArg::Typed(list), Some(Batch { member, element, .. })) = (&mut input, is_list(at))
        {
            // Of the list it takes one element.
            *list.pat = parse_quote!(#member);
            *list.ty = element.clone();
        }
        // It changes nothing, and keeps nothing.
        without_mut(&mut input);
        if let FnArg::Receiver(own) = &mut input
            && looks_at_fields_alone(model)
        {
            borrow(own);
        }
        (at, input)
    })
    .collect()
}

/// Whether what a companion has of the options asks `self` for nothing that an `Arc` of it may have alone.
fn looks_at_fields_alone(model: &Model) -> bool {
    let (ttl, cache) = (model.options.ttl_expr(), model.options.cache.as_ref());
    let whole = |sign| sign != Some('.');
    ![ttl, cache].into_iter().flatten().any(|expr| names_self(expr, &whole))
}

/// `&self` for a `self` that would be given away: who names the method may have no more than that, and `self:
/// Arc<Self>` is for the body.
fn borrow(own: &mut Receiver) {
    let is_reference = match &own.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => matches!(**ty, Type::Reference(_)),
        _ => false,
    };
    if !is_reference {
        let attrs = std::mem::take(&mut own.attrs);
        let span = own.self_token.span;
        *own = parse_quote_spanned!(span=> &self);
        own.attrs = attrs;
    }
}

/// An entry outlives the call that made it, and so does the type of its value.
fn with_static_lifetimes(output: &Type) -> Type {
    struct Static;
    impl VisitMut for Static {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            lifetime.ident = Ident::new("static", lifetime.ident.span());
        }
        fn visit_type_reference_mut(&mut self, reference: &mut syn::TypeReference) {
            let span = reference.and_token.span;
            reference.lifetime = Some(Lifetime::new("'static", span));
            self.visit_type_mut(&mut reference.elem);
        }
        // `for<'a> fn(&'a T)` declares its own.
        fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
    }
    let mut output = output.clone();
    Static.visit_type_mut(&mut output);
    output
}

/// The TTL as the function has it, unless it is made of arguments that are not here.
fn ttl_without_lost_arguments(ttl: &Ttl, model: &Model, inputs: &[(usize, FnArg)]) -> TokenStream {
    if let Ttl::Time(Time::Expr(expr)) = ttl {
        let has_self = inputs.iter().any(|(_, input)| matches!(input, FnArg::Receiver(_)));
        let is_lost = |name: &str| {
            (name == "self" && !has_self)
                || model.bindings.iter().any(|binding| {
                    text_of(&binding.ident) == name
                        && !inputs.iter().any(|(at, _)| *at == binding.input)
                })
        };
        if mentions(expr, &is_lost) {
            let p = private(model, Span::mixed_site());
            return quote_spanned!(Span::mixed_site()=> #p::Ttl::Unknown);
        }
    }
    ttl_of(ttl, model)
}
