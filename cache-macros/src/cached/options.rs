//! The options of `#[redis_cache]`: a field for each, and a row of the [`table`].
//!
//! A new option is one row, its field, and what the expansion makes of that. A rule about several
//! options, or about an option and the function, is in `check`.

pub(crate) mod table;
#[cfg(test)]
mod tests;

use crate::cached::list::Written;
use crate::cached::values::{Companion, L1, SingleFlight, Timeout, Ttl};
use crate::shared::table::AllGiven;
use crate::shared::times::Time;
use proc_macro2::{Ident, TokenStream};
use syn::{Expr, LitStr, Path, Type};

/// The values of the options; `None` too where the value is wrong, which is an error already.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) ttl: Option<Ttl>,
    pub(crate) ttl_with: Option<Expr>,
    pub(crate) key: Option<LitStr>,
    pub(crate) skip: Vec<Ident>,
    pub(crate) batch: Option<Written>,
    pub(crate) version: Option<u64>,
    pub(crate) jitter: Option<f64>,
    pub(crate) none_ttl: Option<Time>,
    pub(crate) err_ttl: Option<Time>,
    pub(crate) when: Option<Expr>,
    pub(crate) cache_if: Option<Expr>,
    pub(crate) max_size: Option<u64>,
    pub(crate) stale_while_revalidate: Option<Time>,
    pub(crate) stale_if_error: Option<Time>,
    /// The beta, of type `f64`.
    pub(crate) early_refresh: Option<TokenStream>,
    pub(crate) soft_timeout: Option<Timeout>,
    pub(crate) hard_timeout: Option<Timeout>,
    pub(crate) tags: Option<Vec<LitStr>>,
    pub(crate) tags_with: Option<Expr>,
    pub(crate) single_flight: Option<SingleFlight>,
    pub(crate) codec: Option<Type>,
    pub(crate) verify: Option<bool>,
    pub(crate) l1: Option<L1>,
    pub(crate) cache: Option<Expr>,
    pub(crate) entry: Option<Companion>,
    /// The number of a method whose companion the attribute on its `impl` makes.
    pub(crate) beside: Option<u64>,
    /// What makes `Self` one of several types, where the attribute on its `impl` or trait tells it.
    pub(crate) open: Vec<Ident>,
    /// Which of them are those of its `impl` or trait, if it has any from there.
    pub(crate) defaults: Option<Vec<&'static str>>,
    pub(crate) krate: Option<Path>,
    /// All of them as written.
    pub(crate) given: AllGiven,
}

impl Options {
    /// Whether there is to be a companion.
    pub(crate) fn makes_companion(&self) -> bool {
        !matches!(self.entry, Some(Companion::None))
    }

    /// The expression that `ttl` is, where it is one.
    pub(crate) fn ttl_expr(&self) -> Option<&Expr> {
        match &self.ttl {
            Some(Ttl::Time(Time::Expr(expr))) => Some(expr),
            _ => None,
        }
    }

    /// Whether it has the option from its `impl` or trait, whose methods need not all be alike.
    pub(crate) fn is_default(&self, option: &str) -> bool {
        self.defaults.iter().flatten().any(|name| *name == option)
    }
}
