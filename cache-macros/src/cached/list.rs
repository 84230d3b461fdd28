//! `batch = "ids"` as written.

use crate::shared::errors::Errors;
use crate::shared::option::Raw;
use crate::shared::values::literal;
use proc_macro2::{Ident, Span};
use syn::{Lit, LitStr};

/// The option as written: `ids`, or `id in ids`.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) literal: LitStr,
    pub(crate) member: Option<Ident>,
    pub(crate) list: Ident,
}

/// Reads the value of the option.
pub(super) fn written(option: &Raw, errors: &mut Errors) -> Option<Written> {
    if let Some(Lit::Str(literal)) = literal(&option.value) {
        let ident = |text: &str| {
            let mut ident = syn::parse_str::<Ident>(text.trim()).ok()?;
            ident.set_span(Span::mixed_site().located_at(literal.span()));
            Some(ident)
        };
        let text = literal.value();
        let (member, list) = match text.split_once(" in ") {
            Some((member, list)) => (Some(ident(member)), ident(list)),
            None => (None, ident(&text)),
        };
        match (member, list) {
            (None, Some(list)) => {
                return Some(Written { literal: literal.clone(), member: None, list });
            }
            (Some(Some(member)), Some(list)) => {
                return Some(Written { literal: literal.clone(), member: Some(member), list });
            }
            _ => {}
        }
    }
    errors.on(
        &option.value,
        "`batch` names an argument that is a list: write `batch = \"ids\"`, or `batch = \"id in \
         ids\"` to say also what the key calls a member of it",
    );
    None
}
