//! What a function stores whose values have tags of their own (`tags_with`): the same, with what
//! says them.

use super::Plan;
use super::keeper::{Keeping, WritesTags};
use super::shape::{HoldsOption, Shape, Stored};
use std::fmt;
use std::marker::PhantomData;

/// A shape whose values say tags.
pub struct OfValue<S>(PhantomData<fn() -> S>);

/// Takes the shape by value so that it is inferred.
#[inline]
pub fn of_value<S: Shape>(_shape: S) -> OfValue<S> {
    OfValue(PhantomData)
}

impl<S: Shape> Plan<OfValue<S>> {
    #[inline]
    pub fn tags_with(mut self, write: WritesTags<S::Value>) -> Self {
        self.hooks.keeping = SaysTags(Some(write));
        self
    }
}

/// What says the tags of a value.
pub struct SaysTags<V>(Option<WritesTags<V>>);

impl<T, V> Keeping<T, V> for SaysTags<V> {
    #[inline]
    fn own_tags(self) -> Option<WritesTags<V>> {
        self.0
    }
}

impl<V> Clone for SaysTags<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for SaysTags<V> {}

impl<V> Default for SaysTags<V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<S: Shape> Shape for OfValue<S> {
    type Output = S::Output;
    type Stored = S::Stored;
    type Value = S::Value;
    type Keeping = SaysTags<S::Value>;

    fn split(output: S::Output) -> Result<S::Stored, S::Output> {
        S::split(output)
    }
    fn join(stored: S::Stored) -> S::Output {
        S::join(stored)
    }
    fn value(stored: &S::Stored) -> Option<&S::Value> {
        S::value(stored)
    }
    fn stored(output: &S::Output) -> Option<Stored<'_, S::Stored>> {
        S::stored(output)
    }
}

#[diagnostic::do_not_recommend]
impl<S: HoldsOption> HoldsOption for OfValue<S> {}

impl<S> fmt::Debug for OfValue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OfValue")
    }
}

impl<V> fmt::Debug for SaysTags<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaysTags")
    }
}
