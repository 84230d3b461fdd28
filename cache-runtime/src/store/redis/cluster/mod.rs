//! A Redis cluster: many servers, each with a part of the keys. What one server is asked is the
//! concern of its [`Node`](super::link::node::Node), as elsewhere; here is decided which.
//!
//! Each file knows those above it in this list, and none below:
//! - [`topology`]: which node has which slot, pure;
//! - [`nodes`]: the nodes that there are, and to whom one sends on;
//! - [`refresh`]: the task that asks which slots they have, for which no caller waits;
//! - [`each`]: commands about keys of many slots, to each node its own; [`log`]: the log of invalidated tags;
//!   [`many`]: what is done with many keys;
//! - [`values`]: what is done with one key, and its tags;
//! - [`scan`]: walking over all keys of all nodes;
//! - [`state`]: what operators read of all of them.

mod each;
mod log;
mod many;
mod nodes;
mod refresh;
mod scan;
mod state;
#[cfg(test)]
mod tests;
mod topology;
mod values;

pub(super) use nodes::Cluster;
