//! The holder of a lease is killed in mid-body: another process takes over.

use super::*;
use cache_tests::{RedisServer, cache_at, lease, own_process, stored, wait_for_line};
use std::process::Stdio;

const SERVER: &str = "LEASE_TEST_SERVER";

/// Not a test by itself: what the killed process runs.
#[tokio::test]
async fn holder() {
    let Ok(url) = std::env::var(SERVER) else { return };
    let cache = cache_at(&url);
    let world = held();
    let call = call(&cache, &world, 7);
    world.reading.reached(1).await;
    println!("\ncomputing");
    call.await.unwrap();
}

#[tokio::test]
async fn another_process_takes_over_within_the_leases_life() {
    let server = RedisServer::start();
    let mut holder = own_process("killed::holder", SERVER, &server.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_line(&mut holder, "computing");

    let cache = cache_at(&server.url());
    let world = World::default();
    let waiting = call(&cache, &world, 7);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let left: i64 = server.command(&["PTTL", &lease(KEY)]);
    assert!(left <= 2_000, "it would last for {left} ms more");
    assert_eq!(waiting.await.unwrap(), 1);
    assert_eq!(stored(&server, KEY).as_deref(), Some("1"), "it had the lease");
}
