//! What a key is made of, once its template has been read against the function.

use crate::key::transform::Transform;
use crate::shared::cfg::Cfg;
use crate::shared::tokens::text_of;
use proc_macro2::{Ident, Span, TokenStream};
use syn::Member;

/// A step of rendering the key.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Where an error about this step belongs.
    pub(crate) span: Span,
    pub(crate) kind: PieceKind,
    /// Where what it names is there.
    pub(crate) cfg: Cfg,
}

#[derive(Debug, Clone)]
pub(crate) enum PieceKind {
    Text(String),
    /// Text right behind a value, with no separator between them.
    TextBehind(String),
    /// The function's path, which begins a default key.
    Path,
    /// The type of the `impl`, where it is generic.
    SelfType,
    TypeName(Ident),
    Value {
        /// The argument, `self` or the const parameter.
        root: TokenStream,
        /// The field of it, and of that, and so on.
        fields: Vec<Member>,
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

impl Piece {
    /// Whether it is the same for all calls.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.kind, PieceKind::Text(_) | PieceKind::TextBehind(_) | PieceKind::Path)
    }
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
        self.push_where(None, span, kind);
    }

    pub(super) fn push_where(&mut self, cfg: Cfg, span: Span, kind: PieceKind) {
        self.pieces.push(Piece { span, kind, cfg });
    }

    /// Text of a template.
    pub(super) fn text(&mut self, span: Span, text: &str) {
        let is_behind = self.pieces.last().is_some_and(|last| !last.is_text());
        // What no mark of the runtime's own has at its beginning.
        let separates = text.starts_with([':', '/', '|', '{', '}']);
        let kind = if is_behind && !separates { PieceKind::TextBehind } else { PieceKind::Text };
        self.push(span, kind(text.to_owned()));
    }

    /// A part of the default key: a colon and a value.
    pub(super) fn part(&mut self, ident: &Ident, cfg: Cfg, value: PieceKind) {
        let span = ident.span();
        self.push(span, PieceKind::Text(":".into()));
        self.push_where(cfg, span, value);
        self.arguments.push(text_of(ident));
        self.uses.push(text_of(ident));
    }
}
