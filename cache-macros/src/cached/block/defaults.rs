//! The options of the block: those of each method that does not say otherwise.

use crate::cached::options::TABLE;
use crate::cached::parse::parse;
use crate::shared::errors::Errors;
use crate::shared::table::row;
use crate::shared::tokens::{mentions, text_of};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// How the block tells its cache to the writers inside.
pub(crate) const CACHE_OF_TEXTS: &str = "__cache";

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

    /// What a writer inside names, and where that is: its keys and tags, which are of no function that
    /// says its cache, are of the block's, unless that asks for a `self` that there is none of.
    pub(super) fn added_to_writer(&self, own: TokenStream, has_self: bool) -> TokenStream {
        let given = names(&own);
        let names_texts = given.iter().any(|name| ["keys", "tags", "soft_tags"].contains(&&**name));
        let cache = self.0.iter().find(|(name, value)| {
            name == "cache" && (has_self || !mentions(value, &|name| name == "self"))
        });
        match cache {
            Some((_, value)) if names_texts && !given.iter().any(|name| name == "cache") => {
                let name = Ident::new(CACHE_OF_TEXTS, Span::call_site());
                appended(own, &quote!(#name #value))
            }
            _ => own,
        }
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
        if added.is_empty() { own } else { appended(own, &quote!(#(#added),*)) }
    }
}

/// Behind what may end with a comma.
fn appended(own: TokenStream, more: &TokenStream) -> TokenStream {
    let ends = own.clone().into_iter().last().is_none_or(|last| is_comma(&last));
    if ends { quote!(#own #more) } else { quote!(#own, #more) }
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
