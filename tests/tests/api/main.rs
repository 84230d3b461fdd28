//! What people ask of the cache itself, judged by what is in a real Redis.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod around;
mod conditions;
mod entries;
mod environment;
mod figures;
mod invalidating;
mod lives;
mod naming;
mod rights;
mod servers;
