//! What `measure.rs` is without the feature `metrics`: nothing.

use crate::figures::stats::Outcome;
use crate::function::Function;
use crate::store::Act;

#[derive(Debug)]
pub(crate) struct Measures;

impl Measures {
    pub(crate) const fn new() -> Self {
        Self
    }
}

#[allow(clippy::unused_self)] // the same calls as with the feature
impl Function {
    #[inline]
    pub(crate) fn measure(&self, _: Outcome) {}

    #[inline]
    pub(crate) fn measure_error(&self) {}

    #[inline]
    pub(crate) fn measure_voided(&self, _: &Act<'_>) {}

    #[inline]
    pub(crate) fn loading(&self) -> Timer {
        Timer
    }
}

#[derive(Debug)]
pub(crate) struct Command;

impl Command {
    pub(crate) const fn new(_: &'static str) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn begins(&self) -> Timer {
        Timer
    }
}

#[derive(Debug)]
pub(crate) struct Timer;

impl Timer {
    #[inline]
    pub(crate) fn ends(self) {}
}

#[inline]
pub(crate) fn breaker(_: &str, _: bool) {}
