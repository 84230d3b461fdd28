//! The holder of a lease is killed in mid-body: another process takes over.

use super::*;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const SERVER: &str = "LEASE_TEST_SERVER";

/// Not a test by itself: what the killed process runs.
#[tokio::test]
async fn holder() {
    let Ok(url) = std::env::var(SERVER) else { return };
    let cache = Cache::builder().url(url).prefix("shop").build().unwrap();
    let world = World::new();
    let call = call(&cache, &world, 7);
    world.running(1).await;
    println!("\ncomputing");
    call.await.unwrap();
}

#[tokio::test]
async fn another_process_takes_over_within_the_leases_life() {
    let server = RedisServer::start();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::holder", "--nocapture"])
        .env(SERVER, server.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "computing"));

    let cache = process(&server);
    let world = World::new();
    world.open();
    let waiting = call(&cache, &world, 7);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let took = eventually(DEADLINE, || async { world.runs.count() == 1 }).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert_eq!(waiting.await.unwrap(), 1);
    assert_eq!(server.command::<String>(&["GET", "shop:item:7"]), "1");
}
