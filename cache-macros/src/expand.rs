//! Writes the cached function: the user's signature around one expression that calls the runtime.
//!
//! What can be a function in the runtime is not written out here. Everything of ours has
//! `mixed_site` hygiene, so that no name of the user's can meet one of ours, and absolute paths.

use crate::args::Opt;
use crate::background;
use crate::model::{Form, Item, Key, Life, Model, Piece, PieceKind, SelfType, Ttl};
use crate::template::Transform;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::time::Duration;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Path, ReturnType, Type};

/// `span`'s place with our hygiene.
pub(crate) fn ours_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The private module of the runtime, placed at `span`: the compiler takes where a function's
/// path stands for the place of errors about its arguments.
pub(crate) fn private(model: &Model, span: Span) -> TokenStream {
    runtime(&model.krate, span)
}

/// [`private`] of the runtime at `krate`.
pub(crate) fn runtime(krate: &Path, span: Span) -> TokenStream {
    let krate = krate.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    let krate: TokenStream = krate.collect();
    quote_spanned!(ours_at(span)=> #krate::__private)
}

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
            let make = background::make(background, model, &body);
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
    let sig = background::signature(sig, model);
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

fn codec(model: &Model) -> TokenStream {
    match &model.codec {
        Some(codec) => codec.to_token_stream(),
        None => {
            let p = private(model, Span::mixed_site());
            quote_spanned!(Span::mixed_site()=> #p::Json)
        }
    }
}

// Only the compiler knows which codec a path names, so this rule is checked by it.
fn check_positional(model: &Model) -> Option<TokenStream> {
    let codec = model.codec.as_ref().filter(|_| model.version.is_none())?;
    let p = private(model, codec.span());
    let written = codec.to_token_stream().to_string().replace(' ', "");
    let message = format!(
        "`codec = {written}` tells fields apart by their position alone, so a changed type would \
         misread old values: write `version = 1` beside it, and raise it with every change"
    );
    Some(quote_spanned! {ours_at(codec.span())=>
        const _: () = ::core::assert!(!<#codec as #p::Codec>::POSITIONAL, #message);
    })
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

fn duration(duration: Duration) -> TokenStream {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::new(#secs, #nanos))
}

fn life(life: &Life) -> TokenStream {
    match life {
        Life::Fixed(fixed) => duration(*fixed),
        Life::Expr(expr) => expr.to_token_stream(),
    }
}

pub(crate) fn ttl_of(ttl: &Ttl, model: &Model) -> TokenStream {
    match ttl {
        Ttl::Setting(name) => {
            let p = private(model, Span::mixed_site());
            quote_spanned!(Span::mixed_site()=> #p::Ttl::Setting(#name))
        }
        Ttl::Life(fixed) => {
            let life = life(fixed);
            let p = private(model, life.span());
            quote_spanned!(ours_at(life.span())=> #p::Ttl::Fixed(#life))
        }
    }
}

/// How long a call waits, where an option says it. Each limit is spanned at its option, and the
/// return type is left to be inferred, so that one that has no place for it is an error there.
fn limits(model: &Model) -> Option<TokenStream> {
    let options = [&model.soft_timeout, &model.hard_timeout];
    let options = || options.into_iter().flatten();
    let p = private(model, options().next()?.key.span());
    let limits = options().map(|Opt { key, value }| {
        let span = ours_at(key.span());
        let (method, after) = (Ident::new(&key.unraw().to_string(), span), life(value));
        quote_spanned!(span=> .#method(#after))
    });
    Some(quote_spanned!(Span::mixed_site()=> #p::limits() #(#limits)*))
}

/// What is stored of what `returns` stands for, told by its type.
pub(crate) fn shape(p: &TokenStream, span: Span, returns: &TokenStream) -> TokenStream {
    quote_spanned! {span=>
        {
            use #p::{
                ShapeOfJsonOption as _, ShapeOfOption as _, ShapeOfPlain as _, ShapeOfResult as _,
                ShapeOfResultOption as _,
            };
            (&&&&#returns).shape()
        }
    }
}

/// What is stored of the return type `output`, and how. Spanned at the type, so that one that
/// cannot be cached is an error there.
pub(crate) fn plan(model: &Model, output: &Type, ttl: Option<TokenStream>) -> TokenStream {
    let span = ours_at(output.span());
    let p = private(model, span);
    let codec = codec(model);
    let ttl = ttl.map(|ttl| quote_spanned!(span=> .ttl(#ttl)));
    let jitter = model.jitter.map(|share| quote_spanned!(span=> .jitter(#share)));
    let none_ttl =
        model.none_ttl.as_ref().map(life).map(|life| quote_spanned!(span=> .none_ttl(#life)));
    let max_size = model.max_size.and_then(|bytes| usize::try_from(bytes).ok());
    let max_size = max_size.map(|bytes| quote_spanned!(span=> .max_size(#bytes)));
    let windows = [
        ("stale_while_revalidate", &model.stale_while_revalidate),
        ("stale_if_error", &model.stale_if_error),
    ];
    let windows = windows.into_iter().filter_map(|(option, window)| {
        let (option, window) = (format_ident!("{option}"), life(window.as_ref()?));
        Some(quote_spanned!(span=> .#option(#window)))
    });
    let single_flight = model.single_flight.map(|kind| {
        let kind = format_ident!("{kind:?}");
        quote_spanned!(span=> .single_flight(#p::SingleFlight::#kind))
    });
    let cache_if = model.cache_if.as_ref().map(|holds| quote_spanned!(span=> .cache_if(#holds)));
    let ttl_with = model.ttl_with.as_ref().map(|ttl| quote_spanned!(span=> .ttl_with(#ttl)));
    // Named in a `const`, a codec that is not in scope is one error, not one for each use.
    let codec = quote_spanned! {ours_at(codec.span())=>
        {
            const __CODEC: ::core::marker::PhantomData<#codec> = ::core::marker::PhantomData;
            __CODEC
        }
    };
    let shape = shape(&p, span, &quote_spanned!(span=> #p::Returns::<#output>::new()));
    quote_spanned! {span=>
        #p::plan(#codec, #shape)
        .share_errors({
            use #p::{ErrorsApart as _, ErrorsShared as _};
            (&&#p::Returns::<#output>::new()).errors()
        })
        #ttl #jitter #none_ttl #max_size #(#windows)* #single_flight #cache_if #ttl_with
    }
}
