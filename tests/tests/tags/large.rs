//! A tag that very many entries have.

use super::*;
use cache_tests::Scene;

/// What is written for one call to the server, which does nothing else meanwhile.
const STEP: u64 = 100_000;
const ALL: u64 = 10 * STEP;

/// Each is a copy of one that was stored by a call, written by the server itself.
#[tokio::test]
async fn a_million_entries_are_invalidated_by_one_write() {
    let Scene { server, one, other, world } = Scene::start();
    assert_eq!(read(&one, &world, 7, 0).await, 1);
    for from in (0..ALL).step_by(STEP as usize) {
        server.command::<()>(&[
            "EVAL",
            "local value = redis.call('GET', KEYS[1]) \
             for page = ARGV[1], ARGV[2] do redis.call('SET', 't:members:7:' .. page, value) end",
            "1",
            "t:members:7:0",
            &from.to_string(),
            &(from + STEP - 1).to_string(),
        ]);
    }
    let tag = 1;
    assert_eq!(server.command::<u64>(&["DBSIZE"]), ALL + tag);
    assert_eq!(kept(&other, 7, ALL - 1).await, Some(1));

    server.command::<()>(&["CONFIG", "RESETSTAT"]);
    assert_eq!(one.invalidate_tag("org:7").await, Ok(true));
    let commands = commands(&server);
    let sent: u64 = ["evalsha", "eval"].iter().filter_map(|name| commands.get(*name)).sum();
    // The script is sent in full where the server has not seen it.
    assert!(sent <= 2, "{commands:?}");
    assert!(!commands.contains_key("scan") && !commands.contains_key("del"), "{commands:?}");
    assert!(commands["unlink"] <= 2, "{commands:?}");

    world.changes();
    for page in [0, 1, ALL / 2, ALL - 1] {
        assert_eq!(kept(&other, 7, page).await, None);
        assert_eq!(read(&other, &world, 7, page).await, 2);
    }
}
