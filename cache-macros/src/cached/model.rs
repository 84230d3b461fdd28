//! What is known of a function and its attribute once everything about them has been checked.

use crate::cached::options::Opt;
use crate::key::model::Key;
use crate::shared::form::Form;
use crate::shared::item::Binding;
use crate::shared::paths::private_of;
use proc_macro2::{Span, TokenStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use syn::{Expr, Path, Type};

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

/// The private module of the runtime, placed at `span`.
pub(crate) fn private(model: &Model, span: Span) -> TokenStream {
    private_of(&model.krate, span)
}
