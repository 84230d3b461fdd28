//! A Redis Cluster: the attribute does there what it does on one server, whatever happens to
//! single nodes, and while slots move.
//!
//! Each test has a cluster of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod scene;
