//! The service as its users meet it: the real program, over real databases and a real Redis.
// Tests fail by panicking, and so does what they are made of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout)] // the seed that replays a failure

mod answers;
mod harness;
mod malformed;
mod operators;
mod replicas;
