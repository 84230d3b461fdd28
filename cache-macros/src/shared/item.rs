//! The function that an attribute stands on, as the user wrote it.

use crate::shared::cfg::{Cfg, all, cfg_of};
use crate::shared::tokens::{has_impl_trait, mentions};
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Pat, Signature, Visibility};

/// The function as the user wrote it. The body stays tokens: it is not ours to understand.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// `#![...]` at the top of the body.
    pub(crate) inner: Vec<Attribute>,
    /// The statements, in their braces.
    pub(crate) body: Group,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let content;
        let brace = syn::braced!(content in input);
        let inner = content.call(Attribute::parse_inner)?;
        let mut body = Group::new(Delimiter::Brace, content.parse()?);
        // Braces of the user's around a single expression, inside of ours, would be linted.
        body.set_span(Span::mixed_site().located_at(brace.span.join()));
        Ok(Self { attrs, vis, sig, inner, body })
    }
}

impl Item {
    /// Whether `Self` can be said in the function: its signature does, or its body outside of
    /// items with a `Self` of their own.
    pub(crate) fn has_self(&self) -> bool {
        let says = |tokens: TokenStream| mentions(tokens, &|name| name == "Self" || name == "self");
        let items = ["impl", "trait", "struct", "enum", "union"];
        let body = || self.body.stream();
        says(self.sig.to_token_stream())
            || (says(body()) && !mentions(body(), &|name| items.contains(&name)))
    }
}

/// A name that an argument's pattern binds.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) ident: Ident,
    /// Which of the function's inputs it is of.
    pub(crate) input: usize,
    /// Whether the input's type is, or contains, an `impl Trait`.
    pub(crate) opaque: bool,
    /// Whether it is written with `mut`.
    pub(crate) is_mut: bool,
    pub(crate) cfg: Cfg,
}

/// The arguments of a function, but for `self`.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The names that their patterns bind.
    pub(crate) bindings: Vec<Binding>,
    /// The patterns that bind none.
    pub(crate) unnamed: Vec<Pat>,
}

pub(crate) fn arguments(sig: &Signature) -> Arguments {
    /// The names so far, and what is said of the fields around the next one.
    struct Names {
        found: Vec<(Ident, bool, Cfg)>,
        around: Vec<TokenStream>,
    }
    impl Visit<'_> for Names {
        fn visit_field_pat(&mut self, field: &syn::FieldPat) {
            let before = self.around.len();
            self.around.extend(cfg_of(&field.attrs));
            visit::visit_field_pat(self, field);
            self.around.truncate(before);
        }
        fn visit_pat_ident(&mut self, pat: &syn::PatIdent) {
            // `None` in a pattern is a constant, not a binding; the parser cannot tell.
            let first = pat.ident.to_string().chars().next();
            if !first.is_some_and(char::is_uppercase) || pat.subpat.is_some() {
                let is_mut = pat.mutability.is_some();
                self.found.push((pat.ident.clone(), is_mut, all(self.around.iter().cloned())));
            }
            visit::visit_pat_ident(self, pat);
        }
    }
    let mut found = Arguments { bindings: Vec::new(), unnamed: Vec::new() };
    for (input, argument) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(argument) = argument else { continue };
        let around = cfg_of(&argument.attrs).into_iter().collect();
        let mut names = Names { found: Vec::new(), around };
        names.visit_pat(&argument.pat);
        if names.found.is_empty() {
            found.unnamed.push((*argument.pat).clone());
        }
        let opaque = has_impl_trait(&argument.ty);
        let bindings = names.found.into_iter();
        let bindings =
            bindings.map(|(ident, is_mut, cfg)| Binding { ident, input, opaque, is_mut, cfg });
        found.bindings.extend(bindings);
    }
    found
}
