//! Tags that are known only when their entry has been computed: the log of invalidated ones.

use super::*;
use crate::store::Tagging;
use crate::store::log::{MOST, Mark};
use crate::store::tag::TagToken;

conformance!(
    what_is_invalidated_after_the_mark_voids,
    what_was_invalidated_before_the_mark_does_not,
    tokens_stay_what_they_are,
    what_is_too_long_ago_to_be_known_voids,
    a_lease_that_is_not_given_marks_nothing,
);

fn tag(name: &str) -> Key {
    key(&format!("p:~tag:{name}"))
}

/// Takes the lease of `p:k`, with the tag `call`, and marks.
async fn marked(store: &impl Store) -> (TagToken, Mark) {
    let (tags, seeds) = ([tag("call")], [TagToken::random().unwrap()]);
    let tagging = Tagging { seen: None, tags: &tags, seeds: &seeds, fill: MINUTE, marks: true };
    let token = Token::random().unwrap();
    let claim = Claim { tagged: Some(tagging), ..claim(Ask::Force, &token) };
    match store.acquire(&key("p:k"), &claim, SOON).await.unwrap() {
        Acquired::Ours { tokens, mark: Some(mark) } if tokens.len() == 1 => (tokens[0], mark),
        other => panic!("{other:?}"),
    }
}

/// What tags that what was computed has come to.
async fn seed(store: &impl Store, names: &[&str], mark: &Mark) -> Option<Vec<TagToken>> {
    let tags: Vec<_> = names.iter().map(|name| tag(name)).collect();
    let seeds: Vec<_> = names.iter().map(|_| TagToken::random().unwrap()).collect();
    let tagging = Tagging { seen: None, tags: &tags, seeds: &seeds, fill: MINUTE, marks: false };
    store.seed(&tagging, mark, SOON).await.unwrap()
}

async fn remove(store: &impl Store, name: &str) {
    store.remove(&[key("p:other"), tag(name)], SOON).await.unwrap();
}

async fn what_is_invalidated_after_the_mark_voids(store: &impl Store) {
    let (_, first) = marked(store).await;
    assert!(seed(store, &["a", "b"], &first).await.is_some());
    remove(store, "a").await;
    assert_eq!(seed(store, &["a"], &first).await, None);
    assert_eq!(seed(store, &["c", "a"], &first).await, None);
    assert!(seed(store, &["b", "c"], &first).await.is_some(), "these were not");
    let (_, second) = marked(store).await;
    assert!(seed(store, &["a"], &second).await.is_some());
    store.soften(&[tag("b"), tag("none")], SOON).await.unwrap();
    assert_eq!(seed(store, &["b"], &second).await, None, "softly is as well");
    assert_eq!(seed(store, &["none"], &second).await, None, "also of one that was not there");
    assert!(seed(store, &["a"], &second).await.is_some());
}

async fn what_was_invalidated_before_the_mark_does_not(store: &impl Store) {
    remove(store, "a").await;
    let (_, mark) = marked(store).await;
    assert!(seed(store, &["a"], &mark).await.is_some(), "when nobody had marked yet");
    remove(store, "a").await;
    let (_, mark) = marked(store).await;
    assert!(seed(store, &["a"], &mark).await.is_some());
    store.remove(&[key("p:k")], SOON).await.unwrap();
    assert!(seed(store, &["a"], &mark).await.is_some(), "a key is no tag");
}

async fn tokens_stay_what_they_are(store: &impl Store) {
    let (call, mark) = marked(store).await;
    let first = seed(store, &["a", "call"], &mark).await.unwrap();
    assert_eq!(first[1], call);
    assert_eq!(seed(store, &["call", "a"], &mark).await.unwrap(), [call, first[0]]);
    let tokens = store.tokens(&[tag("a"), tag("call")], SOON).await.unwrap();
    assert_eq!(*tokens, [Some(first[0]), Some(call)]);
}

async fn what_is_too_long_ago_to_be_known_voids(store: &impl Store) {
    let (_, mark) = marked(store).await;
    let all: Vec<_> = (0..=MOST).map(|n| tag(&n.to_string())).collect();
    store.remove(&all[1..], SOON).await.unwrap();
    assert!(seed(store, &["x"], &mark).await.is_some(), "all of them are known");
    store.remove(&all[..1], SOON).await.unwrap();
    assert_eq!(seed(store, &["x"], &mark).await, None);
}

