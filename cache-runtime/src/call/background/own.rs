//! Copies of arguments that outlive the call, for bodies that do.

use std::ops::Deref;

/// What a reference points at, where a copy of it can be owned: `str`, slices, whatever is `Clone`.
#[diagnostic::on_unimplemented(
    message = "an option of this function runs its body in the background, which needs a copy of \
               an argument, and `{Self}` cannot be copied",
    label = "a function with this option owns its arguments",
    note = "implement `Clone` for `{Self}`, take it as an `Arc`, or remove the option"
)]
pub trait Own {
    type Owned: Send + 'static;
    fn own(&self) -> Self::Owned;
    fn lend(owned: &Self::Owned) -> &Self;
}

#[diagnostic::do_not_recommend] // what is missing is `Clone`, not a step on the way to it
impl<T> Own for T
where
    T: ToOwned<Owned: Send + 'static> + ?Sized,
{
    type Owned = T::Owned;

    fn own(&self) -> T::Owned {
        self.to_owned()
    }

    fn lend(owned: &T::Owned) -> &T {
        std::borrow::Borrow::borrow(owned)
    }
}

/// A copy of what an argument refers to. Of a type that nobody knows, so that one that cannot be
/// copied is one error, not another one for each use.
pub fn owned<T>(argument: &T) -> impl Deref<Target = T> + Send + 'static + use<T>
where
    T: Own + ?Sized + 'static,
{
    Owned::<T>(argument.own())
}

/// The same of a slice, so that what cannot be copied is the type of its elements.
pub fn owned_slice<T>(argument: &[T]) -> impl Deref<Target = [T::Owned]> + Send + 'static + use<T>
where
    T: Own + 'static,
{
    argument.iter().map(Own::own).collect::<Vec<T::Owned>>()
}

struct Owned<T: Own + ?Sized>(T::Owned);

impl<T: Own + ?Sized> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        T::lend(&self.0)
    }
}
