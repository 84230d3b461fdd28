//! How values are kept in this process as they are, without being encoded (`l1`).

use crate::key::tagging::TagWriter;
use crate::l1::Value;
use std::fmt;
use std::sync::Arc;

/// How values of a type are kept, and taken from there.
pub struct Keeper<T> {
    pub(crate) keep: fn(&T) -> Value,
    /// `None` where what is there is of another type.
    pub(crate) take: fn(Value) -> Option<T>,
}

impl<T: Keepable> Keeper<T> {
    #[cfg(feature = "l1")]
    pub(super) const fn new() -> Self {
        Self { keep: T::keep, take: T::take }
    }
}

#[cfg(not(feature = "l1"))]
impl<T> Keeper<T> {
    /// In the place of one that is an error already.
    pub(super) const fn none() -> Self {
        Self { keep: |_| Arc::new(()), take: |_| None }
    }
}

/// What writes the tags that a value has of its own.
pub(crate) type WritesTags<V> = fn(&V, &mut TagWriter<'_>);

/// Whether a shape's values are kept, and how, and whether they have tags of their own. Told by
/// type, so that other functions have no code for it.
pub trait Keeping<T, V>: Copy + Default + Send + Sync {
    #[inline]
    fn keeper(self) -> Option<Keeper<T>> {
        None
    }
    #[inline]
    fn own_tags(self) -> Option<WritesTags<V>> {
        None
    }
}

/// They are not, and have none.
impl<T, V> Keeping<T, V> for () {}

/// They are kept, once it is said how.
impl<T, V> Keeping<T, V> for Option<Keeper<T>> {
    #[inline]
    fn keeper(self) -> Self {
        self
    }
}

/// What one of two says, where each says one of the two things.
impl<T, V, A: Keeping<T, V>, B: Keeping<T, V>> Keeping<T, V> for (A, B) {
    #[inline]
    fn keeper(self) -> Option<Keeper<T>> {
        self.0.keeper().or(self.1.keeper())
    }
    #[inline]
    fn own_tags(self) -> Option<WritesTags<V>> {
        self.0.own_tags().or(self.1.own_tags())
    }
}

/// What can be told how values are kept.
pub trait Keeps<T> {
    fn keeps(&mut self, keeper: Keeper<T>);
}

impl<T> Keeps<T> for Option<Keeper<T>> {
    #[inline]
    fn keeps(&mut self, keeper: Keeper<T>) {
        *self = Some(keeper);
    }
}

impl<T, B> Keeps<T> for (Option<Keeper<T>>, B) {
    #[inline]
    fn keeps(&mut self, keeper: Keeper<T>) {
        self.0.keeps(keeper);
    }
}

/// A value that all threads of the process can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in this process",
    label = "`l1` hands copies of the value to all threads",
    note = "it must be `Clone + Send + Sync + 'static`: add #[derive(Clone)] to it, return an \
            `Arc<T>` of it, or remove `l1`"
)]
pub trait Keepable: Sized {
    fn keep(&self) -> Value;
    fn take(value: Value) -> Option<Self>;
}

#[diagnostic::do_not_recommend] // or the compiler would report the traits that are missing, apart
impl<T: Clone + Send + Sync + 'static> Keepable for T {
    fn keep(&self) -> Value {
        Arc::new(self.clone())
    }

    #[inline]
    fn take(value: Value) -> Option<Self> {
        value.downcast_ref().cloned()
    }
}

impl<T> Clone for Keeper<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Keeper<T> {}

impl<T> fmt::Debug for Keeper<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}
