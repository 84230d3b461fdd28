//! Errors that are stored: what `err_ttl` needs of the error's type.

use super::shape::{OkOf, ResultOption, Shape, SharedError};
use super::sharing::ErrorSharing;
use crate::codec::{Cacheable, Codec};
use std::marker::PhantomData;

/// The bytes of an error, on the way to whoever waits for it, or from the store.
#[derive(Debug)]
pub(crate) struct StoredError(pub(crate) Vec<u8>);

/// A shape whose failures can be stored.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` is for functions that return a `Result`",
    label = "this function returns no `Err` that could be stored",
    note = "remove `err_ttl`, or return a `Result`"
)]
pub trait StoresErrors: Shape {
    /// Hands errors over by their bytes, to whoever waits and to the store alike.
    fn errors<C: Codec>() -> ErrorSharing<Self::Output>;
}

/// A shape of what is returned for a member of a list, whose failures can be stored.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` beside `batch` stores the `Err` of a member, and this function has none: of an \
               `Err` of the whole call nobody knows which member it is about",
    label = "no member of this comes to an `Err` of its own",
    note = "return `HashMap<K, Result<V, E>>`, with a `Result` for each member, or remove `err_ttl`"
)]
pub trait StoresErrorsOfMembers: StoresErrors {}

#[diagnostic::do_not_recommend] // the sentence above says it
impl<S: StoresErrors> StoresErrorsOfMembers for S {}

/// An error that can be stored.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` stores the error too, and `{Self}` cannot be stored",
    label = "it stores what serde can write and read back",
    note = "derive `serde::Serialize` and `serde::Deserialize` for it, return an error of a type that has \
            them, or remove `err_ttl`"
)]
pub trait StorableError: Cacheable {}

#[diagnostic::do_not_recommend]
impl<E: Cacheable> StorableError for E {}

impl<T, E: StorableError> StoresErrors for OkOf<T, E> {
    fn errors<C: Codec>() -> ErrorSharing<Result<T, E>> {
        by_bytes::<C, T, E>()
    }
}

impl<T, E: StorableError> StoresErrors for ResultOption<T, E> {
    fn errors<C: Codec>() -> ErrorSharing<Result<Option<T>, E>> {
        by_bytes::<C, Option<T>, E>()
    }
}

/// How errors are stored that can be, told by the type: for `err_ttl` on a whole `impl`.
pub trait ErrorsStored<S: Shape> {
    fn stored_errors<C: Codec>(&self, codec: PhantomData<C>) -> Option<ErrorSharing<S::Output>>;
}

/// All others.
pub trait ErrorsNotStored<S: Shape> {
    fn stored_errors<C: Codec>(&self, codec: PhantomData<C>) -> Option<ErrorSharing<S::Output>>;
}

/// For a `Result` of whatever value.
pub(crate) fn by_bytes<C: Codec, T, E: StorableError>() -> ErrorSharing<Result<T, E>> {
    ErrorSharing {
        pack: |output| pack::<C, E>(output.as_ref().err()?),
        unpack: |shared| unpack::<C, E>(shared).map(Err),
    }
}

/// What would be read back as something else is handed to nobody.
fn pack<C: Codec, E: StorableError>(error: &E) -> Option<SharedError> {
    let (mut bytes, mut again) = (Vec::new(), Vec::new());
    C::encode(error, &mut bytes).ok()?;
    C::encode(&C::decode::<E>(&bytes).ok()?, &mut again).ok()?;
    let same = bytes == again;
    same.then(|| Box::new(StoredError(bytes)) as SharedError)
}

fn unpack<C: Codec, E: StorableError>(shared: &SharedError) -> Option<E> {
    C::decode(&shared.downcast_ref::<StoredError>()?.0).ok()
}
