//! What is written around the body of a companion.

use crate::shared::item::Item;
use crate::shared::tokens::{mentions, text_of};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, GenericParam, Generics, WherePredicate};

/// What a writer calls of the function that it names: the companion of an entry, or the one of calls that
/// are open.
///
/// The compiler says these names where there is no such companion, or no place for it. Those that are
/// ours alone tell what to do then.
pub(crate) fn companion_name(function: &str, is_open: bool, span: Span) -> Ident {
    if is_open {
        let why = "needs_redis_cache_and_in_a_trait_on_the_whole_impl_too";
        return format_ident!("__{function}_{why}", span = span);
    }
    match alias(&format!("{function}_entry"), span) {
        Some(alias) => alias,
        None => format_ident!("{function}_entry", span = span),
    }
}

/// What writers call of a companion named `get_user_entry_entry`: nearly always it is the companion that
/// was named instead of the function.
pub(super) fn alias(companion: &str, span: Span) -> Option<Ident> {
    let function = companion.strip_suffix("_entry")?;
    let base = function.strip_suffix("_entry")?;
    Some(format_ident!("__write_{base}_instead_of_{function}", span = span))
}

/// What is written around a companion's body.
pub(super) struct Signature<'a> {
    pub(super) doc: TokenStream,
    pub(super) ident: Ident,
    pub(super) arguments: &'a [FnArg],
}

impl Signature<'_> {
    pub(super) fn written(
        &self,
        item: &Item,
        output: &TokenStream,
        body: &TokenStream,
    ) -> TokenStream {
        let Self { doc, ident, arguments } = self;
        let attrs = item.attrs.iter().filter(|attr| is_shared(attr));
        let vis = &item.vis;
        let generics = kept_generics(&item.sig.generics, &quote!(#(#arguments,)* #output #body));
        let (params, where_clause) = (&generics.params, &generics.where_clause);
        quote_spanned! {Span::mixed_site()=>
            #doc
            #(#attrs)*
            #[allow(
                unused,
                private_bounds,
                private_interfaces,
                unreachable_pub,
                clippy::all,
                clippy::pedantic,
                clippy::nursery
            )]
            // Compiled where it is called, if it is.
            #[inline]
            #vis fn #ident <#params> (#(#arguments),*) -> #output #where_clause {
                #body
            }
        }
    }
}

/// Attributes that mean the same for the companion.
fn is_shared(attr: &Attribute) -> bool {
    let is_hidden = attr.path().is_ident("doc") && mentions(&attr.meta, &|name| name == "hidden");
    attr.path().is_ident("cfg") || attr.path().is_ident("allow") || is_hidden
}

/// The parameters that `signature` mentions, those that their bounds mention, and the bounds that
/// are about these alone.
pub(crate) fn kept_generics(generics: &Generics, signature: &TokenStream) -> Generics {
    let mut reach = signature.clone();
    let mut kept: Vec<&GenericParam> = Vec::new();
    let predicates = || generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    loop {
        let found = generics.params.iter().find(|param| {
            !kept.iter().any(|other| name_of(other) == name_of(param))
                && mentions(&reach, &|name| name == name_of(param))
        });
        let Some(param) = found else { break };
        kept.push(param);
        reach.extend(param.to_token_stream());
        for predicate in predicates() {
            if let WherePredicate::Type(bound) = predicate
                && mentions(&bound.bounded_ty, &|name| name == name_of(param))
            {
                reach.extend(bound.to_token_stream());
            }
        }
    }
    let is_kept = |param: &&GenericParam| kept.iter().any(|other| name_of(other) == name_of(param));
    let mut smaller = generics.clone();
    smaller.params = generics.params.iter().filter(is_kept).cloned().collect();
    if let Some(clause) = &mut smaller.where_clause {
        let dropped: Vec<_> =
            generics.params.iter().filter(|param| !is_kept(param)).map(name_of).collect();
        clause.predicates = predicates()
            .filter(|predicate| !mentions(predicate, &|name| dropped.iter().any(|d| d == name)))
            .cloned()
            .collect();
    }
    smaller
}

fn name_of(param: &GenericParam) -> String {
    match param {
        GenericParam::Lifetime(lifetime) => lifetime.lifetime.ident.to_string(),
        GenericParam::Type(ty) => text_of(&ty.ident),
        GenericParam::Const(constant) => text_of(&constant.ident),
    }
}
