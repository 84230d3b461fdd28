//! What a function of many keys returns, and what of it is stored under each: pure, told by type.

use super::Plan;
use super::shape::{OptionOf, Returns, Shape};
use super::sharing::ErrorSharing;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{BuildHasher, Hash};

/// Members and their values.
pub(crate) type Pairs<K, V> = Vec<(K, V)>;

/// Values by the members that they are of, in the order in which they come.
pub trait Collected: Sized {
    type Key;
    type Value;
    fn into_pairs(self) -> Pairs<Self::Key, Self::Value>;
    fn from_pairs(pairs: Pairs<Self::Key, Self::Value>) -> Self;
}

macro_rules! collected {
    ($(<$($p:ident $(: $first:ident $(+ $bound:ident)*)?),*> $collection:ty),*) => {$(
        impl<$($p $(: $first $(+ $bound)*)?),*> Collected for $collection {
            type Key = K;
            type Value = V;
            fn into_pairs(self) -> Pairs<K, V> {
                self.into_iter().collect()
            }
            fn from_pairs(pairs: Pairs<K, V>) -> Self {
                pairs.into_iter().collect()
            }
        }
    )*};
}

collected! {
    <K: Eq + Hash, V, H: BuildHasher + Default> HashMap<K, V, H>,
    <K: Ord, V> BTreeMap<K, V>,
    <K, V> Vec<(K, V)>
}

/// What a function of many keys returns.
#[diagnostic::on_unimplemented(
    message = "a function with `batch` returns a value for each member, and `{Self}` does not say \
               which is whose",
    label = "this is no map of members and values",
    note = "return `HashMap<K, V>`, `BTreeMap<K, V>` or `Vec<(K, V)>`, bare or in a `Result`, where \
            `K` is the type of the list's elements"
)]
pub trait Batched: Sized {
    type Key;
    type Value;

    /// The values, or the output unchanged when it is a failure.
    ///
    /// # Errors
    /// The failed output itself.
    fn split(self) -> Result<Pairs<Self::Key, Self::Value>, Self>;
    fn join(pairs: Pairs<Self::Key, Self::Value>) -> Self;
}

#[diagnostic::do_not_recommend] // the sentence above says it in the user's types
impl<C: Collected> Batched for C {
    type Key = C::Key;
    type Value = C::Value;

    fn split(self) -> Result<Pairs<C::Key, C::Value>, Self> {
        Ok(self.into_pairs())
    }
    fn join(pairs: Pairs<C::Key, C::Value>) -> Self {
        C::from_pairs(pairs)
    }
}

#[diagnostic::do_not_recommend] // as above
impl<C: Collected, E> Batched for Result<C, E> {
    type Key = C::Key;
    type Value = C::Value;

    fn split(self) -> Result<Pairs<C::Key, C::Value>, Self> {
        self.map(C::into_pairs).map_err(Err)
    }
    fn join(pairs: Pairs<C::Key, C::Value>) -> Self {
        Ok(C::from_pairs(pairs))
    }
}

/// An element of a list whose results are by `Key`.
#[diagnostic::on_unimplemented(
    message = "`{Self}`, of which this is a list, and `{Key}`, which its results are by, are to be one \
               type that is `Clone`, `Eq` and `Hash`",
    label = "a list of `{Self}`, with results by `{Key}`",
    note = "return results by the elements of the list, or derive what their type lacks"
)]
pub trait Member<Key>: Clone + Eq + Hash {
    fn into_key(self) -> Key;
    fn of_key(key: &Key) -> &Self;
}

#[diagnostic::do_not_recommend] // as above
impl<K: Clone + Eq + Hash> Member<K> for K {
    fn into_key(self) -> K {
        self
    }
    fn of_key(key: &K) -> &K {
        key
    }
}

