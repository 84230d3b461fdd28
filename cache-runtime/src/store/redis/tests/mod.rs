//! Redis in trouble, with real servers.

mod outages;
mod refusals;
mod ways;

use super::*;
use crate::store::testing::{Write, key};
use cache_test_servers::{Fault, FaultProxy, Logs, RedisServer, eventually, free_port};
use redis::IntoConnectionInfo;
use std::time::Instant;

const BUDGET: Duration = Duration::from_millis(250);
const MINUTE: Duration = Duration::from_secs(60);
/// What recovery may take, by the design; the machine's own hiccups are not counted in.
const RECOVERY: Duration = Duration::from_secs(1);
/// "At once", on a machine that is busy with other tests.
const AT_ONCE: Duration = Duration::from_millis(50);

fn store_at(url: &str) -> RedisStore {
    RedisStore::new(url.into_connection_info().unwrap(), "p", 1).unwrap()
}

async fn works(store: &RedisStore) -> bool {
    store.get("p:k", BUDGET).await.is_ok()
}

/// Runs `call` and asserts that it fails with `Unavailable` without waiting.
async fn unavailable_at_once(store: &RedisStore) {
    let begun = Instant::now();
    assert_eq!(store.get("p:k", BUDGET).await, Err(Error::Unavailable));
    assert!(begun.elapsed() < AT_ONCE, "waited {:?}", begun.elapsed());
}
