//! `Arc<T>` as what a cached function returns: stored as the `T`, without serde's feature `rc`, which
//! a whole program would have or not. Kept in this process, a hit costs a count.

use super::errors::{StorableError, StoresErrors, by_bytes};
use super::keeper::Keepable;
use super::shape::{
    HoldsOption, MayFail, Returns, Shape, ShapeOfJsonOption, ShapeOfResult, ShapeOfResultOption,
    Stored,
};
use super::sharing::ErrorSharing;
use crate::codec::Codec;
use crate::l1::Value;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ffi::{CStr, OsStr};
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

/// What such an `Arc` holds: all that has a size, and of the rest what serde reads into a box. An `Arc`
/// of anything else is stored as it is, with `rc`.
pub trait Held {}

#[diagnostic::do_not_recommend]
impl<T> Held for T {}

/// An `Arc<T>` that is written and read as the `T`.
pub struct Shared<T: ?Sized>(Arc<T>);

impl<T: PartialEq + ?Sized> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        *self.0 == *other.0
    }
}

impl<T: Serialize + ?Sized> Serialize for Shared<T> {
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

    #[inline]
    fn take(value: Value) -> Option<Self> {
        value.downcast().ok().map(Self)
    }
}

macro_rules! held {
    ($($held:ty $(where $item:ident)?),*) => {$(
        impl$(<$item>)? Held for $held {}

        #[diagnostic::do_not_recommend]
        impl<'de $(, $item: Deserialize<'de>)?> Deserialize<'de> for Shared<$held> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Box::<$held>::deserialize(deserializer).map(|value| Self(value.into()))
            }
        }

        #[diagnostic::do_not_recommend]
        impl$(<$item: Send + Sync + 'static>)? Keepable for Shared<$held> {
            /// An `Arc` around it: only what has a size is told by its type later.
            fn keep(&self) -> Value {
                Arc::new(self.0.clone())
            }

            fn take(value: Value) -> Option<Self> {
                value.downcast_ref::<Arc<$held>>().cloned().map(Self)
            }
        }
    )*};
}

held!(str, [T] where T, CStr, OsStr, Path);

/// An `Option<Arc<T>>` that is written and read as an `Option<T>`.
pub struct SharedOption<T: ?Sized>(Option<Arc<T>>);

impl<T: PartialEq + ?Sized> PartialEq for SharedOption<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Serialize + ?Sized> Serialize for SharedOption<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().serialize(serializer)
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for SharedOption<T>
where
    Shared<T>: Deserialize<'de>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value: Option<Shared<T>> = Option::deserialize(deserializer)?;
        Ok(Self(value.map(|shared| shared.0)))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync + ?Sized + 'static> Keepable for SharedOption<T> {
    fn keep(&self) -> Value {
        Arc::new(self.0.clone())
    }

    fn take(value: Value) -> Option<Self> {
        value.downcast_ref::<Option<Arc<T>>>().cloned().map(Self)
    }
}

type Makes<T, E> = fn() -> (Arc<T>, E);

/// `Arc<T>`: stores the `T`.
pub struct ArcOf<T: ?Sized>(PhantomData<fn() -> Arc<T>>);
/// `Result<Arc<T>, E>`: stores the `T`.
pub struct OkArcOf<T: ?Sized, E>(PhantomData<Makes<T, E>>);
/// `Option<Arc<T>>`: stores an `Option<T>`.
pub struct OptionArcOf<T: ?Sized>(PhantomData<fn() -> Arc<T>>);
/// `Result<Option<Arc<T>>, E>`: stores an `Option<T>`.
pub struct OkOptionArcOf<T: ?Sized, E>(PhantomData<Makes<T, E>>);

impl<T: ?Sized> Shape for ArcOf<T> {
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

impl<T: ?Sized, E> Shape for OkArcOf<T, E> {
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

impl<T: ?Sized> Shape for OptionArcOf<T> {
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

impl<T: ?Sized, E> Shape for OkOptionArcOf<T, E> {
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
impl<T: ?Sized> HoldsOption for OptionArcOf<T> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized, E> HoldsOption for OkOptionArcOf<T, E> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized, E> MayFail for OkArcOf<T, E> {}
#[diagnostic::do_not_recommend]
impl<T: ?Sized, E> MayFail for OkOptionArcOf<T, E> {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized, E: StorableError> StoresErrors for OkArcOf<T, E> {
    fn errors<C: Codec>() -> ErrorSharing<Self::Output> {
        by_bytes::<C, Arc<T>, E>()
    }
}

#[diagnostic::do_not_recommend]
impl<T: ?Sized, E: StorableError> StoresErrors for OkOptionArcOf<T, E> {
    fn errors<C: Codec>() -> ErrorSharing<Self::Output> {
        by_bytes::<C, Option<Arc<T>>, E>()
    }
}

impl<T: Held + ?Sized> ShapeOfResult for &Returns<Arc<T>> {
    type Shape = ArcOf<T>;
    fn shape(&self) -> Self::Shape {
        ArcOf(PhantomData)
    }
}

impl<T: Held + ?Sized, E> ShapeOfResultOption for &&Returns<Result<Arc<T>, E>> {
    type Shape = OkArcOf<T, E>;
    fn shape(&self) -> Self::Shape {
        OkArcOf(PhantomData)
    }
}

impl<T: Held + ?Sized> ShapeOfResultOption for &&Returns<Option<Arc<T>>> {
    type Shape = OptionArcOf<T>;
    fn shape(&self) -> Self::Shape {
        OptionArcOf(PhantomData)
    }
}

impl<T: Held + ?Sized, E> ShapeOfJsonOption for &&&Returns<Result<Option<Arc<T>>, E>> {
    type Shape = OkOptionArcOf<T, E>;
    fn shape(&self) -> Self::Shape {
        OkOptionArcOf(PhantomData)
    }
}

macro_rules! debug_by_name {
    ($($name:ident<T $(, $generic:ident)?>),*) => {$(
        impl<T: ?Sized $(, $generic)?> fmt::Debug for $name<T $(, $generic)?> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

debug_by_name!(Shared<T>, SharedOption<T>, ArcOf<T>, OkArcOf<T, E>, OptionArcOf<T>, OkOptionArcOf<T, E>);
