//! What is known of a function and its attribute once everything about them has been checked.

use crate::cached::options::Opt;
use crate::key::template::Transform;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::ToTokens;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, FnArg, Pat, Path, Signature, Type, Visibility};

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

/// How the function becomes a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `async fn`.
    Async,
    /// A plain function that returns `Pin<Box<dyn Future>>`, as `#[async_trait]` writes them.
    Boxed,
    /// A plain function that returns `impl Future`.
    Opaque,
    /// A plain function that returns the value.
    Plain,
}

/// A name that an argument's pattern binds.
#[derive(Debug)]
pub(crate) struct Binding {
    pub(crate) ident: Ident,
    /// Which of the function's inputs it is of.
    pub(crate) input: usize,
    /// Whether the input's type is, or contains, an `impl Trait`.
    pub(crate) opaque: bool,
}

/// A step of rendering the key.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Where an error about this step belongs.
    pub(crate) span: Span,
    pub(crate) kind: PieceKind,
}

#[derive(Debug)]
pub(crate) enum PieceKind {
    Text(String),
    /// The function's path, which begins a default key.
    Path,
    /// The type of the `impl`, where it is generic.
    SelfType,
    TypeName(Ident),
    Value {
        /// The argument, `self` or the const parameter, and fields of it.
        expr: TokenStream,
        transform: Option<Transform>,
        opaque: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SelfType {
    InKey,
    Skipped,
    Missing,
}

/// The key, and what of the signature it uses.
#[derive(Debug)]
pub(crate) struct Key {
    /// As written; `None` is the default key.
    pub(crate) template: Option<String>,
    pub(crate) pieces: Vec<Piece>,
    /// What the default key is made of, in order.
    pub(crate) arguments: Vec<String>,
    pub(crate) self_type: SelfType,
    /// The bindings, const parameters and `self` that the pieces use.
    pub(crate) uses: Vec<String>,
}

/// A life, as an option gives it.
#[derive(Debug)]
pub(crate) enum Life {
    Fixed(Duration),
    Expr(Expr),
}

#[derive(Debug)]
pub(crate) enum Ttl {
    Life(Life),
    Setting(String),
}

/// A body that may outlive its caller, and so works on copies of its own.
#[derive(Debug)]
pub(crate) struct Background {
    /// The option that asks for it.
    pub(crate) span: Span,
    /// The arguments that are references, and which of them are slices; the others are moved.
    pub(crate) copied: Vec<(syn::PatIdent, bool)>,
    /// `self`, with the place that lets it be written.
    pub(crate) receiver: Option<(Receiver, syn::Token![self])>,
}

/// What `self` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    Reference,
    Value,
}

/// Who waits for whom on a miss.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SingleFlight {
    Cluster,
    Process,
    Off,
}

#[derive(Debug)]
pub(crate) struct Model {
    /// Which attribute of this run of the compiler it is.
    pub(crate) nth: u64,
    /// The path of the runtime.
    pub(crate) krate: Path,
    pub(crate) form: Form,
    /// The type that is awaited, as written.
    pub(crate) output: Type,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) key: Key,
    pub(crate) version: Option<u64>,
    pub(crate) codec: Option<Type>,
    pub(crate) ttl: Option<Ttl>,
    pub(crate) ttl_with: Option<Expr>,
    pub(crate) jitter: Option<f64>,
    pub(crate) none_ttl: Option<Life>,
    pub(crate) cache_if: Option<Expr>,
    pub(crate) max_size: Option<u64>,
    pub(crate) stale_while_revalidate: Option<Life>,
    pub(crate) stale_if_error: Option<Life>,
    /// The beta, of type `f64`.
    pub(crate) early_refresh: Option<TokenStream>,
    pub(crate) soft_timeout: Option<Opt<Life>>,
    pub(crate) hard_timeout: Option<Opt<Life>>,
    /// What the body owns, where an option makes it outlive its caller.
    pub(crate) background: Option<Background>,
    pub(crate) single_flight: Option<SingleFlight>,
    pub(crate) cache: Option<Expr>,
    pub(crate) entry: bool,
    /// Whether the function is known to stand in an `impl` or a trait, so that it can say `Self`.
    pub(crate) has_self: bool,
    /// The options as written, for the program's own listing.
    pub(crate) written: Vec<(String, String)>,
}

