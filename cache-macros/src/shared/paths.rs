//! Where things are: the runtime's private module, and the places that errors are told at.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Path;

/// `span`'s place with our hygiene.
pub(crate) fn ours_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}

/// The private module of the runtime at `krate`, placed at `span`: the compiler takes where a
/// function's path stands for the place of errors about its arguments.
pub(crate) fn private_of(krate: &Path, span: Span) -> TokenStream {
    let krate = krate.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(span));
        token
    });
    let krate: TokenStream = krate.collect();
    quote_spanned!(ours_at(span)=> #krate::__private)
}
