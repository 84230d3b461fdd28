//! A tag that very many entries have.

use super::*;
use cache_tests::Scene;

/// As many entries of one tag as a million, less what it takes to write them: each is a copy of one
/// that was stored by a call.
#[tokio::test]
async fn a_hundred_thousand_entries_are_invalidated_by_one_write() {
    let Scene { server, one, other, world } = Scene::start();
    assert_eq!(read(&one, &world, 7, 0).await, 1);
    server.command::<()>(&[
        "EVAL",
        "local value = redis.call('GET', KEYS[1]) \
         for page = 1, 99999 do redis.call('SET', 't:members:7:' .. page, value, 'PX', 600000) end",
        "1",
        "t:members:7:0",
    ]);
    assert_eq!(one.count_keys().await, Ok(100_000));
    assert_eq!(kept(&other, 7, 99_999).await, Some(1));

    server.command::<()>(&["CONFIG", "RESETSTAT"]);
    assert_eq!(one.invalidate_tag("org:7").await, Ok(true));
    let commands = commands(&server);
    let sent: u64 = ["evalsha", "eval"].iter().filter_map(|name| commands.get(*name)).sum();
    // The script is sent in full where the server has not seen it.
    assert!(sent <= 2, "{commands:?}");
    assert!(!commands.contains_key("scan") && !commands.contains_key("del"), "{commands:?}");
    assert!(commands["unlink"] <= 2, "{commands:?}");

    world.changes();
    for page in [0, 1, 50_000, 99_999] {
        assert_eq!(kept(&other, 7, page).await, None);
        assert_eq!(read(&other, &world, 7, page).await, 2);
    }
}
