//! Writes a writer: the user's signature around one expression that calls the runtime.

use crate::key::model::Key;
use crate::key::render::render;
use crate::shared::expand::{as_written, body, cache, shape, with_body};
use crate::shared::form::Form;
use crate::shared::item::Item;
use crate::shared::paths::{ours_at, private_of};
use crate::shared::tokens::text_of;
use crate::writers::calls::Call;
use crate::writers::missing::instead_of_companions;
use crate::writers::model::{OfResults, Writer};
use crate::writers::results::OfResult;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Type, parse_quote_spanned};

/// The function with its invalidations behind it.
pub(super) fn invalidating(item: &Item, writer: &Writer) -> TokenStream {
    let ours = Span::mixed_site();
    let p = private_of(&writer.krate, ours);
    let cache = cache(&writer.krate, writer.cache.as_ref());
    let targets = Ident::new("__targets", ours);
    let entries = writer.entries.iter().map(|call| named(call, &targets));
    let keys = by_text(writer, &targets, [&writer.keys, &writer.tags, &writer.soft_tags]);
    let body = pinned_body(item, writer);
    // Of a future that is taken for a value, the body would run behind the invalidation.
    let is_value = writer.output.as_ref().filter(|_| writer.form == Form::Plain).map(|output| {
        let shape = shape_of_output(writer, output);
        quote_spanned!(ours=> let _ = #shape;)
    });
    let texts = Ident::new("__texts", ours);
    let of_texts = cache_of_texts(writer);
    let keys = in_their_cache(writer, &targets, &texts, keys);
    let taken = quote_spanned!(ours=> |#targets: &mut #p::Targets| { #(#entries)* #keys });
    let Some(result) = &writer.of_result.name else {
        let is_value = Some(quote_spanned!(ours=> #is_value #of_texts));
        let call = quote_spanned!(ours=> #p::invalidating(#p::targets(#cache, #taken), #body));
        return function(item, writer, is_value, call);
    };
    let Some(output) = &writer.output else { return TokenStream::new() }; // reported
    let OfResults { entries, keys, tags, soft_tags, .. } = &writer.of_result;
    let before = entries.iter().flat_map(|entry| &entry.before);
    let before = before.map(|(name, written)| quote_spanned!(name.span()=> let #name = #written;));
    let entries = entries.iter().map(|OfResult { call, .. }| named(call, &targets));
    let keys = by_text(writer, &targets, [keys, tags, soft_tags]);
    let keys = in_their_cache(writer, &targets, &texts, keys);
    let shape = shape_of_output(writer, output);
    let first = quote_spanned! {ours=>
        #is_value
        #of_texts
        let __cache = #cache;
        #(#before)*
    };
    let call = quote_spanned! {ours=>
        #p::invalidating_result(
            #p::targets(::core::clone::Clone::clone(&__cache), #taken),
            __cache,
            #shape,
            move |#targets: &mut #p::Targets, #result: &_| { #(#entries)* #keys },
            #body,
        )
    };
    function(item, writer, Some(first), call)
}

/// Declares to the program which tags are named, if any are.
fn declaration(item: &Item, writer: &Writer) -> Option<TokenStream> {
    let OfResults { tags, soft_tags, .. } = &writer.of_result;
    let tags = [&writer.tags, &writer.soft_tags, tags, soft_tags].into_iter().flatten();
    let tags: Vec<_> = tags.filter_map(|tag| tag.template.as_ref()).collect();
    if tags.is_empty() {
        return None;
    }
    let p = private_of(&writer.krate, Span::mixed_site());
    let ident = text_of(&item.sig.ident);
    Some(quote_spanned! {Span::mixed_site()=>
        #p::inventory::submit! {
            #p::NamedTags { module: ::core::module_path!(), ident: #ident, tags: &[#(#tags),*] }
        }
    })
}

/// What tells `targets` of keys, tags and soft tags.
fn by_text(writer: &Writer, targets: &Ident, named: [&Vec<Key>; 3]) -> TokenStream {
    let ours = Span::mixed_site();
    let methods = ["key", "tag", "soft_tag"].map(|method| Ident::new(method, ours));
    let named = methods.iter().zip(named).flat_map(|(method, keys)| {
        keys.iter().map(move |key| {
            let render = render(&writer.krate, key);
            quote_spanned!(ours=> #targets.#method(#render);)
        })
    });
    named.collect()
}

/// Takes the block's cache where a writer inside names keys or tags.
fn cache_of_texts(writer: &Writer) -> Option<TokenStream> {
    let of_texts = writer.cache_of_texts.as_ref()?;
    let cache = cache(&writer.krate, Some(of_texts));
    Some(quote_spanned!(Span::mixed_site()=> let __texts = #cache;))
}

/// What tells `targets` of keys and tags, of the block's cache if there is one.
fn in_their_cache(
    writer: &Writer,
    targets: &Ident,
    texts: &Ident,
    keys: TokenStream,
) -> TokenStream {
    if writer.cache_of_texts.is_none() || keys.is_empty() {
        return keys;
    }
    let p = private_of(&writer.krate, Span::mixed_site());
    quote_spanned! {Span::mixed_site()=>
        #targets.of(::core::clone::Clone::clone(&#texts), |#targets: &mut #p::Targets| { #keys });
    }
}

/// What tells `targets` of a call. Spanned at the item, so that one that is not cached is an error there.
fn named(call: &Call, targets: &Ident) -> TokenStream {
    let span = ours_at(call.expr.span());
    if !call.is_open {
        let entry = &call.expr;
        return quote_spanned!(span=> #targets.entry(&#entry););
    }
    let mut call = call.clone();
    for argument in call.arguments_mut() {
        let span = ours_at(argument.span());
        let optional = match &*argument {
            Expr::Infer(_) => parse_quote_spanned!(span=> ::core::option::Option::None),
            given => parse_quote_spanned!(span=> ::core::option::Option::Some(#given)),
        };
        *argument = optional;
    }
    let calls = &call.expr;
    quote_spanned!(span=> #targets.calls(&#calls);)
}

/// The function with its value stored.
pub(super) fn putting(item: &Item, writer: &Writer) -> TokenStream {
    let (Some(Call { expr: entry, .. }), Some(output)) = (writer.entries.first(), &writer.output)
    else {
        return TokenStream::new(); // an error has been reported
    };
    // Spanned at the item, so that a value of another type is an error there.
    let at_item = ours_at(entry.span());
    let p = private_of(&writer.krate, at_item);
    // Without a closure where that will do: then an unknown function is one error.
    let named = match &writer.cache {
        None => entry.to_token_stream(),
        Some(_) => {
            let cache = cache(&writer.krate, writer.cache.as_ref());
            quote_spanned!(at_item=> #p::named(#cache, || #entry))
        }
    };
    let name = Ident::new("__entry", Span::mixed_site());
    let reader =
        shape(&p, at_item, Form::Async, &quote_spanned!(at_item=> #name.__cached_function()));
    let this = shape_of_output(writer, output);
    let body = pinned_body(item, writer);
    let call = quote_spanned! {at_item=>
        #p::putting(
            {
                let #name = #named;
                let __reader = #reader;
                let __this = #this;
                #p::target(#name, __reader, __this)
            },
            #body,
        )
    };
    function(item, writer, None, call)
}

/// What the value is, asked at the type, so that a future is an error there.
fn shape_of_output(writer: &Writer, output: &Type) -> TokenStream {
    let at_type = ours_at(output.span());
    let p = private_of(&writer.krate, at_type);
    let returns = quote_spanned!(at_type=> #p::Returns::<#output>::new());
    shape(&p, at_type, writer.form, &returns)
}

fn pinned_body(item: &Item, writer: &Writer) -> TokenStream {
    let p = private_of(&writer.krate, Span::mixed_site());
    let body = body(item, writer.form, writer.output.as_ref());
    let pinned = quote_spanned!(Span::mixed_site()=> ::core::pin::pin!(async move { #body }));
    if writer.form == Form::Plain {
        quote_spanned!(Span::mixed_site()=> ::core::pin::pin!(#p::outside(#pinned)))
    } else {
        pinned
    }
}

fn function(
    item: &Item,
    writer: &Writer,
    first: Option<TokenStream>,
    call: TokenStream,
) -> TokenStream {
    let instead = instead_of_companions(item, writer);
    let declaration = declaration(item, writer);
    let first = quote_spanned!(Span::mixed_site()=> #declaration #instead #first);
    let whole = if writer.form == Form::Plain {
        let p = private_of(&writer.krate, Span::mixed_site());
        quote_spanned!(Span::mixed_site()=> #first #p::blocking(::core::pin::pin!(#call)))
    } else {
        as_written(writer.form, quote_spanned!(Span::mixed_site()=> #first #call.await))
    };
    with_body(item, &item.sig, &whole)
}
