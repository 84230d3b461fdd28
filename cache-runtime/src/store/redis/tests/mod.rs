//! Redis in trouble, with real servers.

mod demoted;
mod keyless;
mod outages;
mod passwords;
mod refusals;
mod scans;
mod sentinels;
#[cfg(feature = "tls")]
mod tls;
mod ways;

use super::*;
use crate::config::{Builder, Target};
use crate::store::Want;
use crate::store::testing::{Write, key};
use cache_test_servers::{
    DEADLINE, Fault, FaultProxy, Logs, RedisServer, Sentinels, eventually, free_port, rights_for,
    within_a_second,
};
use redis::IntoConnectionInfo;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

const BUDGET: Duration = Duration::from_millis(250);
const MINUTE: Duration = Duration::from_secs(60);

fn store_at(url: &str) -> RedisStore {
    store_by(Builder::default().url(url))
}

/// The store that a builder asks for, whatever the environment says.
fn store_by(builder: Builder) -> RedisStore {
    match builder.settings(&|_| None).unwrap().target {
        Target::Redis(server) => RedisStore::new(*server, "p", 1),
        other => panic!("{other:?}"),
    }
}

async fn works(store: &RedisStore) -> bool {
    store.get("p:k", DEADLINE).await.is_ok()
}

/// A read fails with `Unavailable` when it is polled first: it waits for nothing.
fn unavailable_at_once(store: &RedisStore) {
    let read = pin!(store.get("p:k", BUDGET)).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(read, Poll::Ready(Err(Error::Unavailable)));
}
