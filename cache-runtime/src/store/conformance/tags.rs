//! Tags: what is read and asked for together with their tokens.

use super::*;
use crate::key::tags::Tags;
use crate::store::Tagging;
use crate::store::tag::{FILL_AT, FillId, TagToken};

conformance!(
    a_tag_gets_a_token_with_the_lease_and_keeps_it,
    a_removed_tag_gets_another_token,
    a_value_is_found_unless_it_was_seen,
    what_was_seen_does_not_take_the_lease_of_who_replaces_it,
    force_reads_the_tags_too,
    tags_are_read_beside_a_value_or_alone,
    what_is_no_token_is_replaced,
    a_tag_lasts_longer_than_what_has_it,
    a_softened_tag_is_of_the_same_time_and_another,
    a_tagged_lease_that_was_left_behind_is_taken_over,
);

fn tag(name: &str) -> Key {
    key(&format!("p:~tag:{name}"))
}

fn token() -> TagToken {
    TagToken::random().unwrap()
}

/// Asks for the lease of `p:k`, whose tags are `a` and `b`, with new seeds.
async fn claim(
    store: &impl Store,
    how: Ask,
    token: &Token,
    over: &[LeftBehind],
    seen: Option<FillId>,
) -> Acquired {
    let (tags, seeds) = ([tag("a"), tag("b")], [self::token(), self::token()]);
    let tagging = Tagging { seen, tags: &tags, seeds: &seeds, fill: MINUTE, marks: false };
    let claim = Claim { over, tagged: Some(tagging), ..super::claim(how, token) };
    store.acquire(&key("p:k"), &claim, SOON).await.unwrap()
}

/// The tokens that came with a lease.
fn given(acquired: Acquired) -> Vec<TagToken> {
    let Acquired::Ours { tokens, mark: None } = acquired else { panic!("{acquired:?}") };
    assert_eq!(tokens.len(), 2);
    tokens
}

/// A value as one with tags begins, of that fill.
fn value(fill: FillId) -> Vec<u8> {
    let mut value = vec![0; FILL_AT.end];
    value[FILL_AT].copy_from_slice(&fill.0);
    value
}

async fn tokens_of(store: &impl Store, names: &[&str]) -> Vec<Option<TagToken>> {
    let tags: Vec<_> = names.iter().map(|name| tag(name)).collect();
    store.tokens(&tags, SOON).await.unwrap().into()
}

async fn a_tag_gets_a_token_with_the_lease_and_keeps_it(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(tokens_of(store, &["a", "b"]).await, [None, None]);
    let first = given(claim(store, Ask::IfAbsent, &one, &[], None).await);
    assert_ne!(first[0], first[1]);
    assert_eq!(claim(store, Ask::IfAbsent, &other, &[], None).await, THEIRS);
    assert!(store.settle(&key("p:k"), &one, Act::Release, SOON).await.unwrap());
    assert_eq!(given(claim(store, Ask::IfAbsent, &other, &[], None).await), first);
    assert_eq!(tokens_of(store, &["b", "none", "a"]).await, [Some(first[1]), None, Some(first[0])]);
}

async fn a_removed_tag_gets_another_token(store: &impl Store) {
    let (one, other) = tokens();
    let first = given(claim(store, Ask::IfAbsent, &one, &[], None).await);
    assert_eq!(store.remove(&[tag("a"), tag("none")], SOON).await, Ok(1));
    assert_eq!(tokens_of(store, &["a", "b"]).await, [None, Some(first[1])]);
    assert!(store.settle(&key("p:k"), &one, Act::Fill(b"v", MINUTE), SOON).await.unwrap());
    store.remove(&[key("p:k")], SOON).await.unwrap();
    let second = given(claim(store, Ask::IfAbsent, &other, &[], None).await);
    assert!(second[0] != first[0] && second[1] == first[1]);
}

async fn a_value_is_found_unless_it_was_seen(store: &impl Store) {
    let (one, fill) = (Token::random().unwrap(), FillId::random().unwrap());
    store.set("p:k", &value(fill), MINUTE, SOON).await.unwrap();
    for seen in [None, FillId::random()] {
        for ask in [Ask::IfAbsent, Ask::Above(MINUTE * 2)] {
            let Acquired::Found(found) = claim(store, ask, &one, &[], seen).await else {
                panic!("there is a value that nobody has seen")
            };
            assert_eq!(*found.bytes, *value(fill));
            assert!(found.left.is_some_and(|left| left <= MINUTE && left > MINUTE - SOON));
            // Where they are on other nodes, asking for the lease may have given them some.
            assert_eq!(*found.tokens, *tokens_of(store, &["a", "b"]).await);
        }
    }
    given(claim(store, Ask::IfAbsent, &one, &[], Some(fill)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(value(fill))), "it is there all the same");
}

async fn what_was_seen_does_not_take_the_lease_of_who_replaces_it(store: &impl Store) {
    let (one, other) = tokens();
    let (old, new) = (FillId::random().unwrap(), FillId::random().unwrap());
    store.set("p:k", &value(old), MINUTE, SOON).await.unwrap();
    let given = given(claim(store, Ask::IfAbsent, &one, &[], Some(old)).await);
    assert_eq!(claim(store, Ask::IfAbsent, &other, &[], Some(old)).await, THEIRS);
    assert!(store.settle(&key("p:k"), &one, Act::Fill(&value(new), MINUTE), SOON).await.unwrap());
    let Acquired::Found(found) = claim(store, Ask::IfAbsent, &other, &[], Some(old)).await else {
        panic!("another one is there now")
    };
    assert_eq!(*found.tokens, [Some(given[0]), Some(given[1])]);
}

