//! `axum::Json<T>` as what a cached function returns: stored as the plain JSON of `T`.
//!
//! It is a wrapper for the way out and has no serde of its own, so it is looked through like
//! `Ok`: `cache_if` and `ttl_with` see the `T`, and `none_ttl` the `None` in a `Json<Option<T>>`.

use crate::codec::Codec;
use crate::plan::errors::{StorableError, StoresErrors, by_bytes};
use crate::plan::shape::{
    HoldsOption, MayFail, OptionOf, Plain, Returns, Shape, ShapeOfJsonOption, ShapeOfResultOption,
    Stored,
};
use crate::plan::sharing::ErrorSharing;
use axum::Json;
use std::fmt;
use std::marker::PhantomData;

/// `Json<T>`, of whatever shape `T` is.
pub struct InJson<S>(PhantomData<fn() -> S>);

/// `Result<Json<T>, E>`, of whatever shape `T` is.
pub struct OkInJson<S, E>(PhantomData<fn() -> (S, E)>);

impl<S: Shape<Output = <S as Shape>::Stored>> Shape for InJson<S> {
    type Output = Json<S::Stored>;
    type Stored = S::Stored;
    type Value = S::Value;
    type Keeping = ();

    fn split(Json(output): Self::Output) -> Result<S::Stored, Self::Output> {
        Ok(output)
    }
    fn join(stored: S::Stored) -> Self::Output {
        Json(stored)
    }
    fn value(stored: &S::Stored) -> Option<&S::Value> {
        S::value(stored)
    }
    fn stored(Json(output): &Self::Output) -> Option<Stored<'_, S::Stored>> {
        Some(Stored::Lent(output))
    }
}

impl<S: Shape<Output = <S as Shape>::Stored>, E> Shape for OkInJson<S, E> {
    type Output = Result<Json<S::Stored>, E>;
    type Stored = S::Stored;
    type Value = S::Value;
    type Keeping = ();

    fn split(output: Self::Output) -> Result<S::Stored, Self::Output> {
        output.map(|Json(value)| value).map_err(Err)
    }
    fn join(stored: S::Stored) -> Self::Output {
        Ok(Json(stored))
    }
    fn value(stored: &S::Stored) -> Option<&S::Value> {
        S::value(stored)
    }
    fn stored(output: &Self::Output) -> Option<Stored<'_, S::Stored>> {
        output.as_ref().ok().map(|Json(value)| Stored::Lent(value))
    }
}

impl<S: Shape<Output = <S as Shape>::Stored>, E: StorableError> StoresErrors for OkInJson<S, E> {
    fn errors<C: Codec>() -> ErrorSharing<Self::Output> {
        by_bytes::<C, Json<S::Stored>, E>()
    }
}

// An error's list of types is long enough without them.
#[diagnostic::do_not_recommend]
impl<T> HoldsOption for InJson<OptionOf<T>> {}
#[diagnostic::do_not_recommend]
impl<T, E> HoldsOption for OkInJson<OptionOf<T>, E> {}
#[diagnostic::do_not_recommend]
impl<S, E> MayFail for OkInJson<S, E> {}

impl<T> ShapeOfJsonOption for &&&Returns<Json<Option<T>>> {
    type Shape = InJson<OptionOf<T>>;
    fn shape(&self) -> Self::Shape {
        InJson(PhantomData)
    }
}

impl<T, E> ShapeOfJsonOption for &&&Returns<Result<Json<Option<T>>, E>> {
    type Shape = OkInJson<OptionOf<T>, E>;
    fn shape(&self) -> Self::Shape {
        OkInJson(PhantomData)
    }
}

impl<T> ShapeOfResultOption for &&Returns<Json<T>> {
    type Shape = InJson<Plain<T>>;
    fn shape(&self) -> Self::Shape {
        InJson(PhantomData)
    }
}

impl<T, E> ShapeOfResultOption for &&Returns<Result<Json<T>, E>> {
    type Shape = OkInJson<Plain<T>, E>;
    fn shape(&self) -> Self::Shape {
        OkInJson(PhantomData)
    }
}

impl<S> fmt::Debug for InJson<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InJson")
    }
}

impl<S, E> fmt::Debug for OkInJson<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OkInJson")
    }
}
