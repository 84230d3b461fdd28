//! What is counted and measured. Nothing here asks the store or knows how a call works.

pub(crate) mod counters;
pub(crate) mod lanes;
#[cfg_attr(not(feature = "metrics"), path = "measure_off.rs")]
pub(crate) mod measure;
pub(crate) mod stats;
