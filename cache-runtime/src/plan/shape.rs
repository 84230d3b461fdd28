//! What of a function's return type is stored: told by type, never by the name `Result`.
//!
//! The macro writes `(&&&&Returns::<R>::new()).shape()`. Method lookup tries the receiver with
//! the most references first, so the most particular `impl` that fits wins: autoref
//! specialisation, as in anyhow's `kind` module. It sees through aliases, because types are
//! compared, not names.

use super::keeper::Keeping;
use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// How a return type splits into what is stored and what is not.
pub trait Shape {
    /// The return type as written.
    type Output;
    /// What is encoded: the `Ok` value, or the whole.
    type Stored;
    /// What `cache_if` and `ttl_with` look at: the value inside `Ok` and `Some`.
    type Value;
    /// Whether values are kept in this process too.
    type Keeping: Keeping<Self::Stored, Self::Value>;

    /// What is stored, or the output unchanged when it is a failure.
    ///
    /// By value, so that a failure need not live across an await of ours: the call's future is
    /// `Send` even where the error is not.
    ///
    /// # Errors
    /// The failed output itself.
    fn split(output: Self::Output) -> Result<Self::Stored, Self::Output>;
    /// The output that was split into `stored`.
    fn join(stored: Self::Stored) -> Self::Output;
    /// The value inside, or `None` for the `None` that `none_ttl` is about.
    fn value(stored: &Self::Stored) -> Option<&Self::Value>;
    /// What is stored of an output; `None` for a failure.
    fn stored(output: &Self::Output) -> Option<Stored<'_, Self::Stored>>;
}

/// What is stored of an output that somebody has.
pub enum Stored<'o, T> {
    /// A part of the output.
    Lent(&'o T),
    /// Another view of it.
    Made(T),
}

impl<T> Deref for Stored<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Lent(stored) => stored,
            Self::Made(stored) => stored,
        }
    }
}

/// A return type as a value to call methods on.
pub struct Returns<R>(PhantomData<fn() -> R>);

impl<R> Returns<R> {
    #[must_use]
    #[allow(clippy::new_without_default)] // only generated code makes one
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// `Result<Option<T>, E>`: stores the `Option<T>`.
pub struct ResultOption<T, E>(PhantomData<fn() -> (T, E)>);
/// `Result<T, E>`: stores the `T`.
pub struct OkOf<T, E>(PhantomData<fn() -> (T, E)>);
/// `Option<T>`: stores the whole.
pub struct OptionOf<T>(PhantomData<fn() -> T>);
/// Any other type: stores the whole.
pub struct Plain<T>(PhantomData<fn() -> T>);

impl<T> OptionOf<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T, E> Shape for ResultOption<T, E> {
    type Output = Result<Option<T>, E>;
    type Stored = Option<T>;
    type Value = T;
    type Keeping = ();

    fn split(output: Self::Output) -> Result<Self::Stored, Self::Output> {
        output.map_err(Err)
    }
    fn join(stored: Self::Stored) -> Self::Output {
        Ok(stored)
    }
    fn value(stored: &Self::Stored) -> Option<&T> {
        stored.as_ref()
    }
    fn stored(output: &Self::Output) -> Option<Stored<'_, Self::Stored>> {
        output.as_ref().ok().map(Stored::Lent)
    }
}

impl<T, E> Shape for OkOf<T, E> {
    type Output = Result<T, E>;
    type Stored = T;
    type Value = T;
    type Keeping = ();

    fn split(output: Self::Output) -> Result<T, Self::Output> {
        output.map_err(Err)
    }
    fn join(stored: T) -> Self::Output {
        Ok(stored)
    }
    fn value(stored: &T) -> Option<&T> {
        Some(stored)
    }
    fn stored(output: &Self::Output) -> Option<Stored<'_, T>> {
        output.as_ref().ok().map(Stored::Lent)
    }
}

impl<T> Shape for OptionOf<T> {
    type Output = Option<T>;
    type Stored = Option<T>;
    type Value = T;
    type Keeping = ();

    fn split(output: Option<T>) -> Result<Option<T>, Option<T>> {
        Ok(output)
    }
    fn join(stored: Option<T>) -> Option<T> {
        stored
    }
    fn value(stored: &Option<T>) -> Option<&T> {
        stored.as_ref()
    }
    fn stored(output: &Option<T>) -> Option<Stored<'_, Option<T>>> {
        Some(Stored::Lent(output))
    }
}

impl<T> Shape for Plain<T> {
    type Output = T;
    type Stored = T;
    type Value = T;
    type Keeping = ();

