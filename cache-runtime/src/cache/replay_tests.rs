use crate::flight::single_flight::{Flights, Role};
use crate::key::tags::Tags;
use crate::key::whole::Key;

#[cfg(feature = "l1")]
#[tokio::test]
async fn what_was_kept_of_a_key_that_waits_is_gone_when_it_is_trusted() {
    use crate::cache::Cache;
    use crate::l1::{Keeping, Room};
    use cache_test_servers::{DEADLINE, RedisServer, eventually};
    use std::sync::Arc;
    use std::time::Duration;

    let (server, key) = (RedisServer::start(), Key::new("p", "a"));
    let cache = Cache::builder().url(server.url()).prefix("p").build().unwrap();
    let l1 = cache.l1().unwrap();
    let line = l1.line(l1.seat().unwrap());
    l1.opened(line);
    cache.queue(std::slice::from_ref(&key), None);
    // Nothing is sent before this task waits. Redis, which has no such key, pushes nothing.
    let reading = l1.begin(&key, line);
    let keeping = Keeping { reading, noted: None, life: Duration::MAX, early: Duration::MAX };
    l1.keep(&key, keeping, Room::default(), Arc::new(7_u64));
    assert!(!cache.trusts(&key) && l1.figures().entries == 1);
    eventually(DEADLINE, async || cache.trusts(&key)).await;
    assert_eq!(l1.figures().entries, 0);
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
