//! Leases: who gets one, and what becomes of it.

use super::*;
use crate::store::{ENDED, LONGEST};

conformance!(
    a_lease_is_given_once_and_the_fill_ends_it,
    a_value_is_found_instead_of_a_lease,
    an_invalidation_voids_the_fill,
    a_lease_of_another_is_not_released,
    a_lease_that_was_left_behind_is_taken_over,
    what_lasts_longer_than_any_lease_is_none,
    a_voided_lease_is_not_brought_back,
    a_lease_runs_out_and_is_made_to_last,
    force_takes_the_lease_over,
    a_value_counts_only_with_enough_left,
    a_discard_takes_value_and_lease,
    what_ends_without_a_value_is_told_to_who_is_refused,
    who_takes_over_what_has_ended_leaves_its_mark,
);

async fn ask(store: &impl Store, ask: Ask, token: &Token) -> Acquired {
    store.acquire(&key("p:k"), &claim(ask, token), SOON).await.unwrap()
}

async fn settle(store: &impl Store, whole: &str, token: &Token, act: Act<'_>) -> bool {
    store.settle(&key(whole), token, act, SOON).await.unwrap()
}

async fn renew(store: &impl Store, leases: &[(&str, Token)]) {
    let leases: Vec<_> = leases.iter().map(|(whole, token)| (key(whole), *token)).collect();
    assert_eq!(store.renew(&leases, MINUTE, SOON).await, Ok(()));
}

async fn a_lease_is_given_once_and_the_fill_ends_it(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, OURS);
    assert_eq!(acquire(store, "p:k", &other).await, THEIRS);
    assert!(!settle(store, "p:k", &other, Act::Fill(b"theirs", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert!(settle(store, "p:k", &one, Act::Fill(b"ours", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"ours".to_vec())));
    assert_eq!(lease_of(store, "p:k").await, None);
    assert!(!settle(store, "p:k", &one, Act::Fill(b"again", MINUTE)).await);
}

async fn a_value_is_found_instead_of_a_lease(store: &impl Store) {
    store.set("p:k", b"v", MINUTE, SOON).await.unwrap();
    assert_eq!(
        acquire(store, "p:k", &Token::random().unwrap()).await,
        Acquired::Found(plain(b"v"))
    );
    assert_eq!(lease_of(store, "p:k").await, None);
}

async fn an_invalidation_voids_the_fill(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, OURS);
    assert_eq!(store.remove(&[key("p:k")], SOON).await, Ok(0), "a lease is not a value");
    assert_eq!(acquire(store, "p:k", &other).await, OURS);
    assert!(!settle(store, "p:k", &one, Act::Fill(b"old", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert!(settle(store, "p:k", &other, Act::Fill(b"new", MINUTE)).await);
}

async fn a_lease_of_another_is_not_released(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, OURS);
    assert!(!settle(store, "p:k", &other, Act::Release).await);
    assert!(settle(store, "p:k", &one, Act::Release).await);
    assert_eq!(acquire(store, "p:k", &other).await, OURS);
}

async fn a_lease_that_was_left_behind_is_taken_over(store: &impl Store) {
    let (one, other) = tokens();
    let (key, next) = (key("p:k"), Token::random().unwrap());
    for ask in [Ask::IfAbsent, Ask::Above(SOON)] {
        assert_eq!(acquire(store, "p:k", &one).await, OURS);
        let over = async |over: &[LeftBehind]| {
            let claim = Claim { over, ..claim(ask, &next) };
            store.acquire(&key, &claim, SOON).await.unwrap()
        };
        assert_eq!(over(&[]).await, THEIRS);
        assert_eq!(over(&[left(other)]).await, THEIRS, "somebody else has it");
        assert_eq!(over(&[left(other), left(one)]).await, OURS);
        assert!(!settle(store, "p:k", &one, Act::Fill(b"late", MINUTE)).await);
        assert!(settle(store, "p:k", &next, Act::Release).await);
    }
}

async fn what_lasts_longer_than_any_lease_is_none(store: &impl Store) {
    let (one, other) = tokens();
    for ask in [Ask::IfAbsent, Ask::Above(SOON)] {
        let endless = LONGEST + Duration::from_secs(1);
        let key = key("p:k");
        let endless = Claim { life: endless, ..claim(Ask::Force, &one) };
        assert_eq!(store.acquire(&key, &endless, SOON).await, Ok(OURS));
        assert_eq!(store.acquire(&key, &claim(ask, &other), SOON).await, Ok(OURS));
        assert_eq!(store.acquire(&key, &claim(ask, &one), SOON).await, Ok(THEIRS));
        assert!(settle(store, "p:k", &other, Act::Release).await);
    }
}

async fn a_voided_lease_is_not_brought_back(store: &impl Store) {
    let (one, other) = tokens();
    assert_eq!(acquire(store, "p:k", &one).await, OURS);
    store.remove(&[key("p:k")], SOON).await.unwrap();
    renew(store, &[("p:k", one)]).await;
    assert_eq!(acquire(store, "p:k", &other).await, OURS);
}

async fn a_lease_runs_out_and_is_made_to_last(store: &impl Store) {
    let short = Duration::from_millis(500);
    let (one, other) = tokens();
    for whole in ["p:ends", "p:lasts"] {
        let claim = Claim { life: short, ..claim(Ask::IfAbsent, &one) };
        assert_eq!(store.acquire(&key(whole), &claim, SOON).await, Ok(OURS));
    }
    // One message for all that are held, and that of another is left alone.
    renew(store, &[("p:lasts", one), ("p:ends", other), ("p:none", one)]).await;
    renew(store, &[]).await;
    cache_test_servers::eventually(SOON, async || acquire(store, "p:ends", &other).await == OURS)
        .await;
    assert_eq!(acquire(store, "p:lasts", &other).await, THEIRS);
    assert_eq!(lease_of(store, "p:none").await, None);
    assert!(!settle(store, "p:ends", &one, Act::Fill(b"late", MINUTE)).await);
}

async fn force_takes_the_lease_over(store: &impl Store) {
    let (one, other) = tokens();
    store.set("p:k", b"old", MINUTE, SOON).await.unwrap();
    assert_eq!(ask(store, Ask::Force, &one).await, OURS);
    assert_eq!(ask(store, Ask::Force, &other).await, OURS);
    assert!(!settle(store, "p:k", &one, Act::Fill(b"one", MINUTE)).await);
    assert!(settle(store, "p:k", &other, Act::Fill(b"other", MINUTE)).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"other".to_vec())));
}

async fn a_value_counts_only_with_enough_left(store: &impl Store) {
    let (one, other) = tokens();
    let above = async |token, above| ask(store, Ask::Above(above), token).await;
    store.set("p:k", b"old", MINUTE, SOON).await.unwrap();
    let Acquired::Found(found) = above(&one, MINUTE / 2).await else { panic!("it has enough") };
    let left = found.left.unwrap();
    assert!(*found.bytes == *b"old" && left <= MINUTE && left > MINUTE / 2);
    assert_eq!(lease_of(store, "p:k").await, None);
    assert_eq!(above(&one, MINUTE).await, OURS);
    assert_eq!(above(&other, MINUTE).await, THEIRS);
    assert!(matches!(above(&other, Duration::ZERO).await, Acquired::Found(_)));
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"old".to_vec())), "it stays servable");
    assert!(settle(store, "p:k", &one, Act::Fill(b"new", MINUTE)).await);
    store.remove(&[key("p:k")], SOON).await.unwrap();
    assert_eq!(above(&other, Duration::ZERO).await, OURS, "no value has nothing left");
}

