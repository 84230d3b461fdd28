//! Code that readers and writers have in common: the user's signature around one expression.

use crate::shared::form::Form;
use crate::shared::item::Item;
use crate::shared::paths::{ours_at, private_of};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, FnArg, Path, ReturnType, Signature, Type};

/// The function as written, with `whole` for its body.
pub(crate) fn with_body(item: &Item, sig: &Signature, whole: &TokenStream) -> TokenStream {
    let Item { attrs, vis, inner, .. } = item;
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

/// `cache = EXPR` as an `Option<Cache>`.
pub(crate) fn cache(krate: &Path, cache: Option<&Expr>) -> TokenStream {
    match cache {
        None => quote_spanned!(Span::mixed_site()=> ::core::option::Option::None),
        Some(expr) => {
            let p = private_of(krate, expr.span());
            quote_spanned!(ours_at(expr.span())=> #p::to_cache(&#expr))
        }
    }
}

/// What is stored of what `returns` stands for, told by its type. A plain function is asked whether
/// that is a future, of which its signature shows nothing.
pub(crate) fn shape(p: &TokenStream, span: Span, form: Form, returns: &TokenStream) -> TokenStream {
    let of_future = quote_spanned!(span=> use #p::ShapeOfFuture as _;);
    let (of_future, returns) = match form {
        Form::Plain => (of_future, quote_spanned!(span=> &#returns)),
        Form::Async | Form::Boxed | Form::Opaque => (TokenStream::new(), returns.clone()),
    };
    quote_spanned! {span=>
        {
            #of_future
            use #p::{
                ShapeOfJsonOption as _, ShapeOfOption as _, ShapeOfPlain as _, ShapeOfResult as _,
                ShapeOfResultOption as _,
            };
            (&&&&#returns).shape()
        }
    }
}

/// Takes the `mut` of the names that an argument binds.
pub(crate) fn without_mut(input: &mut FnArg) {
    struct WithoutMut;
    impl VisitMut for WithoutMut {
        fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
            if pat.by_ref.is_none() {
                pat.mutability = None;
            }
            visit_mut::visit_pat_ident_mut(self, pat);
        }
        fn visit_receiver_mut(&mut self, receiver: &mut syn::Receiver) {
            receiver.mutability = None;
        }
    }
    WithoutMut.visit_fn_arg_mut(input);
}
