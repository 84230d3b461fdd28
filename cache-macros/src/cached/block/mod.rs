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
use crate::cached::parse::{BESIDE, OPEN, parse};
use crate::shared::errors::{Collected, Errors, collect};
use crate::shared::item::Item;
use crate::shared::pipeline::Attribute as _;
use crate::shared::tokens::{mentions, text_of};
use beside::Beside;
use defaults::{Defaults, METHODS, names};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{
    Attribute, GenericParam, Generics, ImplItem, ItemImpl, ItemTrait, Meta, TraitItem, parse_quote,
};

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
    let methods = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some((&method.sig.ident, &*method.attrs)),
        _ => None,
    });
    let inside = Inside {
        defaults,
        open: {
            let of_type = |name: &Ident| mentions(&block.self_ty, &|word| word == text_of(name));
            parameters(&block.generics).into_iter().filter(of_type).collect()
        },
        methods: names_of(methods),
        place: block.trait_.is_some().then_some(Place::Beside),
    };
    let mut beside = Beside::of(&block);
    let mut found = Found::default();
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let written = method.to_token_stream();
        let companions = of_method(&mut method.attrs, written, &inside, &mut found, &mut |item| {
            beside.prepared(item)
        });
        beside.extend(companions);
    }
    if !found.any && !defaults.has_one_of_a_method {
        errors.on(&block.self_ty, NONE_INSIDE);
    }
    let beside = beside.written(found.tells_types, errors);
    if beside.is_none() {
        // What they name is not there, which is this error again.
        for item in &mut block.items {
            let ImplItem::Fn(method) = item else { continue };
            method.attrs.retain(|attr| !is_writer(attr));
        }
    }
    quote!(#block #beside)
}

/// A trait can hold the companions of methods that have a body.
fn of_trait(mut block: ItemTrait, defaults: &Defaults, errors: &mut Errors) -> TokenStream {
    let methods = block.items.iter().filter_map(|item| match item {
        TraitItem::Fn(method) => Some((&method.sig.ident, &*method.attrs)),
        _ => None,
    });
    let open = vec![Ident::new("Self", Span::call_site())];
    let inside = Inside { defaults, open, methods: names_of(methods), place: Some(Place::Inside) };
    let mut companions = TokenStream::new();
    let mut found = Found::default();
    for item in &mut block.items {
        let TraitItem::Fn(method) = item else { continue };
        let written = method.to_token_stream();
        companions.extend(of_method(
            &mut method.attrs,
            written,
            &inside,
            &mut found,
            &mut |item| item,
        ));
    }
    if !found.any && !defaults.has_one_of_a_method {
        errors.on(&block.ident, NONE_INSIDE);
    }
    if found.tells_types {
        for name in parameters(&block.generics) {
            errors.at(
                name.span(),
                format!(
                    "`{name}` is a parameter of the trait, which no key can name, so calls that differ in it \
                     would share one entry: write `skip(Self)` on each method inside if they may, or cache \
                     the methods in each `impl` instead"
                ),
            );
        }
    }
    block.items.push(TraitItem::Verbatim(companions));
    block.into_token_stream()
}

const NONE_INSIDE: &str = "no method inside has `#[redis_cache]`: put it on each that is to be \
                           cached; here it gives them options and companions";

/// What makes several types of one `impl`. Lifetimes do not.
fn parameters(generics: &Generics) -> Vec<Ident> {
    let names = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(of) => Some(of.ident.clone()),
        GenericParam::Const(of) => Some(of.ident.clone()),
        GenericParam::Lifetime(_) => None,
    });
    names.collect()
}

/// The names of those that are cached and have a companion of their name, and of those that are not cached.
fn names_of<'a>(methods: impl Iterator<Item = (&'a Ident, &'a [Attribute])>) -> TokenStream {
    let (mut cached, mut others) = (Vec::new(), Vec::new());
    for (name, attrs) in methods {
        match attrs.iter().find(|attr| is_ours(attr)) {
            None => others.push(name),
            Some(attr) if !names(&options_of(attr)).iter().any(|name| name == "entry") => {
                cached.push(name);
            }
            Some(_) => {}
        }
    }
    quote!((#(#cached),*) (#(#others),*))
}

/// What all methods inside are told.
struct Inside<'a> {
    defaults: &'a Defaults,
    /// What makes their `Self` one of several types.
    open: Vec<Ident>,
    /// Which of them are cached, and which are not, for those that name them.
    methods: TokenStream,
    /// Where their companions are to be made, if not beside each.
    place: Option<Place>,
}

