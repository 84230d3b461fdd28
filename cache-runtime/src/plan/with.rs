//! A shape whose values are kept in this process too (`l1`), or say tags (`tags_with`), or both: the
//! same shape, with what does that.

use super::errors::StoresErrors;
use super::keeper::Keeping;
use super::shape::{HoldsOption, MayFail, Shape, Stored};
use super::sharing::ErrorSharing;
use crate::codec::Codec;
use std::fmt;
use std::marker::PhantomData;

/// The shape `S`, with `K` for its values.
pub struct With<S, K>(PhantomData<fn() -> (S, K)>);

impl<S, K> With<S, K> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<S: Shape, K: Keeping<S::Stored, S::Value>> Shape for With<S, K> {
    type Output = S::Output;
    type Stored = S::Stored;
    type Value = S::Value;
    type Keeping = K;

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

#[diagnostic::do_not_recommend] // an error's list of types is long enough without it
impl<S: StoresErrors, K: Keeping<S::Stored, S::Value>> StoresErrors for With<S, K> {
    fn errors<C: Codec>() -> ErrorSharing<S::Output> {
        S::errors::<C>()
    }
}

#[diagnostic::do_not_recommend]
impl<S: HoldsOption, K> HoldsOption for With<S, K> {}

#[diagnostic::do_not_recommend]
impl<S: MayFail, K> MayFail for With<S, K> {}

impl<S, K> fmt::Debug for With<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("With")
    }
}