    fn split(output: T) -> Result<T, T> {
        Ok(output)
    }
    fn join(stored: T) -> T {
        stored
    }
    fn value(stored: &T) -> Option<&T> {
        Some(stored)
    }
    fn stored(output: &T) -> Option<Stored<'_, T>> {
        Some(Stored::Lent(output))
    }
}

/// A shape that has a `None` to speak of.
#[diagnostic::on_unimplemented(
    message = "`none_ttl` is for functions that return an `Option`",
    label = "this function never returns `None`",
    note = "remove `none_ttl`, or return `Option<T>` or `Result<Option<T>, E>`"
)]
pub trait HoldsOption {}

// The sentence above says it in the user's types.
#[diagnostic::do_not_recommend]
impl<T, E> HoldsOption for ResultOption<T, E> {}
#[diagnostic::do_not_recommend]
impl<T> HoldsOption for OptionOf<T> {}

/// A shape that has an `Err` to speak of.
#[diagnostic::on_unimplemented(
    message = "`stale_if_error` is for functions that return a `Result`",
    label = "this function never returns an `Err`",
    note = "remove `stale_if_error`, or return a `Result`; for a body that takes too long write `soft_timeout` \
            or `hard_timeout` beside it"
)]
pub trait MayFail {}

#[diagnostic::do_not_recommend]
impl<T, E> MayFail for ResultOption<T, E> {}
#[diagnostic::do_not_recommend]
impl<T, E> MayFail for OkOf<T, E> {}

/// Most particular: four references. `Json<Option<T>>`, bare or in a `Result`, with the feature
/// `axum` (see `http::json`).
pub trait ShapeOfJsonOption {
    type Shape;
    fn shape(&self) -> Self::Shape;
}

/// Three references. Of other `Json` too.
pub trait ShapeOfResultOption {
    type Shape;
    fn shape(&self) -> Self::Shape;
}

impl<T, E> ShapeOfResultOption for &&Returns<Result<Option<T>, E>> {
    type Shape = ResultOption<T, E>;
    fn shape(&self) -> Self::Shape {
        ResultOption(PhantomData)
    }
}

/// Two references.
pub trait ShapeOfResult {
    type Shape;
    fn shape(&self) -> Self::Shape;
}

impl<T, E> ShapeOfResult for &Returns<Result<T, E>> {
    type Shape = OkOf<T, E>;
    fn shape(&self) -> Self::Shape {
        OkOf(PhantomData)
    }
}

/// Two references as well: no type is both a `Result` and an `Option`.
pub trait ShapeOfOption {
    type Shape;
    fn shape(&self) -> Self::Shape;
}

impl<T> ShapeOfOption for &Returns<Option<T>> {
    type Shape = OptionOf<T>;
    fn shape(&self) -> Self::Shape {
        OptionOf(PhantomData)
    }
}

/// Least particular: everything.
pub trait ShapeOfPlain {
    type Shape;
    fn shape(&self) -> Self::Shape;
}

impl<T> ShapeOfPlain for Returns<T> {
    type Shape = Plain<T>;
    fn shape(&self) -> Self::Shape {
        Plain(PhantomData)
    }
}

/// An error on its way to the callers of the same flight.
pub(crate) type SharedError = Box<dyn Any + Send>;

macro_rules! debug_by_name {
    ($($name:ident<$($generic:ident),*>),*) => {$(
        impl<$($generic),*> fmt::Debug for $name<$($generic),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

impl<T> fmt::Debug for Stored<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored") // a value does not belong into a log
    }
}

debug_by_name!(Returns<R>, ResultOption<T, E>, OkOf<T, E>, OptionOf<T>, Plain<T>);

#[cfg(test)]
#[allow(clippy::needless_borrow)] // the references are what is tested
mod tests {
    use super::*;
    use std::any::type_name_of_val;
    use std::io;

    macro_rules! shape_of {
        ($r:ty) => {
            type_name_of_val(&(&&&&Returns::<$r>::new()).shape())
        };
    }

    fn generic<T>() -> &'static str {
        shape_of!(T)
    }

    #[test]
    fn shapes_are_told_by_type() {
        type Found<T> = Result<Option<T>, String>;
        assert!(shape_of!(io::Result<u8>).contains("OkOf"));
        assert!(shape_of!(Found<u8>).contains("ResultOption"));
        assert!(shape_of!(Option<u8>).contains("OptionOf"));
        assert!(shape_of!(u8).contains("Plain"));
        assert!(generic::<u8>().contains("Plain"));
    }
}
