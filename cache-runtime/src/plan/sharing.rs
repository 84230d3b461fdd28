//! How a failure is handed to who waited for it, told by its type as [`shape`](super::shape) is.

use super::shape::{Returns, SharedError};
use std::fmt;

/// How a failed output is handed to the callers that waited for it: by its error's `Clone`,
/// where it has one.
pub struct ErrorSharing<R> {
    /// A copy of the error, if the output is one and can be copied.
    pub(crate) pack: fn(&R) -> Option<SharedError>,
    /// The output that the copy stands for; `None` when it is of another type.
    pub(crate) unpack: fn(&SharedError) -> Option<R>,
}

impl<R> Clone for ErrorSharing<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for ErrorSharing<R> {}

impl<R> ErrorSharing<R> {
    pub(crate) const fn none() -> Self {
        Self { pack: no_copy, unpack: no_output }
    }
}

// Functions that are not inlined: of closures each crate that calls would have its own.

#[inline(never)]
fn no_copy<R>(_: &R) -> Option<SharedError> {
    None
}

#[inline(never)]
fn no_output<R>(_: &SharedError) -> Option<R> {
    None
}

/// Errors that are `Clone`.
pub trait ErrorsShared<R> {
    fn errors(&self) -> ErrorSharing<R>;
}

impl<T, E: Clone + Send + 'static> ErrorsShared<Result<T, E>> for &Returns<Result<T, E>> {
    fn errors(&self) -> ErrorSharing<Result<T, E>> {
        ErrorSharing {
            pack: |output| Some(Box::new(output.as_ref().err()?.clone())),
            unpack: |shared| shared.downcast_ref::<E>().map(|error| Err(error.clone())),
        }
    }
}

/// All other return types: nobody shares, every waiter computes.
pub trait ErrorsUnshared<R> {
    fn errors(&self) -> ErrorSharing<R>;
}

impl<R> ErrorsUnshared<R> for Returns<R> {
    fn errors(&self) -> ErrorSharing<R> {
        ErrorSharing::none()
    }
}

impl<R> fmt::Debug for ErrorSharing<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorSharing")
    }
}

#[cfg(test)]
#[allow(clippy::needless_borrow)] // the references are what is tested
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn only_errors_that_clone_are_shared() {
        let shared = (&&Returns::<Result<u8, String>>::new()).errors();
        let copy = (shared.pack)(&Err("no".into())).unwrap();
        assert_eq!((shared.unpack)(&copy), Some(Err("no".into())));
        assert!((shared.pack)(&Ok(1)).is_none());

        let apart = (&&Returns::<Result<u8, io::Error>>::new()).errors();
        assert!((apart.pack)(&Err(io::Error::other("no"))).is_none());
    }
}
