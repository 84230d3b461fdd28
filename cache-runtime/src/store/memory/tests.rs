//! Life, bounds and order in memory, by a clock that is moved by hand.

use super::*;
use crate::store::testing::{OURS, Write, claim, key};

const SOON: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn small(bytes: usize, entries: usize) -> (Clock, MemoryStore) {
    let clock = Clock::manual();
    (clock.clone(), MemoryStore::new(clock, Bounds { bytes, entries }))
}

#[tokio::test]
async fn an_entry_ends_at_its_end_by_the_caches_clock() {
    let (clock, store) = small(10_000, 10);
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    clock.advance(MINUTE - Duration::from_nanos(1));
    assert!(store.get("p:k", SOON).await.unwrap().is_some());
    clock.advance(Duration::from_nanos(1));
    assert_eq!(store.get("p:k", SOON).await.unwrap(), None);
    assert_eq!(store.life(&key("p:k"), SOON).await.unwrap(), Life::Absent);
    assert_eq!(store.scan("*", None, SOON).await.unwrap().0, Vec::<String>::new());
    assert_eq!(store.remove(&[key("p:k")], SOON).await.unwrap(), 0);
}

#[tokio::test]
async fn what_has_expired_is_purged_by_the_next_write() {
    let (clock, store) = small(10_000, 10);
    for n in 0..5 {
        store.set(&format!("p:{n}"), b"v", MINUTE, SOON).await.unwrap();
    }
    clock.advance(MINUTE);
    store.set("p:new", b"v", MINUTE, SOON).await.unwrap();
    let inner = store.lock();
    assert_eq!((inner.entries.len(), inner.by_age.len(), inner.by_end.len()), (1, 1, 1));
}

#[tokio::test]
async fn the_oldest_goes_when_it_is_full_and_a_rewrite_is_young_again() {
    let (_, store) = small(10_000, 3);
    for key in ["p:a", "p:b", "p:c", "p:a", "p:d"] {
        store.set(key, b"v", MINUTE, SOON).await.unwrap();
    }
    assert_eq!(store.scan("*", None, SOON).await.unwrap().0, ["p:a", "p:c", "p:d"]);
}

#[tokio::test]
async fn bytes_are_bounded_and_a_value_too_large_leaves_no_old_one_behind() {
    let (_, store) = small(1_000, 100);
    for n in 0..20 {
        store.set(&format!("p:{n:02}"), &[0; 200], MINUTE, SOON).await.unwrap();
        assert!(store.lock().bytes <= 1_000);
    }
    store.set("p:19", &[0; 2_000], MINUTE, SOON).await.unwrap();
    assert_eq!(store.get("p:19", SOON).await.unwrap(), None);
    let keys: Vec<_> =
        store.scan("*", None, SOON).await.unwrap().0.iter().map(|k| key(k)).collect();
    store.remove(&keys, SOON).await.unwrap();
    assert_eq!(store.lock().bytes, 0);
}

#[tokio::test]
async fn a_value_counts_with_more_left_than_is_asked_for_and_not_with_as_much() {
    let (clock, store) = small(10_000, 10);
    store.set("p:k", b"v", 2 * MINUTE, SOON).await.unwrap();
    clock.advance(MINUTE - Duration::from_nanos(1));
    let (key, token) = (key("p:k"), Token::random().unwrap());
    let ask = async || store.acquire(&key, &claim(Ask::Above(MINUTE), &token), SOON).await.unwrap();
    let left = Some(MINUTE + Duration::from_nanos(1));
    assert_eq!(
        ask().await,
        Acquired::Found(Found { left, ..Found::plain(Bytes::Own(b"v".to_vec())) })
    );
    clock.advance(Duration::from_nanos(1));
    assert_eq!(ask().await, OURS);
}
