//! How fresh what is served is: who shares a computation, stale windows, background refreshes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

#[path = "../common/mod.rs"]
mod common;
mod dropped;
mod early;
mod flights;
mod remote;
mod source;
mod timeouts;
mod windows;