async fn force_reads_the_tags_too(store: &impl Store) {
    let (one, other) = tokens();
    store.set("p:k", b"old", MINUTE, SOON).await.unwrap();
    let first = given(claim(store, Ask::Force, &one, &[], None).await);
    assert_eq!(given(claim(store, Ask::Force, &other, &[], None).await), first);
    assert!(!store.settle(&key("p:k"), &one, Act::Release, SOON).await.unwrap());
    assert!(store.settle(&key("p:k"), &other, Act::Release, SOON).await.unwrap());
}

async fn tags_are_read_beside_a_value_or_alone(store: &impl Store) {
    let tags = Tags::from(vec![tag("b"), tag("none"), tag("a")]);
    let read = async |life| {
        let want = Want { life, tags: &tags, ..Want::PLAIN };
        store.read_with("p:k", want, SOON).await.unwrap().found
    };
    assert_eq!((read(false).await, read(true).await), (None, None));
    let given = given(claim(store, Ask::Force, &Token::random().unwrap(), &[], None).await);
    let expected = [Some(given[1]), None, Some(given[0])];
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    for life in [false, true] {
        let found = read(life).await.unwrap();
        assert!(*found.bytes == *b"v" && *found.tokens == expected);
        assert_eq!(found.left.is_some(), life);
    }
    assert_eq!(store.tokens(&tags, SOON).await.unwrap(), expected.into());
}

async fn what_is_no_token_is_replaced(store: &impl Store) {
    store.set("p:~tag:a", b"odd", MINUTE, SOON).await.unwrap();
    assert_eq!(tokens_of(store, &["a"]).await, [None]);
    let given = given(claim(store, Ask::IfAbsent, &Token::random().unwrap(), &[], None).await);
    assert_eq!(tokens_of(store, &["a"]).await, [Some(given[0])]);
}

async fn a_tag_lasts_longer_than_what_has_it(store: &impl Store) {
    let left = async || match store.life(&tag("a"), SOON).await.unwrap() {
        Life::Remaining(left) => left,
        life => panic!("{life:?}"),
    };
    given(claim(store, Ask::Force, &Token::random().unwrap(), &[], None).await);
    let first = left().await;
    assert!(first > MINUTE * 50 && first <= MINUTE * 60);
    let (tags, seeds) = ([tag("a")], [token()]);
    let one = Token::random().unwrap();
    let (seen, fill) = (None, MINUTE * 90);
    let tagging = Tagging { seen, tags: &tags, seeds: &seeds, fill, marks: false };
    let claim = Claim { tagged: Some(tagging), ..super::claim(Ask::IfAbsent, &one) };
    let acquired = store.acquire(&key("p:other"), &claim, SOON).await;
    let seeded = Acquired::Ours { tokens: seeds.to_vec(), mark: None };
    assert_ne!(acquired, Ok(seeded), "it keeps its token");
    assert!(left().await > MINUTE * 300);
}

async fn a_softened_tag_is_of_the_same_time_and_another(store: &impl Store) {
    assert_eq!(store.soften(&[tag("a"), tag("b")], SOON).await, Ok(0));
    assert_eq!(tokens_of(store, &["a"]).await, [None], "none is made");
    let first = given(claim(store, Ask::Force, &Token::random().unwrap(), &[], None).await);
    let life = async || store.life(&tag("a"), SOON).await.unwrap();
    let Life::Remaining(before) = life().await else { panic!("a tag has a life") };
    assert_eq!(store.soften(&[tag("a"), tag("none")], SOON).await, Ok(1));
    let now = tokens_of(store, &["a", "b"]).await;
    assert!(now[0] != Some(first[0]) && now[0].is_some_and(|now| now.is_same(&first[0])));
    assert_eq!(now[1], Some(first[1]));
    assert!(
        matches!(life().await, Life::Remaining(left) if left <= before && left > before - SOON)
    );
}

async fn a_tagged_lease_that_was_left_behind_is_taken_over(store: &impl Store) {
    let (one, other) = tokens();
    given(claim(store, Ask::IfAbsent, &one, &[], None).await);
    assert_eq!(claim(store, Ask::IfAbsent, &other, &[left(other)], None).await, THEIRS);
    given(claim(store, Ask::IfAbsent, &other, &[left(one)], None).await);
    assert!(!store.settle(&key("p:k"), &one, Act::Release, SOON).await.unwrap());
}

/// A list in a tag's place is none of ours, and gives way.
#[tokio::test]
async fn a_tag_of_another_type_is_replaced() {
    let server = RedisServer::start();
    let store = redis(&server);
    server.command::<u64>(&["LPUSH", "p:~tag:a", "x"]);
    assert_eq!(tokens_of(&store, &["a"]).await, [None]);
    let given = given(claim(&store, Ask::IfAbsent, &Token::random().unwrap(), &[], None).await);
    assert_eq!(tokens_of(&store, &["a"]).await, [Some(given[0])]);
}
