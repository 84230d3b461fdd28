//! How much memory a value takes, as far as it tells.

use crate::codec::told;
use crate::l1::Room;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

fn room<T: Serialize>(value: &T) -> Room {
    told::room(&|told| told::tell(value, told))
}

/// Between `least` and twice that and a bit, in blocks of memory beside the value itself.
#[track_caller]
fn takes<T: Serialize>(value: &T, least: usize) {
    let Room { elsewhere, .. } = room(value);
    assert!((least..=2 * least + 160).contains(&elsewhere), "{elsewhere} where it is {least}");
}

#[derive(Serialize)]
struct Inner {
    number: u64,
    flag: bool,
}

#[derive(Serialize)]
struct Outer {
    inner: Inner,
    other: Inner,
    name: String,
    none: Option<Box<Outer>>,
}

fn outer(none: Option<Box<Outer>>) -> Outer {
    let inner = || Inner { number: 7, flag: true };
    Outer { inner: inner(), other: inner(), name: "x".repeat(100), none }
}

#[test]
fn what_lies_in_a_value_is_counted_once() {
    let Room { itself, elsewhere } = room(&outer(None));
    assert_eq!((itself, elsewhere), (size_of::<Outer>(), 112));
    assert_eq!(room(&Some(7_u64)).elsewhere, 0);
    assert_eq!(room(&[7_u64; 32]).itself, 256);
    assert_eq!(room(&Box::new([7_u64; 32])).itself, 256);
}

#[test]
fn what_a_value_owns_elsewhere_is_counted() {
    takes(&vec![7_u8; 100], 100);
    takes(&vec![7_u64; 100], 800);
    takes(&vec![String::new(); 100], 100 * size_of::<String>());
    takes(&vec!["x".repeat(100); 10], 10 * (size_of::<String>() + 112));
    takes(&vec![Some(Box::new([7_u64; 32])); 10], 10 * (8 + 264));
    takes(&vec![vec![7_u64; 8]; 10], 10 * (size_of::<Vec<u64>>() + 72));
    takes(&(0..100).map(|n| (n, n)).collect::<HashMap<u64, u64>>(), 128 * 17);
    takes(&(0..100).map(|n| (n, n)).collect::<BTreeMap<u64, u64>>(), 100 * 16);
    takes(&vec![IpAddr::from([127, 0, 0, 1]); 100], 100 * size_of::<IpAddr>());
    takes(&vec![Some(7_u64); 100], 100 * size_of::<Option<u64>>());
    takes(&vec![(7_u64, true); 100], 100 * size_of::<(u64, bool)>());
    takes(&vec![(); 100], 0);
    takes(&(0..100).map(|n| (n, true)).collect::<HashMap<u64, bool>>(), 128 * 17);
    takes(&(0..100).map(|n| (n, n)).collect::<HashMap<u8, u8>>(), 128 * 3);
    takes(&outer(Some(Box::new(outer(None)))), 112 + size_of::<Outer>() + 112);
    takes(&String::new(), 0);
}

#[derive(Clone, Serialize)]
enum Either {
    Neither,
    One(u8),
    Many { name: String, numbers: Vec<u64> },
}

#[test]
fn what_is_listed_is_as_large_as_the_largest() {
    let many = || Either::Many { name: String::new(), numbers: Vec::new() };
    let mixed = || [Either::Neither, Either::One(7), many(), Either::Neither];
    takes(&vec![mixed(); 25], 25 * 4 * size_of::<Either>());
    takes(&vec![mixed(); 25].concat(), 25 * 4 * size_of::<Either>());
    takes(&[vec![None; 99], vec![Some(7_u64)]].concat(), 100 * size_of::<Option<u64>>());
    takes(&[vec![None; 99], vec![Some("x".repeat(8))]].concat(), 100 * size_of::<Option<String>>());
}
