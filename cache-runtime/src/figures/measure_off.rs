//! What `measure.rs` is without the feature `metrics`: nothing.

use super::counters::Outcome;

#[derive(Debug)]
pub(crate) struct Measures;

impl Measures {
    pub(crate) const fn new() -> Self {
        Self
    }
}

#[allow(clippy::unused_self)] // the same calls as with the feature
impl Measures {
    #[inline]
    pub(crate) fn outcome<'f>(&self, _: impl FnOnce() -> &'f str, _: Outcome) {}

    #[inline]
    pub(crate) fn error(&self, _: &str) {}

    #[inline]
    pub(crate) fn voided(&self, _: &str) {}

    #[inline]
    pub(crate) fn load_begins(&self, _: &str) -> Load {
        Timer
    }
}

pub(crate) type Load = Timer;

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

#[cfg_attr(not(feature = "l1"), allow(dead_code))] // the table tells it
#[inline]
pub(crate) fn l1_kept(_: u64) {}

#[cfg_attr(not(feature = "l1"), allow(dead_code))] // the table tells it
#[inline]
pub(crate) fn l1_gone(_: u64, _: u64) {}

#[inline]
pub(crate) fn l1_pushed() {}

#[inline]
pub(crate) fn l1_dropped() {}

#[cfg_attr(not(feature = "l1"), allow(dead_code))] // the table tells it
#[inline]
pub(crate) fn l1_evicted(_: u64) {}
