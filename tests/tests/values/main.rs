//! G2: no call is ever given the value of another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs, unreachable_pub)]

mod bytes;
mod changed;
mod errors;
mod kept;
mod keys;
mod names;
mod shared;
mod signatures;
mod trait_parameters;
mod traits;
