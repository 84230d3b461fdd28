//! Long keys are shortened, and neither that nor a version mark can be forged.

use super::{CacheKey, KeyWriter, nasty, render};
use proptest::collection::vec;
use proptest::prelude::*;

const MARKS: [&str; 5] = ["", "~2", "~3", "~2.msgpack", "~msgpack"];

fn finished<T: CacheKey + ?Sized>(value: &T, mark: &str) -> String {
    let mut key = KeyWriter::new("shop", "f", None);
    key.text("user:");
    key.argument(value);
    key.finish(mark).whole().to_owned()
}

#[test]
fn a_kibibyte_is_kept_and_a_byte_more_is_not() {
    let longest = "x".repeat(1024 - "user:".len());
    assert_eq!(finished(&longest, "~2"), format!("shop:user:{longest}~2"));

    let longer = format!("{longest}y");
    let key = finished(&longer, "~2");
    let hash = blake3::hash(format!("user:{longer}").as_bytes()).to_hex();
    assert_eq!(key, format!("shop:user:{}~h{}~2", "x".repeat(1024 - 5 - 34), &hash[..32]));
    assert_eq!(key.len(), "shop:".len() + 1024 + "~2".len());
}

#[test]
fn the_cut_falls_between_characters_and_encodings() {
    for text in [":", "é", "日", "🦀", "\u{85}"] {
        for lead in 0..6 {
            let key = finished(&format!("{}{}", "x".repeat(lead), text.repeat(1000)), "");
            let (head, hash) = key.rsplit_once("~h").unwrap();
            assert_eq!(hash.len(), 32);
            assert!((1020 - 34..=1029 - 34).contains(&head.len()), "{}", head.len());
            if let Some(percent) = head.rfind('%') {
                assert!(percent + 3 <= head.len(), "{head}");
            }
        }
    }
}

#[test]
fn a_huge_argument_is_a_short_key() {
    let key = finished(&":".repeat(1 << 20), "~2");
    assert!(key.len() <= "shop:".len() + 1024 + "~2".len());
}

proptest! {
    #[test]
    fn long_values_differ_wherever_they_differ(
        lead in 900..1100_usize, a in nasty(), b in nasty(), tail in 0..200_usize,
    ) {
        let key = |middle: &str| {
            finished(&format!("{}{middle}{}", "x".repeat(lead), "z".repeat(tail)), "")
        };
        prop_assert_eq!(key(&a) == key(&b), a == b);
        prop_assert!(key(&a).len() <= "shop:".len() + 1024);
    }

    #[test]
    fn long_lists_differ_wherever_they_differ(
        a in vec(nasty(), 300..310), at in any::<prop::sample::Index>(), other in nasty(),
    ) {
        let mut b = a.clone();
        *at.get_mut(&mut b) = other;
        prop_assert_eq!(finished(&a, "") == finished(&b, ""), a == b);
    }

    #[test]
    fn marks_cannot_be_forged(
        a in proptest::option::of(proptest::option::of(nasty())),
        b in proptest::option::of(proptest::option::of(nasty())),
        forged in proptest::sample::select(&MARKS[..]),
        x in proptest::sample::select(&MARKS[..]),
        y in proptest::sample::select(&MARKS[..]),
    ) {
        prop_assert_eq!(finished(&a, x) == finished(&b, y), a == b && x == y);
        // Nor by the text of a mark, of one that was shortened, or by a `None` before one.
        let forger = a.clone().map(|a| a.map(|a| a + forged));
        prop_assert_eq!(finished(&forger, y) == finished(&b, x), forger == b && x == y);
    }

    #[test]
    fn the_hash_of_a_long_key_cannot_be_forged(text in "[a-z:%]{0,2000}", mark in proptest::sample::select(&MARKS[..])) {
        let key = finished(&text, mark);
        let rest = key.strip_prefix("shop:user:").unwrap();
        let whole = render(&text) + mark;
        prop_assert!(rest == whole || key.contains("~h"));
        // Passing off the shortened rendering as an argument gives another key.
        prop_assert_eq!(finished(rest, "") == key, rest == text && mark.is_empty());
        prop_assert_eq!(finished(&Some(rest), mark) == key, rest == text);
    }
}
