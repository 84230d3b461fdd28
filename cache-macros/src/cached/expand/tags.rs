//! Writes which tags a call has, and whether what it computes has further ones.

use crate::cached::model::Model;
use crate::key::render::render_tags;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

/// What is said of the tags behind a call that is about to be made, or named.
pub(crate) fn tags(model: &Model) -> TokenStream {
    let known = render_tags(&model.krate, &model.tags);
    let own = model.options.tags_with.as_ref();
    let own = own.map(|_| quote_spanned!(Span::mixed_site()=> .with_own_tags()));
    quote!(#known #own)
}