async fn a_discard_takes_value_and_lease(store: &impl Store) {
    let (one, other) = tokens();
    store.set("p:k", b"old", MINUTE, SOON).await.unwrap();
    assert_eq!(ask(store, Ask::Above(MINUTE), &one).await, OURS);
    assert!(!settle(store, "p:k", &other, Act::Discard).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(Some(b"old".to_vec())));
    assert!(settle(store, "p:k", &one, Act::Discard).await);
    assert_eq!(store.get("p:k", SOON).await, Ok(None));
    assert_eq!(acquire(store, "p:k", &other).await, OURS);
}

async fn what_ends_without_a_value_is_told_to_who_is_refused(store: &impl Store) {
    for ask in [Ask::IfAbsent, Ask::Above(SOON)] {
        let whole = key("p:k");
        let refused = async |lease: &Token| {
            let answer = store.acquire(&whole, &claim(ask, lease), SOON).await.unwrap();
            let Acquired::Theirs(ended) = answer else { panic!("{answer:?}") };
            ended
        };
        let (one, other) = tokens();
        let short = Act::Fill(b"v", Duration::from_micros(1));
        // What is given back or filled leaves none, nor does what is no holder's.
        for quiet in [Act::Release, Act::Fill(b"v", MINUTE)] {
            assert_eq!(store.acquire(&whole, &claim(ask, &one), SOON).await, Ok(OURS));
            assert!(!settle(store, "p:k", &other, Act::End).await);
            assert!(settle(store, "p:k", &one, quiet).await);
            store.remove(&[key("p:k")], SOON).await.unwrap();
            assert_eq!(store.acquire(&whole, &claim(ask, &other), SOON).await, Ok(OURS));
            assert_eq!(refused(&one).await, None, "{quiet:?}");
            assert!(settle(store, "p:k", &other, Act::Release).await);
        }
        for act in [Act::End, Act::Discard, short] {
            let (one, other) = tokens();
            assert_eq!(store.acquire(&whole, &claim(ask, &one), SOON).await, Ok(OURS));
            assert!(settle(store, "p:k", &one, act).await);
            assert_eq!(store.acquire(&whole, &claim(ask, &other), SOON).await, Ok(OURS));
            assert_eq!(refused(&one).await, Some(one), "{act:?}");
            assert!(settle(store, "p:k", &other, Act::Release).await);
            let life = store.life(&key(&whole.ended()), SOON).await.unwrap();
            assert!(matches!(life, Life::Remaining(left) if left <= ENDED), "{life:?}");
        }
        store.remove(&[key(&whole.ended())], SOON).await.unwrap();
    }
}

async fn who_takes_over_what_has_ended_leaves_its_mark(store: &impl Store) {
    let whole = key("p:k");
    for ended in [true, false] {
        let (one, other) = tokens();
        assert_eq!(acquire(store, "p:k", &one).await, OURS);
        let over = &[LeftBehind { token: one, ended }];
        let claim = Claim { over, ..claim(Ask::IfAbsent, &other) };
        assert_eq!(store.acquire(&whole, &claim, SOON).await, Ok(OURS));
        let refused = acquire(store, "p:k", &Token::random().unwrap()).await;
        assert_eq!(refused, Acquired::Theirs(ended.then_some(one)));
        assert!(!settle(store, "p:k", &one, Act::End).await, "it is another's by now");
        assert!(settle(store, "p:k", &other, Act::Release).await);
        store.remove(&[key(&whole.ended())], SOON).await.unwrap();
    }
}
