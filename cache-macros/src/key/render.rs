//! Writes the code that renders a key.

use crate::key::model::{Key, Piece, PieceKind};
use crate::key::transform::Transform;
use crate::shared::cfg::{Cfg, attribute};
use crate::shared::paths::{ours_at, private_of};
use crate::shared::times::duration;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{Member, Pat, Path};

/// The closure that writes the key.
pub(crate) fn render(krate: &Path, key: &Key) -> TokenStream {
    let p = private_of(krate, Span::mixed_site());
    let name = Ident::new("__key", Span::mixed_site());
    let statements = key.pieces.iter().map(|piece| statement(piece, &name, krate));
    quote_spanned! {Span::mixed_site()=>
        |#name: &mut #p::KeyWriter<'_>| { #(#statements)* }
    }
}

/// The number that is all that tells the function's keys apart, if there is one: behind text, so that
/// the key cannot be taken for another's. Whether the argument is a number its type says.
pub(crate) fn number(krate: &Path, key: &Key) -> TokenStream {
    if let [text @ .., Piece { kind, cfg: None, span }] = &*key.pieces
        && !text.is_empty()
        && text.iter().all(Piece::is_text)
        && let PieceKind::Value { root, fields, transform: None, opaque: false } = kind
        && !asks(root, fields)
    {
        let (p, span) = (private_of(krate, *span), ours_at(*span));
        let value = value(root, fields, span, krate);
        return quote_spanned!(span=> #p::number(&#value));
    }
    quote_spanned!(Span::mixed_site()=> ::core::option::Option::None)
}

/// The closure that writes the tags of a call, if there are any: `has_own` where what it computes has
/// further ones.
pub(crate) fn render_tags(krate: &Path, tags: &[Key], has_own: bool) -> Option<TokenStream> {
    if tags.is_empty() && !has_own {
        return None;
    }
    let p = private_of(krate, Span::mixed_site());
    let (name, write) = write_tags(krate, tags, has_own);
    Some(quote_spanned! {Span::mixed_site()=>
        |#name: &mut #p::TagWriter<'_>| { #write }
    })
}

/// The closure that writes the tags of an element of a list.
pub(crate) fn render_member_tags(
    krate: &Path,
    tags: &[Key],
    has_own: bool,
    member: &Ident,
) -> TokenStream {
    let p = private_of(krate, Span::mixed_site());
    if tags.is_empty() && !has_own {
        return quote_spanned!(Span::mixed_site()=> |_: &mut #p::TagWriter<'_>, _: &_| {});
    }
    let (name, write) = write_tags(krate, tags, has_own);
    quote_spanned! {Span::mixed_site()=>
        |#name: &mut #p::TagWriter<'_>, #member: &_| { #write }
    }
}

/// What writes tags, to what has this name.
fn write_tags(krate: &Path, tags: &[Key], has_own: bool) -> (Ident, TokenStream) {
    let name = Ident::new("__tags", Span::mixed_site());
    let tags = tags.iter().map(|tag| render(krate, tag));
    let own = has_own.then(|| quote_spanned!(Span::mixed_site()=> #name.and_own();));
    (name.clone(), quote_spanned!(Span::mixed_site()=> #(#name.tag(#tags);)* #own))
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

/// An argument that may be left open.
pub(crate) struct Hole {
    /// An `Option` of the argument.
    pub(crate) name: Ident,
    pub(crate) pattern: Pat,
    /// The names that the pattern binds.
    pub(crate) binds: Vec<String>,
    /// Whether it is an element of a list, which the template names by reference.
    pub(crate) is_member: bool,
    /// Where there is such an argument.
    pub(crate) cfg: Cfg,
}

/// [`render`], with a hole in the place of each argument that is `None`.
pub(crate) fn render_open(krate: &Path, key: &Key, holes: &[Hole]) -> TokenStream {
    let p = private_of(krate, Span::mixed_site());
    let name = Ident::new("__key", Span::mixed_site());
    let statements = key.pieces.iter().map(|piece| {
        let mut behind = piece.clone();
        let PieceKind::Value { root, .. } = &mut behind.kind else {
            return statement(piece, &name, krate);
        };
        let written = root.to_string();
        let bound = written.trim_start_matches("r#");
        let holes = holes.iter().filter(|hole| hole.binds.iter().any(|name| name == bound));
        let holes: Vec<_> = holes.collect();
        if holes.is_empty() {
            return statement(piece, &name, krate);
        }
        // The pattern binds references to what the template names.
        if !holes.iter().any(|hole| hole.is_member) {
            *root = quote_spanned!(ours_at(piece.span)=> (*#root));
        }
        let write = write(&behind, &name, krate);
        // Of arguments with one name each build has one.
        let each = holes.iter().map(|Hole { name: open, pattern, cfg, .. }| {
            let cfg = attribute(cfg.as_ref());
            quote_spanned! {ours_at(piece.span)=>
                #cfg
                match &#open {
                    ::core::option::Option::Some(#pattern) => { #write }
                    ::core::option::Option::None => #name.hole(),
                }
            }
        });
        let write = quote_spanned!(ours_at(piece.span)=> #(#each)*);
        where_there(piece, write, &name)
    });
    quote_spanned! {Span::mixed_site()=>
        |#name: &mut #p::KeyWriter<'_>| { #(#statements)* }
    }
}

/// What writes one piece.
fn statement(piece: &Piece, key: &Ident, krate: &Path) -> TokenStream {
    where_there(piece, write(piece, key, krate), key)
}

/// What this build does not have reads like the `None` of an `Option`.
fn where_there(piece: &Piece, write: TokenStream, key: &Ident) -> TokenStream {
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
        PieceKind::TextBehind(text) => quote_spanned!(span=> #key.text_behind(#text);),
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
