//! What a function stores whose values have tags of their own (`tags_with`): the same, with what
//! says them.

use super::Plan;
use super::in_memory::InMemory;
use super::keeper::{Keeper, Keeping, WritesTags};
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

/// A shape whose values are kept in this process, and say tags.
pub(super) type InMemoryOfValue<S> = With<S, (KeptIf<S>, SaysTags<<S as Shape>::Value>)>;
type KeptIf<S> = Option<Keeper<<S as Shape>::Stored>>;

impl<S: Shape> InMemory<S> {
    /// The same shape, whose values say tags as well.
    #[inline]
    #[must_use]
    pub fn of_value(self) -> InMemoryOfValue<S> {
        With::new()
    }
}

impl<S: Shape, K: Keeping<S::Stored, S::Value> + Says<S::Value>> Plan<With<S, K>> {
    #[inline]
    pub fn tags_with(mut self, write: WritesTags<S::Value>) -> Self {
        self.hooks.keeping.says(write);
        self
    }
}

/// What can be told how values say tags.
pub trait Says<V> {
    fn says(&mut self, write: WritesTags<V>);
}

impl<V> Says<V> for SaysTags<V> {
    #[inline]
    fn says(&mut self, write: WritesTags<V>) {
        self.0 = Some(write);
    }
}

impl<V, A> Says<V> for (A, SaysTags<V>) {
    #[inline]
    fn says(&mut self, write: WritesTags<V>) {
        self.1.says(write);
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
