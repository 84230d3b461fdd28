//! The options of the block: those of each method that does not say otherwise.

use crate::cached::options::TABLE;
use crate::cached::parse::parse;
use crate::shared::errors::Errors;
use crate::shared::table::row;
use crate::shared::tokens::text_of;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

/// Options as written.
#[derive(Debug, Default)]
pub(super) struct Defaults(Vec<(Ident, TokenStream)>);

impl Defaults {
    /// Reads the options of the block. Wrong ones are told here, once, and are nobody's.
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let given = parse(tokens, errors).given;
        for name in ["key", "skip"] {
            if let Some(option) = given.get(name) {
                errors.at(
                    option.name.span(),
                    format!(
                        "`{name}` says what tells the calls of one method apart: write it on each \
                         method"
                    ),
                );
            }
        }
        if !errors.is_empty() {
            return Self::default();
        }
        let all = given.iter().map(|option| (option.name.clone(), option.tokens.clone()));
        Self(all.collect())
    }

    /// The options of a method, and those of the block that it neither gives nor excludes.
    pub(super) fn added_to(&self, own: TokenStream) -> TokenStream {
        let given = names(&own);
        let excluded = |one: &str, other: &str| {
            let excludes = row(TABLE, one).map_or(&[][..], |row| row.excludes);
            excludes.iter().any(|(name, _)| *name == other)
        };
        let lacks = |name: &Ident| {
            let name = text_of(name);
            given.iter().all(|own| *own != name && !excluded(own, &name) && !excluded(&name, own))
        };
        let added = self.0.iter().filter(|(name, _)| lacks(name));
        let added: Vec<_> = added.map(|(name, value)| quote!(#name #value)).collect();
        let ends = own.clone().into_iter().last().is_none_or(|last| is_comma(&last));
        match (added.is_empty(), ends) {
            (true, _) => own,
            (false, true) => quote!(#own #(#added),*),
            (false, false) => quote!(#own, #(#added),*),
        }
    }
}

/// What stands where an option's name does.
fn names(options: &TokenStream) -> Vec<String> {
    let mut begins = true;
    let mut names = Vec::new();
    for tree in options.clone() {
        match &tree {
            TokenTree::Ident(name) if begins => names.push(text_of(name)),
            _ => {}
        }
        begins = is_comma(&tree);
    }
    names
}

fn is_comma(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(sign) if sign.as_char() == ',')
}
