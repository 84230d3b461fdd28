use crate::cache::Cache;
use crate::flight::journal::RECENT;
use crate::flight::single_flight::{Flights, Role};
use crate::key::tags::Tags;
use crate::key::whole::Key;
use cache_test_servers::{DEADLINE, RedisServer, eventually};

#[cfg(feature = "l1")]
#[tokio::test]
async fn what_was_kept_of_a_key_that_waits_is_gone_when_it_is_trusted() {
    use crate::l1::{Keeping, Room};
    use std::sync::Arc;
    use std::time::Duration;

    let (server, key) = (RedisServer::start(), Key::new("p", "a"));
    let cache = Cache::builder().url(server.url()).prefix("p").build().unwrap();
    let l1 = cache.l1().unwrap();
    let line = l1.line(l1.seat().unwrap());
    l1.opened(line);
    // Nothing is carried out before all stands as it is to be. Redis, which has no such key, pushes nothing.
    server.command::<()>(&["CLIENT", "PAUSE", "100000", "WRITE"]);
    cache.queue(std::slice::from_ref(&key), None);
    let reading = l1.begin(&key, line);
    let keeping = Keeping { reading, noted: None, life: Duration::MAX, early: Duration::MAX };
    l1.keep(&key, keeping, Room::default(), Arc::new(7_u64));
    assert!(!cache.trusts(&key) && l1.figures().entries == 1);
    server.command::<()>(&["CLIENT", "UNPAUSE"]);
    eventually(DEADLINE, async || cache.trusts(&key)).await;
    assert_eq!(l1.figures().entries, 0);
}

/// What was sent before a reconnect, and acknowledged and noted after it.
#[tokio::test]
async fn what_is_noted_after_a_reconnect_is_sent_again_at_once() {
    let server = RedisServer::start();
    let cache = Cache::builder().url(server.url()).prefix("p").build().unwrap();
    cache.ping().await.unwrap();
    server.command::<()>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    let reconnects = || cache.store().reconnects().unwrap();
    eventually(DEADLINE, async || cache.ping().await.is_ok() && reconnects() > 0).await;
    // The task that sends it has something that is recent, and nothing left to send: it waits, or is about to.
    let sent = Key::new("p", "sent");
    cache.remember(&[Key::new("p", "recent")], Some(reconnects()));
    cache.queue(std::slice::from_ref(&sent), None);
    eventually(DEADLINE, async || cache.trusts(&sent)).await;
    server.command::<()>(&["SET", "p:a", "old"]);
    cache.remember(&[Key::new("p", "a")], Some(reconnects() - 1));
    // Before it would look of itself.
    let gone = async || !server.command::<bool>(&["EXISTS", "p:a"]);
    eventually(RECENT / 2, gone).await;
}

#[test]
fn nobody_joins_what_was_begun_before_its_key_was_distrusted() {
    let (flights, a, b) = (Flights::default(), Key::new("p", "a"), Key::new("p", "b"));
    let trusted = |role| match role {
        Role::Lead(leader) => (leader.is_trusted(), leader),
        Role::Wait(_) => panic!("this flight is from before"),
    };
    let (before, _old) = trusted(flights.join(&a, &Tags::default()));
    assert!(before && flights.trusts_all());
    assert!(!flights.distrust(std::slice::from_ref(&a)));
    let (after, _new) = trusted(flights.join(&a, &Tags::default()));
    assert!(!after && !flights.trusts(&a) && flights.trusts(&b));
}

#[test]
fn nobody_joins_what_was_begun_before_its_tag_was_distrusted() {
    let (flights, tag) = (Flights::default(), Key::new("p", "~tag:a"));
    let (key, other) = (Key::new("p", "a"), Key::new("p", "b"));
    let tags = Tags::from(vec![tag.clone()]);
    let Role::Lead(old) = flights.join(&key, &tags) else { panic!("it is the first") };
    let Role::Lead(untagged) = flights.join(&other, &Tags::default()) else { panic!("too") };
    assert!(!flights.distrust(std::slice::from_ref(&tag)));
    assert!(old.is_forgotten() && !untagged.is_forgotten());
    let Role::Lead(new) = flights.join(&key, &tags) else { panic!("the old one is forgotten") };
    assert!(!new.is_trusted() && !new.is_forgotten());
    assert!(!flights.alone(&key, &tags).is_trusted());
}
