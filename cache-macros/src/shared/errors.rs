//! The mistakes of one attribute, reported together.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes that were found so far.
///
/// Only [`collect`] makes one, and it lends it: whoever adds a mistake cannot drop those that are
/// there already.
#[derive(Debug)]
pub(crate) struct Errors(Option<syn::Error>);

/// What came of [`collect`].
#[derive(Debug)]
#[must_use]
pub(crate) enum Collected<T> {
    /// There is no mistake.
    Good(T),
    /// There are mistakes; `report` makes the compiler tell them.
    Mistaken { found: T, report: TokenStream },
}

/// Runs `find`, which adds every mistake that it meets.
pub(crate) fn collect<T>(find: impl FnOnce(&mut Errors) -> T) -> Collected<T> {
    let mut errors = Errors(None);
    let found = find(&mut errors);
    match errors.0 {
        None => Collected::Good(found),
        Some(error) => Collected::Mistaken { found, report: error.into_compile_error() },
    }
}

impl Errors {
    /// An error at one place.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// An error that underlines all of `tokens`.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
