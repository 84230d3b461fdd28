//! How fresh what is served is: who shares a computation, stale windows, background refreshes.

#[path = "../common/mod.rs"]
mod common;
mod flights;
