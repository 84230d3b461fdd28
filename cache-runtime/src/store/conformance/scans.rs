//! Scans: what is found by a pattern.

use super::*;
use crate::key::glob;
use crate::store::Cursor;
use std::collections::BTreeSet;

conformance!(
    a_scan_finds_every_key_over_its_pages,
    a_scan_matches_as_globs_do,
    leases_are_found_by_their_pattern,
);

async fn scan(store: &impl Store, pattern: &str) -> (BTreeSet<String>, usize) {
    let (mut found, mut pages, mut from) = (BTreeSet::new(), 0, None::<Cursor>);
    loop {
        let (keys, next) = store.scan(pattern, from.as_ref(), SOON).await.unwrap();
        found.extend(keys);
        pages += 1;
        assert!(pages < 10_000, "a scan that does not end");
        match next {
            Some(_) => from = next,
            None => return (found, pages),
        }
    }
}

async fn a_scan_finds_every_key_over_its_pages(store: &impl Store) {
    let expected: BTreeSet<String> = (0..2_000).map(|n| format!("p:user:{n}")).collect();
    for key in &expected {
        store.set(key, b"v", MINUTE, SOON).await.unwrap();
    }
    store.set("p:other", b"v", MINUTE, SOON).await.unwrap();
    let (found, pages) = scan(store, "p:user:*").await;
    assert_eq!(found, expected);
    assert!(pages > 1, "one page of 2,000 keys is no page");
}

/// The names and patterns in which implementations of globs differ.
async fn a_scan_matches_as_globs_do(store: &impl Store) {
    let names = [
        "a", "b", "ab", "abc", "a*b", "a?b", "[a]", "a]b", "a\\b", "a-b", "-", "^", "*", "]", "[",
        "ü", "aaa", "a\nb", "A", "[^a]", "a[", "\\",
    ];
    for name in names {
        store.set(&format!("p:{name}"), b"v", MINUTE, SOON).await.unwrap();
    }
    let patterns = [
        "*", "a*", "*b", "a?b", "?", "??", "[ab]", "[^ab]", "[a-c]", "[c-a]", "a\\*b", "a\\?b",
        "\\[a\\]", "[\\]]", "[]]", "[]", "[^]", "[", "[^", "[a", "a[", "a[b", "[a-", "[-a]",
        "[a-]", "[\\", "\\", "\\\\", "a\\", "**", "*?*", "a*b*c", "*a*a*", "[^a-b]*", "[*]", "[?]",
        "ü", "??", "", "[[]", "[a]]", "a]b", "[^^]", "[b^]",
    ];
    for pattern in patterns {
        let pattern = format!("p:{pattern}");
        let expected: BTreeSet<String> = names
            .iter()
            .map(|name| format!("p:{name}"))
            .filter(|key| glob::matches(pattern.as_bytes(), key.as_bytes()))
            .collect();
        assert_eq!(scan(store, &pattern).await.0, expected, "{pattern}");
    }
}

async fn leases_are_found_by_their_pattern(store: &impl Store) {
    let keys = ["p:k", "p:{tag}:k", "p:a{b", "p:a}b", "p:a{}b"];
    for key in keys {
        acquire(store, key, &Token::random().unwrap()).await;
    }
    let (found, _) = scan(store, "p:~lease:*").await;
    assert_eq!(found, BTreeSet::from(keys.map(|whole| key(whole).lease())));
}
