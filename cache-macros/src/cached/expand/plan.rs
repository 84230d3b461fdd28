//! Writes the plan of a cached function: what is stored of its result, how, and for how long.

use crate::cached::model::{Model, private};
use crate::cached::values::{L1, Timeout, Ttl};
use crate::shared::expand::shape;
use crate::shared::paths::ours_at;
use crate::shared::times::{Time, duration, is_inferred};
use crate::shared::tokens::text_of;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

/// What is stored of the return type `output`, and how. Spanned at the type, so that one that
/// cannot be cached is an error there. `l1`: where values are kept in the process as well.
pub(crate) fn plan(
    model: &Model,
    output: &Type,
    ttl: Option<TokenStream>,
    l1: Option<&L1>,
) -> TokenStream {
    let span = ours_at(output.span());
    let p = private(model, span);
    let codec = codec(model);
    let ttl = ttl.map(|ttl| quote_spanned!(span=> .ttl(#ttl)));
    let jitter = model.options.jitter.map(|share| quote_spanned!(span=> .jitter(#share)));
    let none_ttl = model.options.none_ttl.as_ref().map(|given| {
        let time = time(given, model);
        match model.options.is_default("none_ttl") {
            false => quote_spanned!(span=> .none_ttl(#time)),
            true => quote_spanned!(span=> .none_ttl_unchecked(#time)),
        }
    });
    let max_size = model.options.max_size.and_then(|bytes| usize::try_from(bytes).ok());
    let max_size = max_size.map(|bytes| quote_spanned!(span=> .max_size(#bytes)));
    let options = &model.options;
    // What its values are does not say whether these can fail.
    let has_timeout = options.soft_timeout.is_some() || options.hard_timeout.is_some();
    let on_error =
        match has_timeout || model.batch.is_some() || options.is_default("stale_if_error") {
            true => "stale_if_error_unchecked",
            false => "stale_if_error",
        };
    let windows = [
        ("stale_while_revalidate", "stale_while_revalidate", &options.stale_while_revalidate),
        ("stale_if_error", on_error, &options.stale_if_error),
    ];
    let windows = windows.into_iter().filter_map(|(name, method, window)| {
        let window = time(window.as_ref()?, model);
        let span = options.given.get(name).map_or(span, |option| ours_at(option.name.span()));
        let method = format_ident!("{method}", span = span);
        Some(quote_spanned!(span=> .#method(#window)))
    });
    let single_flight = model.options.single_flight.map(|kind| {
        let kind = format_ident!("{kind:?}");
        quote_spanned!(span=> .single_flight(#p::SingleFlight::#kind))
    });
    let cache_if =
        model.options.cache_if.as_ref().map(|holds| quote_spanned!(span=> .cache_if(#holds)));
    let ttl_with =
        model.options.ttl_with.as_ref().map(|ttl| quote_spanned!(span=> .ttl_with(#ttl)));
    let tags_with = model.options.tags_with.as_ref().map(|of| {
        // At the option, where what it returns is an error if that is no list of tags.
        let span = ours_at(of.span());
        let p = private(model, span);
        quote_spanned! {span=>
            .tags_with(|__value, __tags| #p::own_tags(__value, __tags, #of))
        }
    });
    let codec = match &model.options.codec {
        None => quote_spanned!(Span::mixed_site()=> ::core::marker::PhantomData::<#codec>),
        // Named in a `const`, a codec that is not in scope is one error, not one for each use.
        Some(_) => quote_spanned! {ours_at(codec.span())=>
            {
                const __CODEC: ::core::marker::PhantomData<#codec> = ::core::marker::PhantomData;
                __CODEC
            }
        },
    };
    let shape = shape_of(model, output);
    let shape = match l1 {
        Some(_) if tags_with.is_some() => {
            quote_spanned!(span=> #p::in_memory(#shape).of_value())
        }
        Some(_) => quote_spanned!(span=> #p::in_memory(#shape)),
        None if tags_with.is_some() => quote_spanned!(span=> #p::of_value(#shape)),
        None => shape,
    };
    let l1 = l1.map(|l1| {
        let longest = match &l1.longest {
            Some(longest) => time(longest, model),
            None => quote_spanned!(Span::mixed_site()=> ::core::time::Duration::MAX),
        };
        // A single call has it already, to look by.
        let kept = match &model.batch {
            Some(_) => kept(model, output, l1),
            None => quote_spanned!(span=> __kept),
        };
        quote_spanned!(span=> .l1(#kept, #longest))
    });
    let plan = match model.options.verify {
        Some(false) => quote_spanned!(span=> #p::plan(#codec, #shape).verify(false)),
        _ => quote_spanned! {span=>
            {
                use #p::{StoredCompared as _, StoredShown as _, StoredUncompared as _};
                let __shape = #shape;
                let __equality = (&&&__shape).equality();
                #p::plan(#codec, __shape).compare(__equality)
            }
        },
    };
    let errors = errors(model, output);
    let errors = model.batch.is_none().then(|| quote_spanned!(span=> .share_errors(#errors)));
    let plan = quote_spanned!(span=> #plan #errors);
    let plan = match &options.err_ttl {
        None => plan,
        // The methods need not all have errors that can be stored.
        Some(given) if options.is_default("err_ttl") => {
            let time = time(given, model);
            quote_spanned! {span=>
                {
                    use #p::{ErrorsNotStored as _, ErrorsStored as _};
                    let __plan = #plan;
                    let __errors = (&&__plan).stored_errors(#codec);
                    __plan.err_ttl_by_default(__errors, #time)
                }
            }
        }
        Some(given) => {
            let time = time(given, model);
            // At the option, where an error that cannot be stored is one.
            let option = options.given.get("err_ttl").map_or(span, |err| err.name.span());
            let method = if model.batch.is_none() { "err_ttl" } else { "err_ttl_of_members" };
            let method = format_ident!("{method}", span = ours_at(option));
            let err_ttl = quote_spanned!(ours_at(option)=> .#method(#codec, #time));
            quote_spanned!(span=> #plan #err_ttl)
        }
    };
    quote_spanned! {span=>
        #plan
        #ttl #jitter #none_ttl #max_size #(#windows)* #single_flight #cache_if #ttl_with #l1 #tags_with
    }
}

/// What is stored of the return type `output`.
fn shape_of(model: &Model, output: &Type) -> TokenStream {
    let span = ours_at(output.span());
    let p = private(model, span);
    let value = value(model, output);
    if model.stores_absence() {
        quote_spanned! {span=>
            {
                use #p::{OrNoneOfOutcome as _, OrNoneOfValue as _};
                (&&#p::Returns::<#value>::new()).or_none()
            }
        }
    } else {
        shape(&p, span, model.form, &quote_spanned!(span=> #p::Returns::<#value>::new()))
    }
}

/// How values are kept in the process. At the option, where a value that cannot be is an error.
pub(crate) fn kept(model: &Model, output: &Type, l1: &L1) -> TokenStream {
    let shape = shape_of(model, output);
    let span = ours_at(output.span());
    let p = private(model, span);
    let in_memory = quote_spanned!(span=> #p::in_memory(#shape));
    quote_spanned!(ours_at(l1.name.span())=> #in_memory.keeper())
}

/// The type of which a part is stored: what the function returns, of a batch for each member.
pub(crate) fn value(model: &Model, output: &Type) -> TokenStream {
    let span = ours_at(output.span());
    let p = private(model, span);
    match &model.batch {
        None => output.to_token_stream(),
        Some(_) => quote_spanned!(span=> <#output as #p::Batched>::Value),
    }
}

/// How a failure is handed to those who wait.
pub(crate) fn errors(model: &Model, output: &Type) -> TokenStream {
    let span = ours_at(output.span());
    let p = private(model, span);
    quote_spanned! {span=>
        {
            use #p::{ErrorsUnshared as _, ErrorsShared as _};
            (&&#p::Returns::<#output>::new()).errors()
        }
    }
}

pub(crate) fn ttl_of(ttl: &Ttl, model: &Model) -> TokenStream {
    match ttl {
        Ttl::Setting(name) => {
            let p = private(model, Span::mixed_site());
            quote_spanned!(Span::mixed_site()=> #p::Ttl::Setting(#name))
        }
        Ttl::Time(written) => {
            let time = time(written, model);
            let p = private(model, time.span());
            quote_spanned!(ours_at(time.span())=> #p::Ttl::Fixed(#time))
        }
    }
}

/// How long a call waits, where an option says it. Each limit is spanned at its option, and the
/// return type is left to be inferred, so that one that has no place for it is an error there.
pub(crate) fn limits(model: &Model) -> Option<TokenStream> {
    let options = [&model.options.soft_timeout, &model.options.hard_timeout];
    let options = || options.into_iter().flatten();
    let p = private(model, options().next()?.name.span());
    let limits = options().map(|Timeout { name, after, .. }| {
        let span = ours_at(name.span());
        let (method, after) = (Ident::new(&text_of(name), span), time(after, model));
        quote_spanned!(span=> .#method(#after))
    });
    Some(quote_spanned!(Span::mixed_site()=> #p::limits() #(#limits)*))
}

pub(crate) fn codec(model: &Model) -> TokenStream {
    match &model.options.codec {
        Some(codec) => codec.to_token_stream(),
        None => {
            let p = private(model, Span::mixed_site());
            quote_spanned!(Span::mixed_site()=> #p::Json)
        }
    }
}

/// Only the compiler knows which codec a path names, so this rule is checked by it.
pub(crate) fn check_positional(model: &Model) -> Option<TokenStream> {
    let codec = model.options.codec.as_ref().filter(|_| model.options.version.is_none())?;
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

fn time(time: &Time, model: &Model) -> TokenStream {
    match time {
        Time::Fixed(fixed) => duration(*fixed),
        Time::Expr(expr) if is_inferred(expr) => expr.to_token_stream(),
        Time::Expr(expr) => {
            let p = private(model, expr.span());
            quote_spanned!(ours_at(expr.span())=> #p::time(#expr))
        }
    }
}
