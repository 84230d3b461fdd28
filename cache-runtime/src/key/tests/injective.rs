//! Different values never render equally, and never leave their place in a template.

use super::{CacheKey, KeyWriter, NASTY, key, nasty, render};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

/// What templates and Redis' patterns are made of; no rendering holds any of it.
const SEPARATORS: [char; 8] = [':', '/', '|', '{', '}', '*', '?', '\\'];
/// What compound renderings and `None` are made of; no leaf holds any of it.
const BRACKETS: [char; 7] = ['~', '(', ')', '[', ']', ',', '='];

/// Renders every value and asserts that no two read the same.
#[track_caller]
fn all_differ<T: CacheKey + Debug>(values: Vec<T>) {
    let count = values.len();
    let mut seen = HashMap::new();
    for value in &values {
        if let Some(other) = seen.insert(render(value), value) {
            panic!("{other:?} and {value:?} both read {:?}", render(value));
        }
    }
    assert_eq!(seen.len(), count);
}

/// All lists of at most `most` of `items`.
fn lists<T: Clone>(items: &[T], most: usize) -> Vec<Vec<T>> {
    let mut all = vec![vec![]];
    let mut last = all.clone();
    for _ in 0..most {
        last = last
            .iter()
            .flat_map(|list| {
                items.iter().map(|item| {
                    let mut longer: Vec<T> = list.clone();
                    longer.push(item.clone());
                    longer
                })
            })
            .collect();
        all.extend(last.iter().cloned());
    }
    all
}

fn strings(alphabet: &[char], most: usize) -> Vec<String> {
    lists(alphabet, most).into_iter().map(|chars| chars.into_iter().collect()).collect()
}

#[test]
fn every_short_string() {
    all_differ(strings(NASTY, 3));
}

#[test]
fn every_short_list_of_strings() {
    let words = strings(&[',', '%', '[', 'a'], 2);
    all_differ(lists(&words, 2));
    all_differ(lists(&lists(&["", ",", "]", "a"], 2), 2));
    all_differ(lists(&[None, Some(""), Some("~"), Some(","), Some("%")], 3));
}

#[test]
fn every_small_map() {
    let entries = lists(&["", "=", ",", "a"], 2)
        .into_iter()
        .filter(|pair| pair.len() == 2)
        .map(|pair| (pair[0], pair[1]))
        .collect::<Vec<_>>();
    let mut maps: Vec<BTreeMap<_, _>> =
        lists(&entries, 3).into_iter().map(BTreeMap::from_iter).collect();
    maps.sort();
    maps.dedup();
    all_differ(maps);
}

#[test]
fn every_nested_option() {
    let leaves = ["", "~", "~~", "a"].map(String::from);
    let mut values: Vec<Option<Option<Option<String>>>> = vec![None, Some(None), Some(Some(None))];
    values.extend(leaves.into_iter().map(|leaf| Some(Some(Some(leaf)))));
    all_differ(values.clone());
    all_differ(lists(&values, 3));
    all_differ(vec![None, Some(vec![]), Some(vec![None]), Some(vec![Some(vec![""; 0])])]);
}

