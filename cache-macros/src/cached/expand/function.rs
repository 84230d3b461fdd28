//! Writes the cached function: the user's signature around one expression that calls the runtime.
//!
//! What can be a function in the runtime is not written out here. Everything of ours has
//! `mixed_site` hygiene, so that no name of the user's can meet one of ours, and absolute paths.

use crate::cached::expand::copies;
use crate::cached::expand::plan::{check_positional, codec, duration, limits, plan, ttl_of};
use crate::cached::model::{Form, Item, Key, Model, Piece, PieceKind, SelfType};
use crate::key::template::Transform;
use crate::shared::paths::{ours_at, private, runtime};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Path, ReturnType, Type};

/// The function with its body cached.
pub(crate) fn function(item: &Item, model: &Model) -> TokenStream {
    let Item { attrs, vis, sig, inner, .. } = item;
    let span = model.output.span();
    let p = private(model, span);
    let function = declaration(item, model);
    let cache = cache(model);
    let render = render(model);
    let ttl = model.ttl.as_ref().map(|ttl| ttl_of(ttl, model));
    let plan = plan(model, &model.output, ttl);
    let early = model.early_refresh.as_ref().map(|beta| {
        let span = ours_at(model.background.as_ref().map_or(span, |background| background.span));
        quote_spanned!(span=> .early_refresh(#beta))
    });
    let body = body(item, model.form, Some(&model.output));
    let call = quote_spanned!(ours_at(span)=> #p::call(#function, #cache, #render));
    if model.form == Form::Plain {
        return quote! {
            #(#attrs)* #vis #sig {
                #(#inner)*
                #p::blocking(#p::read_through(
                    #call.plain(),
                    #plan,
                    ::core::pin::pin!(#p::outside(::core::pin::pin!(async move { #body }))),
                ))
            }
        };
    }
    let call = match &model.background {
        None => quote_spanned! {ours_at(span)=>
            #p::read_through(#call, #plan, ::core::pin::pin!(async move { #body })).await
        },
        Some(background) => {
            let make = copies::make(background, model, &body);
            let span = background.span;
            let p = private(model, span);
            match limits(model) {
                None => quote_spanned! {ours_at(span)=>
                    #p::read_through_owned(#call, #plan #early, #make).await
                },
                Some(limits) => quote_spanned! {ours_at(span)=>
                    #p::read_through_timed(#call, #plan #early, #limits, #make).await
                },
            }
        }
    };
    let sig = copies::signature(sig, model);
    let whole = as_written(model.form, call);
    quote! {
        #(#attrs)* #vis #sig {
            #(#inner)*
            #whole
        }
    }
}

