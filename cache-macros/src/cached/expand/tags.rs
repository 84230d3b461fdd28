//! Writes which tags a call has, and whether what it computes has further ones.

use crate::cached::model::Model;
use crate::key::render::{render_member_tags, render_tags};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

/// What is said of the tags behind a call that is about to be made, or named.
pub(crate) fn tags(model: &Model) -> Option<TokenStream> {
    let write = render_tags(&model.krate, &model.tags, has_own(model))?;
    Some(quote_spanned!(Span::mixed_site()=> .tagged(#write)))
}

/// The same for who looks before there is a call.
pub(crate) fn tags_first(model: &Model) -> TokenStream {
    match render_tags(&model.krate, &model.tags, has_own(model)) {
        Some(write) => quote_spanned!(Span::mixed_site()=> ::core::option::Option::Some(&#write)),
        None => quote_spanned!(Span::mixed_site()=> ::core::option::Option::None),
    }
}

/// The same of an element of a list.
pub(crate) fn tags_of_member(model: &Model, member: &Ident) -> TokenStream {
    render_member_tags(&model.krate, &model.tags, has_own(model), member)
}

fn has_own(model: &Model) -> bool {
    model.options.tags_with.is_some()
}
