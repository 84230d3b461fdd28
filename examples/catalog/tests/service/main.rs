//! The service as its users meet it: the real program, over real databases and a real Redis.
#![allow(missing_docs)]

mod answers;
mod harness;
mod malformed;
mod operators;
mod replicas;