/// The awaited `call` as what the function returns.
pub(crate) fn as_written(form: Form, call: TokenStream) -> TokenStream {
    match form {
        Form::Async | Form::Plain => call,
        Form::Boxed => quote_spanned! {Span::mixed_site()=>
            ::std::boxed::Box::pin(async move { #call })
        },
        Form::Opaque => quote_spanned!(Span::mixed_site()=> async move { #call }),
    }
}

/// What computes the value, in a scope of its own.
///
/// The arguments are captured, not bound again, which would double their part of the future.
pub(crate) fn body(item: &Item, form: Form, output: Option<&Type>) -> TokenStream {
    let body = &item.body;
    match form {
        // The edge that is never taken tells the compiler the type, so that a type error in the
        // body is reported in the body, and `?` and `return` know what they are for.
        Form::Async | Form::Plain => {
            let edge = output.map(|output| {
                quote_spanned! {Span::mixed_site()=>
                    #[allow(
                        unreachable_code,
                        clippy::diverging_sub_expression,
                        clippy::empty_loop,
                        clippy::let_unit_value,
                        clippy::needless_return,
                        clippy::unreachable
                    )]
                    if false {
                        let __never: #output = loop {};
                        return __never;
                    }
                }
            });
            quote_spanned!(Span::mixed_site()=> #edge #body)
        }
        // The user's `return`s leave a closure, and a future is made only when it is needed.
        Form::Boxed => {
            let ReturnType::Type(_, ty) = &item.sig.output else { return TokenStream::new() };
            quote_spanned! {Span::mixed_site()=>
                let __body = move || -> #ty #body;
                __body().await
            }
        }
        Form::Opaque => quote_spanned! {Span::mixed_site()=>
            let __body = move || #body;
            __body().await
        },
    }
}

/// A block that declares the function to the program and evaluates to the declaration.
fn declaration(item: &Item, model: &Model) -> TokenStream {
    let p = private(model, Span::mixed_site());
    let location = location(model);
    let ident = item.sig.ident.unraw().to_string();
    let template = option(model.key.template.as_ref());
    let arguments = &model.key.arguments;
    let version = option(model.version.as_ref());
    let options = model.written.iter().map(|(key, value)| quote!((#key, #value)));
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
    let function = match model.has_self {
        true => quote_spanned!(Span::mixed_site()=> #p::method_of::<Self>(&__FUNCTION)),
        false => quote_spanned!(Span::mixed_site()=> &__FUNCTION),
    };
    quote_spanned! {Span::mixed_site()=>
        {
            #positional
            fn __item() {}
            static __FUNCTION: #p::Function = #p::Function::new(#p::Declared {
                location: #location,
                ident: #ident,
                item: || ::core::any::type_name_of_val(&__item),
                template: #template,
                arguments: &[#(#arguments),*],
                version: #version,
                codec: #codec_name,
                options: &[#(#options),*],
                self_type: #p::SelfType::#self_type,
            });
            #p::inventory::submit! { #p::Registered(&__FUNCTION) }
            #function
        }
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

/// `cache = EXPR` as an `Option<Cache>`.
pub(crate) fn cache(model: &Model) -> TokenStream {
    match &model.cache {
        None => quote_spanned!(Span::mixed_site()=> ::core::option::Option::None),
        Some(expr) => {
            let p = private(model, expr.span());
            quote_spanned!(ours_at(expr.span())=> #p::to_cache(&#expr))
        }
    }
}

/// The closure that writes the key.
pub(crate) fn render(model: &Model) -> TokenStream {
    render_key(&model.krate, &model.key)
}

/// [`render`] for a key of any kind.
pub(crate) fn render_key(krate: &Path, key: &Key) -> TokenStream {
    let p = runtime(krate, Span::mixed_site());
    let name = Ident::new("__key", Span::mixed_site());
    let statements = key.pieces.iter().map(|piece| statement(piece, &name));
    quote_spanned! {Span::mixed_site()=>
        |#name: &mut #p::KeyWriter<'_>| { #(#statements)* }
    }
}

fn statement(piece: &Piece, key: &Ident) -> TokenStream {
    let span = ours_at(piece.span);
    match &piece.kind {
        PieceKind::Text(text) => quote_spanned!(span=> #key.text(#text);),
        PieceKind::Path => quote_spanned!(span=> #key.path();),
        PieceKind::SelfType => quote_spanned!(span=> #key.self_type::<Self>();),
        PieceKind::TypeName(ty) => quote_spanned!(span=> #key.type_name::<#ty>();),
        PieceKind::Value { expr, transform: None, opaque: true } => {
            quote_spanned!(span=> #key.typed_argument(&#expr);)
        }
        PieceKind::Value { expr, transform, .. } => match transform {
            None => quote_spanned!(span=> #key.argument(&#expr);),
            Some(Transform::Hash) => quote_spanned!(span=> #key.hash(&#expr);),
            Some(Transform::Lower) => quote_spanned!(span=> #key.lower(&#expr);),
            Some(Transform::Upper) => quote_spanned!(span=> #key.upper(&#expr);),
            Some(Transform::Display) => quote_spanned!(span=> #key.display(&#expr);),
            Some(Transform::Bucket(width)) => {
                let width = duration(*width);
                quote_spanned!(span=> #key.bucket(&#expr, #width);)
            }
        },
    }
}