/// The number of the next attribute.
pub(crate) fn next() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What the inputs bind, and where an input binds nothing.
pub(crate) fn bindings(sig: &Signature) -> (Vec<Binding>, Vec<(usize, Pat)>) {
    struct Names(Vec<Ident>);
    impl Visit<'_> for Names {
        fn visit_pat_ident(&mut self, pat: &syn::PatIdent) {
            // `None` in a pattern is a constant, not a binding; the parser cannot tell.
            let first = pat.ident.to_string().chars().next();
            if !first.is_some_and(char::is_uppercase) || pat.subpat.is_some() {
                self.0.push(pat.ident.clone());
            }
            visit::visit_pat_ident(self, pat);
        }
    }
    let mut bound = Vec::new();
    let mut unnamed = Vec::new();
    for (input, argument) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(argument) = argument else { continue };
        let mut names = Names(Vec::new());
        names.visit_pat(&argument.pat);
        if names.0.is_empty() {
            unnamed.push((input, (*argument.pat).clone()));
        }
        let opaque = has_impl_trait(&argument.ty);
        bound.extend(names.0.into_iter().map(|ident| Binding { ident, input, opaque }));
    }
    (bound, unnamed)
}

pub(crate) fn has_impl_trait(ty: &Type) -> bool {
    struct Found(bool);
    impl Visit<'_> for Found {
        fn visit_type_impl_trait(&mut self, _: &syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

/// Whether `#[async_trait]` wrote this signature.
pub(crate) fn is_async_trait(sig: &Signature) -> bool {
    sig.generics.lifetimes().any(|param| param.lifetime.ident == "async_trait")
}

/// Whether one of `names` is an identifier in `tokens`, or inlined into a format string.
pub(crate) fn mentions(tokens: impl ToTokens, is_name: &impl Fn(&str) -> bool) -> bool {
    use proc_macro2::TokenTree;
    use syn::ext::IdentExt;
    tokens.into_token_stream().into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => is_name(&ident.unraw().to_string()),
        TokenTree::Group(group) => mentions(group.stream(), is_name),
        TokenTree::Literal(literal) => literal.to_string().split('{').skip(1).any(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            is_name(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default())
        }),
        TokenTree::Punct(_) => false,
    })
}

/// Whether `Self` can be said in the function: its signature does, or its body outside of items
/// with a `Self` of their own.
pub(crate) fn has_self(item: &Item) -> bool {
    let says = |tokens: TokenStream| mentions(tokens, &|name| name == "Self" || name == "self");
    let items = ["impl", "trait", "struct", "enum", "union"];
    let body = || item.body.stream();
    says(item.sig.to_token_stream())
        || (says(body()) && !mentions(body(), &|name| items.contains(&name)))
}

/// Why something that is no [`Item`] cannot be cached.
pub(crate) fn not_a_function(tokens: TokenStream) -> syn::Error {
    if let Ok(declared) = syn::parse2::<syn::TraitItemFn>(tokens.clone()) {
        return syn::Error::new_spanned(
            declared.sig,
            "a method without a body cannot be cached: put the attribute on the method of each \
             `impl`",
        );
    }
    let message = match syn::parse2::<syn::Item>(tokens.clone()) {
        Ok(syn::Item::Impl(_) | syn::Item::Trait(_) | syn::Item::Mod(_)) => {
            "`#[redis_cache]` is for functions: put it on each function inside that is to be cached"
        }
        _ => "`#[redis_cache]` is for functions and methods: put it on one",
    };
    syn::Error::new_spanned(tokens, message)
}
