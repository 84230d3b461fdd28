//! Writes the code that renders a key.

use crate::key::model::{Key, Piece, PieceKind};
use crate::key::transform::Transform;
use crate::shared::paths::{ours_at, private_of};
use crate::shared::times::duration;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{Member, Path};

/// The closure that writes the key.
pub(crate) fn render(krate: &Path, key: &Key) -> TokenStream {
    let p = private_of(krate, Span::mixed_site());
    let name = Ident::new("__key", Span::mixed_site());
    let statements = key.pieces.iter().map(|piece| statement(piece, &name, krate));
    quote_spanned! {Span::mixed_site()=>
        |#name: &mut #p::KeyWriter<'_>| { #(#statements)* }
    }
}

/// The closure that writes the key of an element of a list.
pub(crate) fn render_member(krate: &Path, key: &Key, member: &Ident) -> TokenStream {
    let p = private_of(krate, Span::mixed_site());
    let name = Ident::new("__key", Span::mixed_site());
    let statements = key.pieces.iter().map(|piece| statement(piece, &name, krate));
    quote_spanned! {Span::mixed_site()=>
        |#name: &mut #p::KeyWriter<'_>, #member: &_| { #(#statements)* }
    }
}

/// What writes one piece. What this build does not have reads like the `None` of an `Option`.
fn statement(piece: &Piece, key: &Ident, krate: &Path) -> TokenStream {
    let write = write(piece, key, krate);
    let Some(cfg) = &piece.cfg else { return write };
    quote_spanned! {Span::mixed_site()=>
        #[cfg(#cfg)]
        { #write }
        #[cfg(not(#cfg))]
        { #key.argument(&::core::option::Option::None::<()>); }
    }
}

fn write(piece: &Piece, key: &Ident, krate: &Path) -> TokenStream {
    let span = ours_at(piece.span);
    match &piece.kind {
        PieceKind::Text(text) => quote_spanned!(span=> #key.text(#text);),
        PieceKind::Path => quote_spanned!(span=> #key.path();),
        PieceKind::SelfType => quote_spanned!(span=> #key.self_type::<Self>();),
        PieceKind::TypeName(ty) => quote_spanned!(span=> #key.type_name::<#ty>();),
        PieceKind::Value { root, fields, transform, opaque } => {
            let value = value(root, fields, span, krate);
            let write = match transform {
                None if *opaque => quote_spanned!(span=> #key.typed_argument(&#value);),
                None => quote_spanned!(span=> #key.argument(&#value);),
                Some(Transform::Hash) => quote_spanned!(span=> #key.hash(&#value);),
                Some(Transform::Lower) => quote_spanned!(span=> #key.lower(&#value);),
                Some(Transform::Upper) => quote_spanned!(span=> #key.upper(&#value);),
                Some(Transform::Display) => quote_spanned!(span=> #key.display(&#value);),
                Some(Transform::Bucket(width)) => {
                    let width = duration(*width);
                    quote_spanned!(span=> #key.bucket(&#value, #width);)
                }
            };
            if !asks(root, fields) {
                return write;
            }
            let p = private_of(krate, piece.span);
            quote_spanned! {span=>
                {
                    use #p::{FieldsBehindPointer as _, FieldsOfAny as _, FieldsOfOption as _};
                    #write
                }
            }
        }
    }
}

/// Whether what a field is named of may be an `Option`, which has none: `self` itself is not.
fn asks(root: &TokenStream, fields: &[Member]) -> bool {
    fields.len() > usize::from(root.to_string() == "self")
}

/// `root.a.b`, where each of `root` and `root.a` is asked.
fn value(root: &TokenStream, fields: &[Member], span: Span, krate: &Path) -> TokenStream {
    let p = private_of(krate, span);
    let mut value = root.clone();
    for (at, field) in fields.iter().enumerate() {
        value = match asks(root, fields.get(..=at).unwrap_or_default()) {
            true => quote_spanned!(span=> (*(&&#p::Of(&#value)).fields_of()).#field),
            false => quote_spanned!(span=> #value.#field),
        };
    }
    value
}
