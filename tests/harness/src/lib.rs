//! For tests: [`RedisServer`] is a real `redis-server` of one's own, which [`Sentinels`] may watch
//! and of which a [`Cluster`] may be made,
//! [`Postgres`] a PostgreSQL, [`FaultProxy`] the bad network in front of Redis, [`Authority`] who
//! vouches for certificates, [`Logs`] what the cache logged, and [`eventually`] a wait that polls.
// Tests fail by panicking, and so does what they are made of.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod builder;
mod bus;
mod certificates;
mod cluster;
mod cluster_builder;
mod logs;
mod poll;
mod postgres;
mod program;
mod proxy;
mod rights;
mod sentinels;
mod server;
mod slot_move;
mod view;
mod watch;

pub use builder::RedisServerBuilder;
pub use certificates::{Authority, Certificate};
pub use cluster::{Cluster, SLOTS};
pub use cluster_builder::ClusterBuilder;
pub use logs::Logs;
pub use poll::{DEADLINE, eventually, eventually_blocking, within_a_second};
pub use postgres::Postgres;
pub use program::is_since;
pub use proxy::{Fault, FaultProxy};
pub use rights::{rights_for, rights_for_all};
pub use sentinels::Sentinels;
pub use server::{RedisServer, free_port};
pub use slot_move::SlotMove;
