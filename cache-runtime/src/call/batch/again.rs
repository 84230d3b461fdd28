//! Arguments of a body that may run twice.

/// What can be had again.
#[diagnostic::on_unimplemented(
    message = "the body of a function with `batch` may run twice, and `{Self}` cannot be cloned for \
               the second time",
    label = "this argument is taken by value",
    note = "take it by reference, or implement `Clone` for `{Self}`"
)]
pub trait Again {
    fn again(&self) -> Self;
}

#[diagnostic::do_not_recommend] // the sentence above says it
impl<T: Clone> Again for T {
    fn again(&self) -> T {
        self.clone()
    }
}

/// A clone of an argument.
pub fn again<T: Again>(argument: &T) -> T {
    argument.again()
}