/// Also where all of its tags will be its own.
async fn a_lease_that_is_not_given_marks_nothing(store: &impl Store) {
    marked(store).await;
    let tagging = Tagging { seen: None, tags: &[], seeds: &[], fill: MINUTE, marks: true };
    let token = Token::random().unwrap();
    let claim = Claim { tagged: Some(tagging), ..claim(Ask::IfAbsent, &token) };
    assert_eq!(store.acquire(&key("p:k"), &claim, SOON).await, Ok(Acquired::Theirs(None)));
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    let Ok(Acquired::Found(found)) = store.acquire(&key("p:k"), &claim, SOON).await else {
        panic!("there is a value")
    };
    assert!(*found.bytes == *b"v" && found.tokens.is_empty() && found.left.is_some());
}

#[tokio::test]
async fn a_log_that_was_lost_voids_what_was_marked_in_it() {
    let server = RedisServer::start();
    let store = redis(&server);
    let (_, mark) = marked(&store).await;
    for name in ["a", "b", "c"] {
        remove(&store, name).await;
    }
    server.command::<u64>(&["DEL", "p:~tags"]);
    assert_eq!(seed(&store, &["x"], &mark).await, None);
    let (_, other) = marked(&store).await;
    assert_ne!(other.epoch, mark.epoch);
    assert_eq!(seed(&store, &["x"], &mark).await, None, "another log is there by now");
    assert!(seed(&store, &["x"], &other).await.is_some());
}

#[tokio::test]
async fn what_is_no_log_gives_way_to_one() {
    let server = RedisServer::start();
    let store = redis(&server);
    for other in [&["LPUSH", "p:~tags", "x"][..], &["ZADD", "p:~tags", "1", "n"]] {
        server.command::<u64>(&["DEL", "p:~tags"]);
        server.command::<u64>(other);
        remove(&store, "a").await;
        let (_, mark) = marked(&store).await;
        assert!(seed(&store, &["a"], &mark).await.is_some());
        server.command::<u64>(&["DEL", "p:~tags"]);
        server.command::<u64>(other);
        assert_eq!(seed(&store, &["a"], &mark).await, None);
    }
}

#[tokio::test]
async fn another_connection_may_lead_to_a_server_that_has_forgotten() {
    let server = RedisServer::start();
    let store = redis(&server);
    let (_, mark) = marked(&store).await;
    server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    let reconnected = async || {
        let key = [key("p:k")];
        store.remove(&key, SOON).await.is_ok()
    };
    cache_test_servers::eventually(SOON, reconnected).await;
    assert_eq!(seed(&store, &["a"], &mark).await, None);
    let (_, mark) = marked(&store).await;
    assert!(seed(&store, &["a"], &mark).await.is_some());
}

#[tokio::test]
async fn a_log_is_kept_for_a_day_and_there_is_none_where_nobody_asks() {
    let server = RedisServer::start();
    let store = redis(&server);
    remove(&store, "a").await;
    store.soften(&[tag("a")], SOON).await.unwrap();
    assert_eq!(server.command::<u64>(&["EXISTS", "p:~tags"]), 0);
    let (_, mark) = marked(&store).await;
    let left = server.command::<u64>(&["TTL", "p:~tags"]);
    assert!((86_000..=86_400).contains(&left), "{left}");
    // What is known of a tag is one number, however often it is invalidated.
    for _ in 0..10 {
        remove(&store, "a").await;
    }
    assert_eq!(server.command::<u64>(&["ZCARD", "p:~tags"]), 3);
    assert_eq!(seed(&store, &["a"], &mark).await, None);
}

#[tokio::test]
async fn a_full_server_is_told_of_tags_all_the_same() {
    let server = RedisServer::start();
    let store = redis(&server);
    let (_, mark) = marked(&store).await;
    server.config_set("maxmemory-policy", "noeviction");
    server.config_set("maxmemory", "1");
    remove(&store, "a").await;
    store.soften(&[tag("b")], SOON).await.unwrap();
    server.config_set("maxmemory", "0");
    for invalidated in ["a", "b"] {
        assert_eq!(seed(&store, &[invalidated], &mark).await, None);
    }
    assert!(seed(&store, &["c"], &mark).await.is_some());
}
