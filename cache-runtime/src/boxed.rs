//! A large future in a box.

use std::mem::MaybeUninit;
use std::pin::Pin;

/// A future in a box, without its type: who awaits it compiles neither how it is polled nor how it is
/// dropped. The future of a cached call is compiled in the user's program, with all that it has by type.
pub(crate) type Boxed<'f, T> = Pin<Box<dyn Future<Output = T> + Send + 'f>>;

/// The future that `make` makes, in a box.
///
/// The room is there before the future is. `Box::pin` is given one that stands on the stack, and
/// moves all of it, although a future that has not begun is hardly more than its arguments.
#[inline]
pub(crate) fn boxed<'f, F>(make: impl FnOnce() -> F) -> Boxed<'f, F::Output>
where
    F: Future + Send + 'f,
{
    let room: Box<MaybeUninit<F>> = Box::new_uninit();
    let future: Box<F> = Box::write(room, make());
    Box::into_pin(future)
}
