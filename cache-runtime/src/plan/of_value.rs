//! What a function stores whose values have tags of their own (`tags_with`): the same, with what
//! says them.

use super::Plan;
use super::keeper::{Keeping, WritesTags};
use super::shape::Shape;
use super::with::With;
use std::fmt;

/// A shape whose values say tags.
pub(super) type OfValue<S> = With<S, SaysTags<<S as Shape>::Value>>;

/// Takes the shape by value so that it is inferred.
#[inline]
pub fn of_value<S: Shape>(_shape: S) -> OfValue<S> {
    With::new()
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

impl<V> fmt::Debug for SaysTags<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaysTags")
    }
}
