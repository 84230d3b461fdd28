//! What a key is made of, once its template has been read against the function.

use crate::key::transform::Transform;
use crate::shared::tokens::text_of;
use proc_macro2::{Ident, Span, TokenStream};

/// A step of rendering the key.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Where an error about this step belongs.
    pub(crate) span: Span,
    pub(crate) kind: PieceKind,
}

#[derive(Debug)]
pub(crate) enum PieceKind {
    Text(String),
    /// The function's path, which begins a default key.
    Path,
    /// The type of the `impl`, where it is generic.
    SelfType,
    TypeName(Ident),
    Value {
        /// The argument, `self` or the const parameter, and fields of it.
        expr: TokenStream,
        transform: Option<Transform>,
        opaque: bool,
    },
}

/// Whether the type of the `impl` takes part in the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SelfType {
    InKey,
    Skipped,
    Missing,
}

/// The key, and what of the signature it uses.
#[derive(Debug)]
pub(crate) struct Key {
    /// As written; `None` is the default key.
    pub(crate) template: Option<String>,
    pub(crate) pieces: Vec<Piece>,
    /// What the default key is made of, in order.
    pub(crate) arguments: Vec<String>,
    pub(crate) self_type: SelfType,
    /// The bindings, const parameters and `self` that the pieces use.
    pub(crate) uses: Vec<String>,
}

impl Key {
    pub(super) fn new(template: Option<String>) -> Self {
        Self {
            template,
            pieces: Vec::new(),
            arguments: Vec::new(),
            self_type: SelfType::Missing,
            uses: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, span: Span, kind: PieceKind) {
        self.pieces.push(Piece { span, kind });
    }

    /// A part of the default key: a colon and a value.
    pub(super) fn part(&mut self, ident: &Ident, expr: TokenStream, opaque: bool) {
        let span = ident.span();
        self.push(span, PieceKind::Text(":".into()));
        self.push(span, PieceKind::Value { expr, transform: None, opaque });
        self.arguments.push(text_of(ident));
        self.uses.push(text_of(ident));
    }
}
