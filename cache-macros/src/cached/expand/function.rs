//! Writes the cached function: the user's signature around one expression that calls the runtime.
//!
//! What can be a function in the runtime is not written out here. Everything of ours has
//! `mixed_site` hygiene, so that no name of the user's can meet one of ours, and absolute paths.

use crate::cached::expand::plan::{check_positional, codec, kept, limits, plan, ttl_of};
use crate::cached::expand::tags::{tags, tags_first};
use crate::cached::expand::{batch, copies};
use crate::cached::model::{Model, private};
use crate::key::model::SelfType;
use crate::key::render::{number, render};
use crate::shared::expand::{as_written, body, cache, with_body};
use crate::shared::form::Form;
use crate::shared::item::Item;
use crate::shared::paths::ours_at;
use crate::shared::tokens::text_of;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Visibility;
use syn::spanned::Spanned;

/// The function with its body cached.
pub(crate) fn function(item: &Item, model: &Model) -> TokenStream {
    let span = model.output.span();
    let p = private(model, span);
    let function = declaration(item, model);
    let cache = cache(&model.krate, model.options.cache.as_ref());
    let ttl = model.options.ttl.as_ref().map(|ttl| ttl_of(ttl, model));
    let l1 = model.options.l1.as_ref();
    let plan = plan(model, &model.output, ttl, l1);
    let early = model.options.early_refresh.as_ref().map(|beta| {
        let span =
            ours_at(model.background.as_ref().map_or(span, |background| background.option.span()));
        quote_spanned!(span=> .early_refresh(#beta))
    });
    let body = body(item, model.form, Some(&model.output));
    let holds = model.options.when.as_ref().map(|holds| {
        let at_option = private(model, holds.span());
        quote_spanned!(ours_at(holds.span())=> #at_option::holds(#holds))
    });
    if let Some(many) = &model.batch {
        let whole = batch::batch(many, item, model, holds, (&function, &cache, &plan, &body));
        return with_body(item, &batch::signature(&item.sig), &whole);
    }
    let render = render(&model.krate, &model.key);
    let tags = tags(model);
    let plan = quote!(#plan #early);
    let (first, call, plan) = match (l1, holds) {
        (None, None) => {
            let call = quote_spanned!(ours_at(span)=> #p::call(#function, #cache, #render) #tags);
            (TokenStream::new(), call, plan)
        }
        (None, Some(holds)) => {
            let call = quote_spanned! {ours_at(span)=>
                #p::call_when(#holds, #function, #cache, #render) #tags
            };
            (TokenStream::new(), call, plan)
        }
        (Some(l1), holds) => {
            let place = ours_at(l1.name.span());
            let holds = holds.unwrap_or_else(|| quote!(true));
            let number = match &tags {
                None => number(&model.krate, &model.key),
                // Whether these are the tags of what is kept takes longer to be told.
                Some(_) => quote!(::core::option::Option::None),
            };
            let tags = tags_first(model);
            let kept = kept(model, &model.output, l1);
            let stores_none = model.options.none_ttl.is_some();
            let first = quote_spanned! {ours_at(span)=>
                let __kept = #kept;
                let __call = match #p::local(
                    #holds, #function, #cache, #number, #render, #tags, __kept, #stores_none,
                ) {
                    ::core::result::Result::Ok(__value) => return __value,
                    ::core::result::Result::Err(__call) => __call,
                };
            };
            (first, quote_spanned!(place=> __call), plan)
        }
    };
    if model.form == Form::Plain {
        let whole = quote! {
            #first
            let mut __call = #p::begin(#call.plain(), #plan);
            #p::blocking(::core::pin::pin!(#p::read_through(
                ::core::pin::pin!(#p::look(&mut __call)),
                ::core::pin::pin!(#p::outside(::core::pin::pin!(async move { #body }))),
            )))
        };
        return with_body(item, &item.sig, &whole);
    }
    // What is large stands in the function's own future: a future that is awaited is moved first.
    let call = match &model.background {
        None => quote_spanned! {ours_at(span)=>
            let mut __call = #p::begin(#call, #plan);
            #p::read_through(
                ::core::pin::pin!(#p::look(&mut __call)),
                ::core::pin::pin!(async move { #body }),
            ).await
        },
        Some(background) => {
            let make = copies::make(background, model, &body);
            let span = background.option.span();
            let p = private(model, span);
            match limits(model) {
                None => quote_spanned! {ours_at(span)=>
                    #p::read_through_owned(#call, #plan, #make).await
                },
                Some(limits) => quote_spanned! {ours_at(span)=>
                    #p::read_through_timed(#call, #plan, #limits, #make).await
                },
            }
        }
    };
    let sig = copies::signature(&item.sig, model);
    with_body(item, &sig, &as_written(model.form, quote!(#first #call)))
}

/// A block that declares the function to the program and evaluates to the declaration.
fn declaration(item: &Item, model: &Model) -> TokenStream {
    let p = private(model, Span::mixed_site());
    let location = location(model);
    let ident = text_of(&item.sig.ident);
    let template = option(model.key.template.as_ref());
    let arguments = &model.key.arguments;
    let version = option(model.options.version.as_ref());
    // The others are there already.
    let options = model.options.given.as_text();
    let options = options.filter(|(name, _)| name != "key" && name != "crate");
    let options = options.map(|(name, value)| quote!((#name, #value)));
    let tags = model.tags.iter().filter_map(|tag| tag.template.as_ref());
    let self_type = match model.key.self_type {
        SelfType::InKey => quote!(InKey),
        SelfType::Skipped => quote!(Skipped),
        SelfType::Missing => quote!(Missing),
    };
    let codec = codec(model);
    let codec_name = {
        let span = codec.span();
        let p = private(model, span);
        quote_spanned!(ours_at(span)=> <#codec as #p::Codec>::NAME)
    };
    let positional = check_positional(model);
    let here = here(model);
    let function = if model.has_self {
        quote_spanned!(Span::mixed_site()=> #p::method_of::<Self>(&__FUNCTION, #here))
    } else if may_be_of_a_trait(item, model) {
        quote_spanned!(Span::mixed_site()=> #p::function_at(&__FUNCTION, #here))
    } else {
        quote_spanned!(Span::mixed_site()=> &__FUNCTION)
    };
    quote_spanned! {Span::mixed_site()=>
        {
            #positional
            // Names itself, by which the path is known.
            fn __item() -> &'static ::core::primitive::str {
                ::core::any::type_name_of_val(&__item)
            }
            static __FUNCTION: #p::Function = #p::Function::new(#p::Declared {
                location: #location,
                ident: #ident,
                item: __item,
                template: #template,
                arguments: &[#(#arguments),*],
                version: #version,
                codec: #codec_name,
                options: &[#(#options),*],
                tags: &[#(#tags),*],
                self_type: #p::SelfType::#self_type,
            });
            #p::inventory::submit! { #p::Registered(&__FUNCTION) }
            #function
        }
    }
}

/// Whether a function that says no `Self` may stand in a trait or in the `impl` of one, whose methods have no
/// visibility of their own.
pub(super) fn may_be_of_a_trait(item: &Item, model: &Model) -> bool {
    matches!(item.vis, Visibility::Inherited) && model.options.beside.is_none()
}

/// The name of a closure, which holds what the parameters around it stand for, unlike that of an item. The
/// attribute on a whole `impl` has seen to these.
pub(super) fn here(model: &Model) -> TokenStream {
    match model.options.beside {
        Some(_) => quote!(""),
        None => quote_spanned!(Span::mixed_site()=> ::core::any::type_name_of_val(&|| ())),
    }
}

fn option(value: Option<&impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote_spanned!(Span::mixed_site()=> ::core::option::Option::Some(#value)),
        None => quote_spanned!(Span::mixed_site()=> ::core::option::Option::None),
    }
}

/// Where the attribute stands, and which one it is: a function and its companion have that in
/// common. The place alone would not do: under a further attribute macro the compiler takes that
/// one's place for the function's.
pub(crate) fn location(model: &Model) -> TokenStream {
    let p = private(model, Span::mixed_site());
    let nth = model.nth;
    quote_spanned! {Span::mixed_site()=>
        #p::Location {
            module: ::core::module_path!(),
            nth: #nth,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
        }
    }
}