/// What is done with the elements of a list. Plain functions, so that what is missing of a type is
/// an error where these are made, and not again for each use.
pub(crate) struct Elements<I, K> {
    pub(crate) clone: fn(&I) -> I,
    pub(crate) into_key: fn(I) -> K,
    /// Which of the elements each key is, if it is one of them.
    pub(crate) find: fn(&[&I], &[&K]) -> Vec<Option<usize>>,
}

impl<I: Member<K>, K> Elements<I, K> {
    pub(crate) const NEW: Self = Self { clone: I::clone, into_key: I::into_key, find };
}

fn find<I: Member<K>, K>(elements: &[&I], keys: &[&K]) -> Vec<Option<usize>> {
    let places: HashMap<_, _> = elements.iter().zip(0..).map(|(own, at)| (*own, at)).collect();
    keys.iter().map(|key| places.get(I::of_key(key)).copied()).collect()
}

/// The options of a function of many keys: those of each member, and what there is to say of the
/// whole, which is of type `R`, by keys of type `K`.
pub struct Many<R, K, V, S: Shape> {
    pub(crate) plan: Plan<S>,
    pub(crate) errors: ErrorSharing<R>,
    pub(crate) split: fn(R) -> Result<Pairs<K, V>, R>,
    pub(crate) join: fn(Pairs<K, V>) -> R,
    /// What a member counts as that has no value, if as anything.
    pub(crate) output: fn(Option<V>) -> Option<S::Output>,
    pub(crate) value: fn(S::Output) -> Option<V>,
}

/// A function that stores what it returns for a member.
#[inline]
pub fn many<R, S>(plan: Plan<S>, errors: ErrorSharing<R>) -> Many<R, R::Key, R::Value, S>
where
    R: Batched,
    S: Shape<Output = R::Value>,
{
    let (split, join) = (R::split, R::join);
    Many { plan, errors, split, join, output: |value| value, value: Some }
}

/// One that stores also that it returned nothing for a member.
#[inline]
pub fn many_or_none<R, S>(plan: Plan<S>, errors: ErrorSharing<R>) -> Many<R, R::Key, R::Value, S>
where
    R: Batched,
    S: Shape<Output = Option<R::Value>>,
{
    let (split, join) = (R::split, R::join);
    Many { plan, errors, split, join, output: Some, value: |value| value }
}

/// What is stored with `none_ttl` of a member whose value is an `Option` or a `Result`, which the macro
/// did not see under its other name. Told by type, as shapes are.
pub trait OrNoneOfOutcome {
    type Value;
    fn or_none(&self) -> OptionOf<Self::Value>
    where
        Self::Value: WrittenOut;
}

/// A type that can be seen to be what it is.
#[diagnostic::on_unimplemented(
    message = "beside `batch` and `none_ttl`, values that are `Option`s or `Result`s are written as such",
    label = "the values of this are `{Self}` under another name",
    note = "write it out, such as `HashMap<K, Option<V>>`: its `None` is what is stored then"
)]
pub trait WrittenOut {}

impl<T, E> OrNoneOfOutcome for &Returns<Result<T, E>> {
    type Value = Result<T, E>;
    fn or_none(&self) -> OptionOf<Self::Value>
    where
        Self::Value: WrittenOut,
    {
        OptionOf::new()
    }
}

impl<T> OrNoneOfOutcome for &Returns<Option<T>> {
    type Value = Option<T>;
    fn or_none(&self) -> OptionOf<Self::Value>
    where
        Self::Value: WrittenOut,
    {
        OptionOf::new()
    }
}

/// What is stored with `none_ttl` of a member whose value is any other type.
pub trait OrNoneOfValue {
    type Value;
    fn or_none(&self) -> OptionOf<Self::Value>;
}

impl<T> OrNoneOfValue for Returns<T> {
    type Value = T;
    fn or_none(&self) -> OptionOf<T> {
        OptionOf::new()
    }
}

impl<R, K, V, S: Shape> fmt::Debug for Many<R, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Many").field(&self.plan).finish()
    }
}
