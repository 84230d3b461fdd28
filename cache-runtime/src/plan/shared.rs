//! `Arc<T>` as what a cached function returns: stored as the `T`, without serde's feature `rc`, which
//! a whole program would have or not. Kept in this process, a hit costs a count.

use super::keeper::Keepable;
use super::shape::{
    HoldsOption, Returns, Shape, ShapeOfJsonOption, ShapeOfResult, ShapeOfResultOption, Stored,
};
use crate::l1::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// An `Arc<T>` that is written and read as the `T`.
pub struct Shared<T>(Arc<T>);

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (*self.0).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Self(Arc::new(value)))
    }
}

#[diagnostic::do_not_recommend]
// No `Clone`, so that it is kept in its own way.
impl<T: Send + Sync + 'static> Keepable for Shared<T> {
    /// The `Arc` itself, and not one around it.
    fn keep(&self) -> Value {
        self.0.clone()
    }

    fn take(value: Value) -> Option<Self> {
        value.downcast().ok().map(Self)
    }
}

/// An `Option<Arc<T>>` that is written and read as an `Option<T>`.
pub struct SharedOption<T>(Option<Arc<T>>);

impl<T: PartialEq> PartialEq for SharedOption<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Serialize> Serialize for SharedOption<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for SharedOption<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value: Option<T>| Self(value.map(Arc::new)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + 'static> Keepable for SharedOption<T> {
    fn keep(&self) -> Value {
        Arc::new(self.0.clone())
    }

    fn take(value: Value) -> Option<Self> {
        value.downcast_ref::<Option<Arc<T>>>().cloned().map(Self)
    }
}

/// `Arc<T>`: stores the `T`.
pub struct ArcOf<T>(PhantomData<fn() -> T>);
/// `Result<Arc<T>, E>`: stores the `T`.
pub struct OkArcOf<T, E>(PhantomData<fn() -> (T, E)>);
/// `Option<Arc<T>>`: stores an `Option<T>`.
pub struct OptionArcOf<T>(PhantomData<fn() -> T>);
/// `Result<Option<Arc<T>>, E>`: stores an `Option<T>`.
pub struct OkOptionArcOf<T, E>(PhantomData<fn() -> (T, E)>);

impl<T> Shape for ArcOf<T> {
    type Output = Arc<T>;
    type Stored = Shared<T>;
    type Value = Arc<T>;
    type Keeping = ();

    fn split(output: Arc<T>) -> Result<Shared<T>, Arc<T>> {
        Ok(Shared(output))
    }
    fn join(stored: Shared<T>) -> Arc<T> {
        stored.0
    }
    fn value(stored: &Shared<T>) -> Option<&Arc<T>> {
        Some(&stored.0)
    }
    fn stored(output: &Arc<T>) -> Option<Stored<'_, Shared<T>>> {
        Some(Stored::Made(Shared(output.clone())))
    }
}

impl<T, E> Shape for OkArcOf<T, E> {
    type Output = Result<Arc<T>, E>;
    type Stored = Shared<T>;
    type Value = Arc<T>;
    type Keeping = ();

    fn split(output: Self::Output) -> Result<Shared<T>, Self::Output> {
        output.map(Shared).map_err(Err)
    }
    fn join(stored: Shared<T>) -> Self::Output {
        Ok(stored.0)
    }
    fn value(stored: &Shared<T>) -> Option<&Arc<T>> {
        Some(&stored.0)
    }
    fn stored(output: &Self::Output) -> Option<Stored<'_, Shared<T>>> {
        output.as_ref().ok().map(|value| Stored::Made(Shared(value.clone())))
    }
}

impl<T> Shape for OptionArcOf<T> {
    type Output = Option<Arc<T>>;
    type Stored = SharedOption<T>;
    type Value = Arc<T>;
    type Keeping = ();

    fn split(output: Self::Output) -> Result<SharedOption<T>, Self::Output> {
        Ok(SharedOption(output))
    }
    fn join(stored: SharedOption<T>) -> Self::Output {
        stored.0
    }
    fn value(stored: &SharedOption<T>) -> Option<&Arc<T>> {
        stored.0.as_ref()
    }
    fn stored(output: &Self::Output) -> Option<Stored<'_, SharedOption<T>>> {
        Some(Stored::Made(SharedOption(output.clone())))
    }
}

impl<T, E> Shape for OkOptionArcOf<T, E> {
    type Output = Result<Option<Arc<T>>, E>;
    type Stored = SharedOption<T>;
    type Value = Arc<T>;
    type Keeping = ();

    fn split(output: Self::Output) -> Result<SharedOption<T>, Self::Output> {
        output.map(SharedOption).map_err(Err)
    }
    fn join(stored: SharedOption<T>) -> Self::Output {
        Ok(stored.0)
    }
    fn value(stored: &SharedOption<T>) -> Option<&Arc<T>> {
        stored.0.as_ref()
    }
    fn stored(output: &Self::Output) -> Option<Stored<'_, SharedOption<T>>> {
        output.as_ref().ok().map(|value| Stored::Made(SharedOption(value.clone())))
    }
}

#[diagnostic::do_not_recommend]
impl<T> HoldsOption for OptionArcOf<T> {}
#[diagnostic::do_not_recommend]
impl<T, E> HoldsOption for OkOptionArcOf<T, E> {}

impl<T> ShapeOfResult for &Returns<Arc<T>> {
    type Shape = ArcOf<T>;
    fn shape(&self) -> Self::Shape {
        ArcOf(PhantomData)
    }
}

impl<T, E> ShapeOfResultOption for &&Returns<Result<Arc<T>, E>> {
    type Shape = OkArcOf<T, E>;
    fn shape(&self) -> Self::Shape {
        OkArcOf(PhantomData)
    }
}

impl<T> ShapeOfResultOption for &&Returns<Option<Arc<T>>> {
    type Shape = OptionArcOf<T>;
    fn shape(&self) -> Self::Shape {
        OptionArcOf(PhantomData)
    }
}

impl<T, E> ShapeOfJsonOption for &&&Returns<Result<Option<Arc<T>>, E>> {
    type Shape = OkOptionArcOf<T, E>;
    fn shape(&self) -> Self::Shape {
        OkOptionArcOf(PhantomData)
    }
}

macro_rules! debug_by_name {
    ($($name:ident<$($generic:ident),*>),*) => {$(
        impl<$($generic),*> fmt::Debug for $name<$($generic),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

debug_by_name!(Shared<T>, SharedOption<T>, ArcOf<T>, OkArcOf<T, E>, OptionArcOf<T>, OkOptionArcOf<T, E>);
