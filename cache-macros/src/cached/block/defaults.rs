//! The options of the block: those of each method that does not say otherwise.

use crate::cached::options::Options;
use crate::cached::options::table::TABLE;
use crate::cached::parse::{DEFAULTS, parse};
use crate::cached::values::Companion;
use crate::shared::errors::{Collected, Errors, collect};
use crate::shared::table::{Given, row};
use crate::shared::tokens::{mentions, text_of, tidy};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;

/// How the block tells its cache to the writers inside.
pub(crate) const CACHE_OF_TEXTS: &str = "__cache";

/// How the block tells the writers inside which of its methods are cached, and which are not.
pub(crate) const METHODS: &str = "__methods";

#[derive(Debug, Default)]
pub(super) struct Defaults {
    /// As written.
    options: Vec<(Ident, TokenStream)>,
    /// Whether there was one that belongs on a method, which is an error already.
    pub(super) has_one_of_a_method: bool,
}

impl Defaults {
    /// Reads the options of the block. Wrong ones are told here, once, and are nobody's; the right ones are
    /// handed on all the same, since a method without them may be wrong.
    pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let given = parse(tokens, errors).given;
        let mut defaults = Self::default();
        let mut of_calls: Vec<&Given> = Vec::new();
        for option in given.iter() {
            let Given { name, tokens } = option;
            let (is_right, options) = parsed(option);
            if name == "key" || name == "skip" {
                of_calls.push(option);
            } else if let Some(Companion::Named(_)) = options.entry {
                defaults.has_one_of_a_method = true;
                let why = "`entry` is the name of one method's companion: write it on that one";
                errors.at(name.span(), why);
            } else if is_right {
                defaults.options.push((name.clone(), tokens.clone()));
            } // what is wrong is told above
        }
        if let Some(first) = of_calls.first() {
            defaults.has_one_of_a_method = true;
            errors.at(first.name.span(), why_not_of_all(&of_calls));
        }
        defaults
    }

    /// What a writer inside names, and where that is: its keys and tags, which are of no function that
    /// says its cache, are of the block's, unless that asks for a `self` that there is none of.
    pub(super) fn added_to_writer(&self, own: TokenStream, has_self: bool) -> TokenStream {
        let given = names(&own);
        let names_texts = given.iter().any(|name| ["keys", "tags", "soft_tags"].contains(&&**name));
        let cache = self.options.iter().find(|(name, value)| {
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
        let added = self.options.iter().filter(|(name, _)| lacks(name));
        let added: Vec<_> = added.map(|(name, value)| quote!(#name #value)).collect();
        let defaults = Ident::new(DEFAULTS, Span::call_site());
        if added.is_empty() { own } else { appended(own, &quote!(#defaults, #(#added),*)) }
    }
}

/// Why `key` and `skip` cannot be options of all methods.
fn why_not_of_all(of_calls: &[&Given]) -> String {
    let written = of_calls.iter().map(|Given { name, tokens }| quote!(#name #tokens).to_string());
    let written = tidy(&written.collect::<Vec<_>>().join(", "));
    let (say, it) = match of_calls {
        [one] => (format!("`{}` says", one.name), "it"),
        _ => ("`key` and `skip` say".to_owned(), "them"),
    };
    format!(
        "{say} what tells the calls of one method apart: write {it} on each method, as \
         `#[redis_cache({written})]`"
    )
}

/// One option by itself, and whether it is right.
fn parsed(option: &Given) -> (bool, Options) {
    let Given { name, tokens } = option;
    match collect(|errors| parse(quote!(#name #tokens), errors)) {
        Collected::Good(options) => (true, options),
        Collected::Mistaken { found: options, .. } => (false, options),
    }
}

/// Behind what may end with a comma.
fn appended(own: TokenStream, more: &TokenStream) -> TokenStream {
    let ends = own.clone().into_iter().last().is_none_or(|last| is_comma(&last));
    if ends { quote!(#own #more) } else { quote!(#own, #more) }
}

/// What stands where an option's name does.
pub(super) fn names(options: &TokenStream) -> Vec<String> {
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
