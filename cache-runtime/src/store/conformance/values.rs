//! Values: what is written is read back, for as long as it lives.

use super::*;
use crate::store::Reachability;

conformance!(
    what_was_set_is_read_back,
    any_bytes_are_a_value,
    a_value_may_be_large,
    a_life_below_a_millisecond_stores_nothing,
    a_huge_life_is_cut_and_never_overflows,
    a_short_life_ends,
    setting_again_replaces_value_and_life,
    remove_counts_what_was_there,
    many_keys_are_removed_in_one_call,
    a_ping_is_answered,
    many_at_once,
    a_value_is_read_alone_or_with_its_life,
    a_read_says_which_connection_answered,
);

async fn what_was_set_is_read_back(store: &impl Store) {
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert_eq!(store.life(&key("p:k"), SOON).await, Ok(Life::Absent));
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"v".to_vec())));
    let Ok(Life::Remaining(left)) = store.life(&key("p:k"), SOON).await else { panic!("no life") };
    assert!(left <= MINUTE && left > MINUTE - SOON);
}

async fn any_bytes_are_a_value(store: &impl Store) {
    let all: Vec<u8> = (0..=255).collect();
    for value in [&all[..], b"", b"\r\n$-1\r\n", b"\0"] {
        store.set("p:\r\n key ü", value, MINUTE, SOON).await.unwrap();
        assert_eq!(store.get("p:\r\n key ü", SOON).await, Ok(Some(value.to_vec())));
    }
}

async fn a_value_may_be_large(store: &impl Store) {
    let value = vec![7; 1 << 20];
    store.set("p:large", &value, MINUTE, SOON).await.unwrap();
    assert!(store.get("p:large", SOON).await.unwrap() == Some(value));
}

async fn a_life_below_a_millisecond_stores_nothing(store: &impl Store) {
    for ttl in [Duration::ZERO, Duration::from_nanos(1), Duration::from_micros(999)] {
        assert_eq!(store.set("p:k", b"v", ttl, SOON).await, Ok(()));
        assert_eq!(store.get("p:k", SOON).await, Ok(None));
    }
}

async fn a_huge_life_is_cut_and_never_overflows(store: &impl Store) {
    for ttl in [Duration::MAX, Duration::from_secs(u64::MAX / 1000)] {
        store.set("p:k", b"v", ttl, SOON).await.unwrap();
        assert!(store.get("p:k", SOON).await.unwrap().is_some());
        let life = store.life(&key("p:k"), SOON).await.unwrap();
        assert!(matches!(life, Life::Remaining(left) if left > MINUTE));
    }
}

async fn a_short_life_ends(store: &impl Store) {
    store.set("p:k", b"v", Duration::from_millis(30), SOON).await.unwrap();
    cache_test_servers::eventually(SOON, || async {
        store.get("p:k", SOON).await.unwrap().is_none()
    })
    .await;
    assert_eq!(store.remove(&[key("p:k")], SOON).await, Ok(0));
}

async fn setting_again_replaces_value_and_life(store: &impl Store) {
    store.set("p:k", b"long", MINUTE * 60, SOON).await.unwrap();
    store.set("p:k", b"short", MINUTE, SOON).await.unwrap();
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"short".to_vec())));
    let life = store.life(&key("p:k"), SOON).await.unwrap();
    assert!(matches!(life, Life::Remaining(left) if left <= MINUTE));
}

async fn remove_counts_what_was_there(store: &impl Store) {
    assert_eq!(store.remove(&[], SOON).await, Ok(0));
    store.set("p:a", b"v", MINUTE, SOON).await.unwrap();
    store.set("p:b", b"v", MINUTE, SOON).await.unwrap();
    let keys = ["p:a", "p:none", "p:b"].map(key);
    assert_eq!(store.remove(&keys, SOON).await, Ok(2));
    assert_eq!(store.get("p:a", SOON).await, Ok(None));
    assert_eq!(store.remove(&keys, SOON).await, Ok(0));
}

async fn many_keys_are_removed_in_one_call(store: &impl Store) {
    let keys: Vec<Key> = (0..1_300).map(|n| key(&format!("p:{n}"))).collect();
    for key in &keys {
        store.set(key.whole(), b"v", MINUTE, SOON).await.unwrap();
    }
    assert_eq!(store.remove(&keys, SOON).await, Ok(1_300));
}

async fn a_ping_is_answered(store: &impl Store) {
    assert_eq!(store.ping(SOON).await, Ok(()));
    assert!(store.info(SOON).await.unwrap().used_memory.is_some());
    assert_eq!(store.reachability(), Reachability::Reachable);
}

async fn many_at_once(store: &impl Store) {
    let all = (0..256).map(|n| async move {
        let (key, value) = (format!("p:{n}"), format!("{n}").into_bytes());
        store.set(&key, &value, MINUTE, SOON).await.unwrap();
        assert_eq!(store.get(&key, SOON).await, Ok(Some(value)));
    });
    futures_util::future::join_all(all).await;
}

async fn a_value_is_read_alone_or_with_its_life(store: &impl Store) {
    let read = async |want: Want<'_>| store.read_with("p:k", want, SOON).await.unwrap().found;
    assert_eq!((read(Want::PLAIN).await, read(Want::LIFE).await), (None, None));
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    assert_eq!(read(Want::PLAIN).await, Some(plain(b"v")));
    let found = read(Want::LIFE).await.unwrap();
    let left = found.left.unwrap();
    assert!(*found.bytes == *b"v" && left <= MINUTE && left > MINUTE - SOON);
}

async fn a_read_says_which_connection_answered(store: &impl Store) {
    let generation = async |want| {
        let Read { generation, .. } = store.read_with("p:k", want, SOON).await.unwrap();
        generation
    };
    let (first, second) = (generation(Want::PLAIN).await, generation(Want::LIFE).await);
    assert_eq!(first, second, "nothing was lost");
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    let many = (0..10).map(|_| generation(Want::PLAIN));
    for generation in futures_util::future::join_all(many).await {
        assert_eq!(generation, first, "also where reads go together");
    }
}
