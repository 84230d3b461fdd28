//! Writes the companion of calls of which some arguments are left open: what a writer calls that says `_`.

use crate::cached::expand::signature::{Signature, companion_name};
use crate::cached::model::{Model, private};
use crate::cached::values::Companion;
use crate::key::render::Hole;
use crate::shared::cfg::cfg_of;
use crate::shared::item::Item;
use crate::shared::tokens::{mentions, text_of};
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::{FnArg, Pat, parse_quote};

/// The arguments of a companion, each of which may be left open.
pub(super) struct Open {
    arguments: Vec<FnArg>,
    pub(super) holes: Vec<Hole>,
}

impl Open {
    /// Of the inputs that the key uses. `None` where none of them can be left open; that of a method without
    /// any is there for its name, in a trait's `impl`.
    pub(super) fn new(model: &Model, inputs: &[(usize, FnArg)]) -> Option<Self> {
        let of_cache = |name: &str| model.bindings.iter().any(|b| text_of(&b.ident) == name);
        if !model.companion || mentions(&model.options.cache, &of_cache) {
            return None; // the cache is known once all arguments are
        }
        let mut open = Self { arguments: Vec::new(), holes: Vec::new() };
        for (at, input) in inputs {
            let FnArg::Typed(argument) = input else {
                open.arguments.push(input.clone());
                continue;
            };
            if !matches_behind_a_reference(&argument.pat) {
                return None;
            }
            let name = format_ident!("__open{at}", span = Span::mixed_site());
            let mut optional = argument.clone();
            let ty = &argument.ty;
            optional.ty = parse_quote!(::core::option::Option<#ty>);
            *optional.pat = parse_quote!(#name);
            open.arguments.push(FnArg::Typed(optional));
            let binds = model.bindings.iter().filter(|binding| binding.input == *at);
            let binds = binds.map(|binding| &binding.ident);
            // Of a list it takes one element.
            let member = model.batch.as_ref().filter(|batch| batch.input == *at);
            let is_member = member.is_some();
            let binds = binds.chain(member.map(|batch| &batch.member)).map(text_of).collect();
            let (pattern, cfg) = ((*argument.pat).clone(), cfg_of(&argument.attrs));
            open.holes.push(Hole { name, pattern, binds, is_member, cfg });
        }
        (!open.holes.is_empty() || model.has_self).then_some(open)
    }

    pub(super) fn written(&self, item: &Item, model: &Model, body: &TokenStream) -> TokenStream {
        let function = match &model.options.entry {
            Some(Companion::Named(name)) => text_of(name).trim_end_matches("_entry").to_owned(),
            _ => text_of(&item.sig.ident),
        };
        let p = private(model, Span::mixed_site());
        let signature = Signature {
            doc: quote!(#[doc(hidden)]),
            ident: companion_name(&function, true, item.sig.ident.span()),
            arguments: &self.arguments,
        };
        signature.written(item, &quote_spanned!(Span::mixed_site()=> #p::OpenCalls), body)
    }
}

/// Whether a pattern matches what it is of behind a reference too: it binds by name alone.
fn matches_behind_a_reference(pattern: &Pat) -> bool {
    struct Other(bool);
    impl Visit<'_> for Other {
        fn visit_pat_reference(&mut self, _: &syn::PatReference) {
            self.0 = true;
        }
        fn visit_pat_ident(&mut self, pat: &syn::PatIdent) {
            self.0 |= pat.by_ref.is_some();
            visit::visit_pat_ident(self, pat);
        }
    }
    let mut other = Other(false);
    other.visit_pat(pattern);
    !other.0
}
