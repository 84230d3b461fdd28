//! The way to the servers: one [`node`](node::Node) for each, with all that is known of it.
//!
//! Each file knows those above it in this list, and none below:
//! - [`alarm`]: the deadlines of those who wait for a connection, by one timer;
//! - [`wire`]: the kinds of connection, by the names that the client library has for them;
//! - [`address`]: those that servers tell; [`redirect`]: to whom a node of a cluster sends who asks it;
//! - [`bounded`]: how much one answer may hold;
//! - [`dial`]: how one is opened, by TLS ([`tls`]) if need be;
//! - [`sentinels`]: who say where a primary is; [`locate`]: where to connect now, and as whom;
//! - [`own`]: what a node of a cluster says of itself;
//! - [`map`]: which node of a cluster has which slots, by one of them;
//! - [`events`]: what happens to connections, for those who want to know;
//! - [`tracked`]: what is read by a connection that tracks;
//! - [`endpoint`]: where a server is, how to connect to it, how to see that it works;
//! - [`lacks`]: what a server cannot do, or does not let us;
//! - [`pool`]: the connections of one Tokio runtime, and whether they are any good now;
//! - [`supervisor`]: the task that connects, probes and reconnects, so that no caller does;
//! - [`reads`]: those by a connection that tracks, each for all who ask for the same key;
//! - [`push`]: the connection by which a server says what has changed; [`vouching`]: the task that keeps it;
//! - [`asking`]: what is read by it;
//! - [`way`]: how one command gets there; [`pipeline`]: how reads go together;
//! - [`leaving`]: when a server that says it is a replica is left;
//! - [`node`]: the pools of one server, its report and its breaker; [`readers`]: who reads from it now.

mod address;
mod alarm;
pub(super) mod asking;
mod bounded;
mod dial;
mod endpoint;
pub(super) mod events;
mod lacks;
mod leaving;
mod locate;
pub(super) mod map;
pub(super) mod node;
pub(super) mod own;
pub(super) mod pipeline;
mod pool;
pub(super) mod push;
pub(super) mod readers;
pub(super) mod reads;
pub(super) mod redirect;
mod sentinels;
mod supervisor;
#[cfg(feature = "tls")]
mod tls;
pub(super) mod tracked;
mod vouching;
mod way;
mod wire;

pub(super) use alarm::{Late, deadline};
pub(super) use way::Way;
