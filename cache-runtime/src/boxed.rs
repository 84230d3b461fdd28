//! A large future in a box.

use std::pin::Pin;

/// The future that `make` makes, in a box.
///
/// The room is there before the future is. `Box::pin` is given one that stands on the stack, and
/// moves all of it, although a future that has not begun is hardly more than its arguments.
#[inline]
pub(crate) fn boxed<F: Future>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    let room = Box::new_uninit();
    Box::into_pin(Box::write(room, make()))
}