/// What a rendered string stood for, read back by the rule in the documentation.
fn decode(rendering: &str) -> String {
    let mut bytes = vec![];
    let mut rest = rendering.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            assert!(!digits.iter().any(u8::is_ascii_lowercase), "{rendering}");
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

type Nested = (Option<Option<String>>, Vec<Option<String>>, (String, Vec<Vec<String>>));

fn nested() -> impl Strategy<Value = Nested> {
    (
        option::of(option::of(nasty())),
        vec(option::of(nasty()), 0..3),
        (nasty(), vec(vec(nasty(), 0..3), 0..3)),
    )
}

/// A value and one that is equal to it or a small step away.
fn neighbours() -> impl Strategy<Value = (Nested, Nested)> {
    (nested(), nested(), any::<[bool; 4]>()).prop_map(|(a, b, same)| {
        let mut c = a.clone();
        let pick = |at: usize| !same[at] && same.iter().filter(|same| !**same).count() < 3;
        if pick(0) {
            c.0 = b.0;
        }
        if pick(1) {
            c.1 = b.1;
        }
        if pick(2) {
            c.2.0 = b.2.0;
        }
        if pick(3) {
            c.2.1 = b.2.1;
        }
        (a, c)
    })
}

#[cfg(feature = "chrono")]
#[test]
fn leap_seconds_of_chrono() {
    use chrono::{FixedOffset, NaiveDate, NaiveTime, TimeZone, Timelike};
    let at = |second| NaiveTime::from_hms_opt(12, 34, second).unwrap();
    // chrono takes them behind any second, and has them there where an offset has seconds.
    let times: Vec<_> = (55..60)
        .flat_map(|second| {
            [0, 500_000_000, 1_000_000_000, 1_500_000_000]
                .map(|nanos| at(second).with_nanosecond(nanos).unwrap())
        })
        .collect();
    all_differ(times.clone());
    let day = NaiveDate::from_ymd_opt(2026, 1, 31).unwrap();
    let odd = FixedOffset::east_opt(30).unwrap();
    for offset in [FixedOffset::east_opt(0).unwrap(), odd] {
        let zoned =
            times.iter().map(|time| offset.from_local_datetime(&day.and_time(*time)).unwrap());
        all_differ(zoned.collect());
    }
    assert_eq!(render(&at(59).with_nanosecond(1_500_000_000).unwrap()), "123460.500");
    assert_eq!(render(&at(56).with_nanosecond(1_500_000_000).unwrap()), "123457.500leap");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn strings_can_be_read_back(text in nasty()) {
        prop_assert_eq!(decode(&render(&text)), text);
    }

    #[test]
    fn a_leaf_never_holds_what_templates_and_patterns_are_made_of(text in nasty()) {
        let rendering = render(&text);
        prop_assert!(!rendering.contains(SEPARATORS) && !rendering.contains(BRACKETS), "{}", rendering);
        prop_assert!(!rendering.contains(char::is_control));
    }

    #[test]
    fn no_rendering_holds_a_separator_or_a_glob(value in nested()) {
        prop_assert!(!render(&value).contains(SEPARATORS));
    }

    #[test]
    fn arguments_stay_between_their_separators(
        a in [nasty(), nasty()], b in [nasty(), nasty()], separator in prop_oneof![Just(":"), Just("/"), Just("|")],
    ) {
        let key = |[x, y]: &[String; 2]| key(|key| {
            key.text("a:");
            key.argument(x);
            key.text(separator);
            key.argument(y);
        });
        prop_assert_eq!(key(&a) == key(&b), a == b);
    }

    #[test]
    fn a_character_may_move_but_not_unnoticed(text in nasty(), at in any::<prop::sample::Index>()) {
        // The same characters, cut in two elsewhere: `("x:y", "z")` and `("x", "y:z")`.
        let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let whole = render(&(&text, ""));
        let (x, y) = text.split_at(*at.get(&cuts));
        prop_assert_eq!(render(&(x, y)) == whole, y.is_empty());
    }

    #[test]
    fn nested_values((a, b) in neighbours()) {
        prop_assert_eq!(render(&a) == render(&b), a == b);
    }

    #[test]
    fn maps(a in btree_map(nasty(), nasty(), 0..3), b in btree_map(nasty(), nasty(), 0..3)) {
        prop_assert_eq!(render(&a) == render(&b), a == b);
    }

    #[test]
    fn floats(a in any::<f64>(), b in any::<f64>(), step in 0..3_u64) {
        prop_assert_eq!(render(&a) == render(&b), a.to_bits() == b.to_bits());
        let next = f64::from_bits(a.to_bits().wrapping_add(step));
        prop_assume!(!next.is_nan());
        prop_assert_eq!(render(&a) == render(&next), step == 0);
    }

    #[cfg(feature = "rust_decimal")]
    #[test]
    fn decimals(parts in any::<[(u32, bool, u32); 2]>(), same in any::<[bool; 3]>()) {
        use rust_decimal::Decimal;
        let [(low, negative, scale), other] = parts;
        let decimal = |low, negative, scale| {
            let mut decimal = Decimal::from_parts(low, 0, 0, false, scale % 29);
            decimal.set_sign_negative(negative); // of a zero too
            decimal
        };
        let a = decimal(low % 3, negative, scale);
        let b = decimal(
            if same[0] { low % 3 } else { other.0 },
            if same[1] { negative } else { other.1 },
            if same[2] { scale } else { other.2 },
        );
        // `==` says that `1.0` is `1.00`.
        prop_assert_eq!(render(&a) == render(&b), a.serialize() == b.serialize());
    }

    #[test]
    fn hashed_values((a, b) in neighbours(), secret in option::of(any::<[u8; 32]>())) {
        let key = |value: &Nested| {
            let mut key = KeyWriter::new("p", "f", secret.as_ref());
            key.hash(value);
            key.finish("").whole().to_owned()
        };
        prop_assert_eq!(key(&a) == key(&b), a == b);
        prop_assert_eq!(key(&a).len(), 2 + 32);
    }
}
