//! Writes the code that renders a key.

use crate::key::model::{Key, Piece, PieceKind};
use crate::key::transform::Transform;
use crate::shared::paths::{ours_at, private_of};
use crate::shared::times::duration;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

/// The closure that writes the key.
pub(crate) fn render(krate: &Path, key: &Key) -> TokenStream {
    let p = private_of(krate, Span::mixed_site());
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