/// Where companions are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In an `impl` of the type, beside a trait's.
    Beside,
    /// In a trait.
    Inside,
}

/// What there is inside.
#[derive(Default)]
struct Found {
    /// A method that is cached.
    any: bool,
    /// One whose calls of different types are not to share their entries.
    tells_types: bool,
}

/// Gives the attributes of one method the options that they lack. Where the block makes them, answers
/// their companions, of the method as `prepare` makes it, which they no longer make themselves.
fn of_method(
    attrs: &mut [Attribute],
    written: TokenStream,
    inside: &Inside<'_>,
    found: &mut Found,
    prepare: &mut dyn FnMut(Item) -> Item,
) -> TokenStream {
    let Inside { defaults, open, methods, place } = inside;
    let mut companions = TokenStream::new();
    for attr in attrs.iter_mut().filter(|attr| is_writer(attr)) {
        let mut options = options_of(attr);
        if is_named(attr, "redis_invalidate") {
            // A receiver is the first of the arguments, and nothing else there has its name.
            let has_self = syn::parse2::<Item>(written.clone())
                .is_ok_and(|item| item.sig.receiver().is_some());
            options = defaults.added_to_writer(options, has_self);
        }
        let (path, told) = (attr.path().clone(), Ident::new(METHODS, Span::call_site()));
        attr.meta = parse_quote!(#path(#told #methods, #options));
    }
    for at in 0..attrs.len() {
        let Some(attr) = attrs.get_mut(at).filter(|attr| is_ours(attr)) else { continue };
        let mut options = defaults.added_to(options_of(attr));
        found.any = true;
        found.tells_types |= !skips_self(&options);
        if !open.is_empty() {
            let told = Ident::new(OPEN, Span::call_site());
            options = quote!(#told(#(#open),*), #options);
        }
        if let Some(place) = *place
            && let Ok(mut item) = syn::parse2::<Item>(written.clone())
        {
            item.attrs.remove(at);
            let number = next();
            companions.extend(companion_of(&options, &prepare(item), number, place));
            let beside = Ident::new(BESIDE, Span::call_site());
            options = quote!(#beside = #number, #options);
        }
        let path = attr.path().clone();
        attr.meta = parse_quote!(#path(#options));
    }
    companions
}

/// Whether the author says that one entry serves all types.
fn skips_self(options: &TokenStream) -> bool {
    let (Collected::Good(options) | Collected::Mistaken { found: options, .. }) =
        collect(|errors| parse(options.clone(), errors));
    options.skip.iter().any(|name| name == "Self")
}

/// The companion of a method, by the options of its attribute. What is wrong with them the attribute
/// tells itself.
fn companion_of(options: &TokenStream, item: &Item, number: u64, place: Place) -> TokenStream {
    let collected = collect(|errors| {
        let options = parse(options.clone(), errors);
        let makes = options.makes_companion();
        let model = Cached.model(options, item, errors).filter(|_| makes);
        model.map(|model| Model { nth: number, companion: true, ..model })
    });
    let (Collected::Good(Some(model)) | Collected::Mistaken { found: Some(model), .. }) =
        &collected
    else {
        return TokenStream::new();
    };
    let made = match &collected {
        Collected::Good(_) => companion::companion(item, model),
        Collected::Mistaken { .. } => companion::stand_in(item, model),
    };
    let collides = (place == Place::Beside).then(|| collides(item, model));
    quote!(#collides #made)
}

/// What the compiler says first of two traits of one type whose methods have one name.
fn collides(item: &Item, model: &Model) -> TokenStream {
    let name = companion::name_of(item, model);
    let name = format_ident!("__{name}_of_two_traits_needs_two_names_by_entry");
    let cfg = item.attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    quote! {
        #(#cfg)*
        #[doc(hidden)]
        #[allow(non_upper_case_globals, dead_code)]
        const #name: () = ();
    }
}

fn is_writer(attr: &Attribute) -> bool {
    is_named(attr, "redis_invalidate") || is_named(attr, "redis_put")
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
