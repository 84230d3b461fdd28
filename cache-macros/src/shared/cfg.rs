//! `#[cfg(...)]` on what a function takes: it is there in some builds only, and so must be what is
//! written of it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// In which builds something is there, as a predicate of `cfg`; `None` in all.
pub(crate) type Cfg = Option<TokenStream>;

/// What the attributes of one argument, parameter or field say.
pub(crate) fn cfg_of<'a>(attrs: impl IntoIterator<Item = &'a Attribute>) -> Cfg {
    all(attrs.into_iter().filter_map(|attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens.clone()),
        Meta::List(list) if list.path.is_ident("cfg_attr") => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            conditional(parts.ok()?)
        }
        _ => None,
    }))
}

/// `cfg_attr(condition, cfg(predicate))` is `cfg(any(not(condition), predicate))`.
fn conditional(parts: Punctuated<Meta, Token![,]>) -> Cfg {
    let mut parts = parts.into_iter();
    let condition = parts.next()?;
    let predicate = all(parts.filter_map(|part| match part {
        Meta::List(list) if list.path.is_ident("cfg") => Some(list.tokens),
        _ => None,
    }))?;
    Some(quote_spanned!(Span::mixed_site()=> any(not(#condition), #predicate)))
}

/// Where all of these are there.
pub(crate) fn all(cfgs: impl IntoIterator<Item = TokenStream>) -> Cfg {
    let cfgs: Vec<_> = cfgs.into_iter().collect();
    (!cfgs.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> all(#(#cfgs),*)))
}

/// Where one of these is there: of arguments with one name each build has one.
pub(crate) fn any(cfgs: impl IntoIterator<Item = Cfg>) -> Cfg {
    let cfgs = cfgs.into_iter().collect::<Option<Vec<_>>>()?;
    (!cfgs.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> any(#(#cfgs),*)))
}

/// The attribute that leaves out what is not there.
pub(crate) fn attribute(cfg: Option<&TokenStream>) -> TokenStream {
    cfg.map(|cfg| quote_spanned!(Span::mixed_site()=> #[cfg(#cfg)])).unwrap_or_default()
}
