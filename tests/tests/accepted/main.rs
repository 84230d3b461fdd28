//! What the macros accept, without a warning: each file denies those that its users may deny. What they
//! refuse, and with which words, is in `tests/ui`.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// What it says of the forms themselves, which are to be accepted all the same.
#![allow(
    clippy::let_and_return,
    clippy::multiple_bound_locations,
    clippy::ptr_arg,
    clippy::too_many_arguments
)]
// The lints of users are of interest here, and not those that the workspace asks for beyond them.
#![allow(unreachable_pub, unused_qualifications, missing_docs, missing_debug_implementations)]

mod background;
mod batch;
mod blocks;
mod forms;
mod hygiene;
mod options;
mod parameters;
mod puts;
mod send;
mod shared;
mod tags;
mod writers;
