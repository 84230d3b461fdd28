//! What a function stores that has its values kept in this process (`l1`): the same, with a keeper.

use super::Plan;
#[cfg(feature = "l1")]
use super::keeper::Keepable;
use super::keeper::{Keeper, Keeping, Keeps};
use super::shape::Shape;
use super::with::With;
use std::fmt;
use std::time::Duration;

/// A shape whose values are kept in this process too.
pub(super) type InMemory<S> = With<S, Option<Keeper<<S as Shape>::Stored>>>;

/// Takes the shape by value so that it is inferred.
#[inline]
pub fn in_memory<S: Shape>(_shape: S) -> InMemory<S> {
    With::new()
}

/// What nothing has: it says that the feature is missing.
#[cfg(not(feature = "l1"))]
#[diagnostic::on_unimplemented(
    message = "`l1` needs the feature `l1` of `cache-runtime`",
    label = "no values are kept in the process without it",
    note = "write `features = [\"l1\"]` for it in Cargo.toml, or remove `l1`"
)]
pub trait FeatureL1 {}

impl<S: Shape> InMemory<S> {
    /// The only place that demands a value that can be kept: further bounds would be further errors.
    #[cfg(feature = "l1")]
    #[inline]
    #[must_use]
    pub fn keeper(self) -> Kept<S>
    where
        S::Stored: Keepable,
    {
        Kept(Keeper::new())
    }

    /// Says at the option that the feature is missing.
    #[cfg(not(feature = "l1"))]
    pub fn keeper(self) -> Kept<S>
    where
        S: FeatureL1,
    {
        Kept(Keeper::none())
    }
}

/// How the values of a shape are kept.
pub struct Kept<S: Shape>(pub(crate) Keeper<S::Stored>);

impl<S: Shape, K: Keeping<S::Stored, S::Value> + Keeps<S::Stored>> Plan<With<S, K>> {
    /// For so long, as far as Redis says nothing else.
    #[inline]
    pub fn l1(mut self, kept: Kept<S>, longest: Duration) -> Self {
        self.rules.l1 = Some(longest);
        self.hooks.keeping.keeps(kept.0);
        self
    }
}

impl<S: Shape> Clone for Kept<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Shape> Copy for Kept<S> {}

impl<S: Shape> fmt::Debug for Kept<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
