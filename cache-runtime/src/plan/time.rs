//! What an expression for an option that is a time evaluates to.

use std::time::Duration;

/// What can be a time: a `Duration` alone, since a bare number does not say its unit.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a time",
    label = "an expression for a time is a `std::time::Duration`",
    note = "for a count of seconds write `Duration::from_secs(…)` around the expression"
)]
pub trait Time {
    fn duration(self) -> Duration;
}

#[diagnostic::do_not_recommend] // the label says it already
impl Time for Duration {
    #[inline]
    fn duration(self) -> Duration {
        self
    }
}

/// The time that an option's expression gives.
#[inline]
pub fn time<T: Time>(given: T) -> Duration {
    given.duration()
}
