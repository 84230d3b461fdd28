//! `#[redis_cache]` on a whole `impl` or trait: options for the methods inside that have the attribute,
//! and their companions where the methods cannot have them beside them.
//!
//! The attributes inside stay where they are, so that what stands above and below them does what it
//! did. They are given the options that they lack, and a number by which their function and its
//! companion know each other. Writers are given the cache of what they name as text.

mod beside;
pub(crate) mod defaults;

use crate::cached::Cached;
use crate::cached::expand::companion;
use crate::cached::model::{Model, next};
use crate::cached::parse::{BESIDE, parse};
use crate::shared::errors::{Collected, Errors, collect};
use crate::shared::item::Item;
use crate::shared::pipeline::Attribute as _;
use beside::Beside;
use defaults::Defaults;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, ImplItem, ItemImpl, ItemTrait, Meta, TraitItem, parse_quote};

/// Whether the attribute stands on an `impl` or a trait, told without reading all of it.
pub(crate) fn is_block(tokens: &TokenStream) -> bool {
    let mut words = tokens.clone().into_iter().filter_map(|tree| match tree {
        TokenTree::Ident(word) => Some(word),
        _ => None,
    });
    words.find(|word| word == "fn" || word == "impl" || word == "trait").is_some_and(|w| w != "fn")
}

/// Expands the attribute on an `impl` or a trait. With a mistake what can be expanded is.
pub(crate) fn expand(options: TokenStream, tokens: TokenStream) -> TokenStream {
    let collected = collect(|errors| {
        let defaults = Defaults::parse(options, errors);
        match syn::parse2::<syn::Item>(tokens.clone()) {
            Ok(syn::Item::Impl(block)) => of_impl(block, &defaults, errors),
            Ok(syn::Item::Trait(block)) => of_trait(block, &defaults, errors),
            Ok(_) => tokens, // by `is_block` there is nothing else
            Err(error) => {
                errors.push(error);
                tokens
            }
        }
    });
    match collected {
        Collected::Good(expanded) => expanded,
        Collected::Mistaken { found, report } => [report, found].into_iter().collect(),
    }
}

/// An inherent `impl` can hold the companions itself, where each method makes its own.
fn of_impl(mut block: ItemImpl, defaults: &Defaults, errors: &mut Errors) -> TokenStream {
    let is_of_a_trait = block.trait_.is_some();
    let mut beside = Beside::of(&block);
    let mut found = false;
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        found |= has_attribute(&method.attrs);
        let written = method.to_token_stream();
        let companions =
            of_method(&mut method.attrs, written, defaults, is_of_a_trait, &mut |item| {
                beside.prepared(item)
            });
        beside.extend(companions);
    }
    if !found {
        errors.on(&block.self_ty, NONE_INSIDE);
    }
    let beside = beside.written(errors);
    quote!(#block #beside)
}

/// A trait can hold the companions of methods that have a body.
fn of_trait(mut block: ItemTrait, defaults: &Defaults, errors: &mut Errors) -> TokenStream {
    let mut companions = TokenStream::new();
    let mut found = false;
    for item in &mut block.items {
        let TraitItem::Fn(method) = item else { continue };
        found |= has_attribute(&method.attrs);
        let written = method.to_token_stream();
        let made = of_method(&mut method.attrs, written, defaults, true, &mut |item| item);
        companions.extend(made);
    }
    if !found {
        errors.on(&block.ident, NONE_INSIDE);
    }
    block.items.push(TraitItem::Verbatim(companions));
    block.into_token_stream()
}

const NONE_INSIDE: &str = "no method inside has `#[redis_cache]`: put it on each that is to be \
                           cached; here it gives them options and companions";

/// Gives the attributes of one method the options that they lack. Where `makes` says so, answers
/// their companions, of the method as `prepare` makes it, which they no longer make themselves.
fn of_method(
    attrs: &mut [Attribute],
    written: TokenStream,
    defaults: &Defaults,
    makes: bool,
    prepare: &mut dyn FnMut(Item) -> Item,
) -> TokenStream {
    let mut companions = TokenStream::new();
    for attr in attrs.iter_mut().filter(|attr| is_named(attr, "redis_invalidate")) {
        // A receiver is the first of the arguments, and nothing else there has its name.
        let has_self =
            syn::parse2::<Item>(written.clone()).is_ok_and(|item| item.sig.receiver().is_some());
        let options = defaults.added_to_writer(options_of(attr), has_self);
        let path = attr.path().clone();
        attr.meta = parse_quote!(#path(#options));
    }
    for at in 0..attrs.len() {
        let Some(attr) = attrs.get_mut(at).filter(|attr| is_ours(attr)) else { continue };
        let mut options = defaults.added_to(options_of(attr));
        if makes && let Ok(mut item) = syn::parse2::<Item>(written.clone()) {
            item.attrs.remove(at);
            let number = next();
            companions.extend(companion_of(&options, &prepare(item), number));
            let beside = Ident::new(BESIDE, Span::call_site());
            options = quote!(#beside = #number, #options);
        }
        let path = attr.path().clone();
        attr.meta = parse_quote!(#path(#options));
    }
    companions
}

/// The companion of a method, by the options of its attribute. What is wrong with them the attribute
/// tells itself.
fn companion_of(options: &TokenStream, item: &Item, number: u64) -> TokenStream {
    let collected = collect(|errors| {
        let options = parse(options.clone(), errors);
        let makes = options.makes_companion();
        let model = Cached.model(options, item, errors).filter(|_| makes);
        model.map(|model| Model { nth: number, companion: true, ..model })
    });
    let made = match collected {
        Collected::Good(model) => model.and_then(|model| companion::companion(item, &model)),
        Collected::Mistaken { found, .. } => {
            found.and_then(|model| companion::stand_in(item, &model))
        }
    };
    made.unwrap_or_default()
}

fn has_attribute(attrs: &[Attribute]) -> bool {
    attrs.iter().any(is_ours)
}

fn is_ours(attr: &Attribute) -> bool {
    is_named(attr, "redis_cache")
}

fn is_named(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|last: &syn::PathSegment| last.ident == name)
}

fn options_of(attr: &Attribute) -> TokenStream {
    match &attr.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    }
}
