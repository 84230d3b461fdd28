//! What the suites in `tests/` share: the scene (servers, caches, the data that is cached), calls
//! and what they come to, and waits that poll. A suite defines none of these again.
// Tests fail by panicking, and so does what they are made of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)] // where a name says it all

mod caches;
mod calls;
mod child;
#[cfg(test)]
mod discovery;
mod gate;
mod kept;
mod repo;
mod world;

pub use cache_test_servers::*;
pub use caches::{Scene, builder_at, cache_at, in_memory, moved, replayed};
pub use calls::{Runs, called, limited, outcome, polled, unique, waited};
pub use child::{own_process, wait_for_line};
pub use gate::Gate;
pub use kept::{
    all_given_back, given_back, is_leased, is_stored, keys, lease, lives_for, make_lease_last,
    stored,
};
pub use repo::Repo;
pub use world::World;
