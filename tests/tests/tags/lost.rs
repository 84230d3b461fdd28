//! What Redis loses of a tag, and who else removes it.

use super::*;
use cache_tests::Scene;

/// A tag that is missing may have been invalidated: what has it does not count.
#[tokio::test]
async fn a_tag_that_is_lost_is_a_miss() {
    let Scene { mut server, one, other, world } = Scene::start();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    for loses in ["DEL", "PEXPIRE"] {
        world.changes();
        let expected = world.version();
        match loses {
            "DEL" => server.command::<()>(&["DEL", "t:~tag:org:7"]),
            _ => server.command::<()>(&["PEXPIRE", "t:~tag:org:7", "1"]),
        }
        eventually(DEADLINE, || async { !has_tag(&server, "org:7") }).await;
        assert_eq!(kept(&other, 7, 1).await, None);
        assert_eq!(read(&other, &world, 7, 1).await, expected, "{loses}");
        assert_eq!(read(&one, &world, 7, 1).await, expected);
    }
    world.changes();
    server.command::<()>(&["FLUSHALL"]);
    assert_eq!(read(&one, &world, 7, 1).await, 4);
    // A restart without a snapshot.
    server.kill();
    eventually(DEADLINE, || async { one.ping().await.is_err() }).await;
    server.restart();
    world.changes();
    eventually(DEADLINE, || async { one.ping().await.is_ok() }).await;
    assert_eq!(read(&one, &world, 7, 1).await, 5);
}

/// The old value is in Redis all the while, under a tag that gets a token of its own again.
#[tokio::test]
async fn a_tag_that_comes_back_is_another_one() {
    let Scene { server, one, other, world } = Scene::start();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    other.invalidate_tag("org:7").await.unwrap();
    world.changes();
    assert_eq!(read(&one, &world, 7, 2).await, 2, "which makes the tag anew");
    assert!(has_tag(&server, "org:7") && is_stored(&server, "t:members:7:1"));
    assert_eq!(kept(&other, 7, 1).await, None);
    assert_eq!(read(&other, &world, 7, 1).await, 2);
}

/// A full Redis that evicts tags and keeps what has them.
#[tokio::test]
async fn eviction_of_a_tag_brings_nothing_back() {
    let Scene { server, one, other, world } = Scene::start();
    assert_eq!(read(&one, &world, 7, 1).await, 1);
    other.invalidate_tag("org:7").await.unwrap();
    world.changes();
    for _ in 0..3 {
        assert_eq!(read(&one, &world, 7, 1).await, 2);
        server.command::<()>(&["DEL", "t:~tag:org:7"]); // as eviction does
        assert_eq!(kept(&one, 7, 1).await, None);
    }
}

/// Neither is a tag a value, nor does a pattern reach it.
#[tokio::test]
async fn patterns_and_counts_know_no_tags() {
    let Scene { server, one, world, .. } = Scene::start();
    read(&one, &world, 7, 1).await;
    assert!(has_tag(&server, "org:7"));
    assert_eq!(one.count_keys().await, Ok(1));
    assert_eq!(one.invalidate_matching("*org*").await, Ok(0));
    assert!(has_tag(&server, "org:7"));
    assert_eq!(one.clear().await, Ok(1));
    assert!(has_tag(&server, "org:7"));
    assert_eq!(one.invalidate_tag("org:7").await, Ok(true));
    assert_eq!(one.invalidate_tag("org:7").await, Ok(false), "nothing has it now");
    assert!(matches!(one.invalidate_tag("").await, Err(cache_runtime::Error::Invalid(_))));
}
