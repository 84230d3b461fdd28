//! Values are refused or come back equal.

use super::{Codec, each_codec, encoded, returned};
use crate::codec::json::Json;
#[cfg(feature = "msgpack")]
use crate::codec::msgpack::MessagePack;
#[cfg(feature = "postcard")]
use crate::codec::postcard::Postcard;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Newtype(Option<u8>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Name {
    Ada,
    Grace,
}

/// Every shape that serde knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Tree {
    Nothing,
    Bool(bool),
    Float(f64, f32),
    Small(i8, u16),
    Big(i64, u64),
    Huge { signed: i128, unsigned: u128 },
    Text(String, char),
    Bytes(Vec<u8>),
    Units((), Unit, Option<Unit>, [(); 2]),
    Maybe(Option<Option<u8>>, Option<Newtype>, Option<()>),
    Time(Duration, std::net::IpAddr),
    Keys(BTreeMap<i32, u8>, BTreeMap<bool, u8>, BTreeMap<Name, char>, BTreeMap<char, ()>),
    OddKeys(BTreeMap<Option<u8>, u8>, BTreeMap<(u8, u8), u8>),
    List(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
    Boxed(Option<Box<Tree>>),
    Result(Result<u8, String>),
}

fn float() -> impl Strategy<Value = f64> {
    // The bits, so that NaNs, infinities and subnormals are there too.
    prop_oneof![any::<u64>().prop_map(f64::from_bits), any::<f64>(), Just(-0.0), Just(1e300)]
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Nothing),
        any::<bool>().prop_map(Tree::Bool),
        (float(), any::<u32>()).prop_map(|(a, b)| Tree::Float(a, f32::from_bits(b))),
        any::<(i8, u16)>().prop_map(|(a, b)| Tree::Small(a, b)),
        any::<(i64, u64)>().prop_map(|(a, b)| Tree::Big(a, b)),
        any::<(i128, u128)>().prop_map(|(signed, unsigned)| Tree::Huge { signed, unsigned }),
        any::<(String, char)>().prop_map(|(a, b)| Tree::Text(a, b)),
        any::<Vec<u8>>().prop_map(Tree::Bytes),
        any::<bool>().prop_map(|some| Tree::Units((), Unit, some.then_some(Unit), [(); 2])),
        any::<(Option<Option<u8>>, Option<Option<u8>>, Option<()>)>()
            .prop_map(|(a, b, c)| Tree::Maybe(a, b.map(Newtype), c)),
        any::<(Duration, std::net::IpAddr)>().prop_map(|(a, b)| Tree::Time(a, b)),
        any::<(BTreeMap<i32, u8>, BTreeMap<bool, u8>, BTreeMap<bool, char>, BTreeMap<char, ()>)>()
            .prop_map(|(a, b, c, d)| {
                let name = |ada| if ada { Name::Ada } else { Name::Grace };
                Tree::Keys(a, b, c.into_iter().map(|(ada, x)| (name(ada), x)).collect(), d)
            }),
        any::<(BTreeMap<Option<u8>, u8>, BTreeMap<(u8, u8), u8>)>()
            .prop_map(|(a, b)| Tree::OddKeys(a, b)),
        any::<Result<u8, String>>().prop_map(Tree::Result),
    ];
    leaf.prop_recursive(4, 24, 4, |tree| {
        prop_oneof![
            vec(tree.clone(), 0..4).prop_map(Tree::List),
            btree_map(any::<String>(), tree.clone(), 0..4).prop_map(Tree::Map),
            proptest::option::of(tree).prop_map(|tree| Tree::Boxed(tree.map(Box::new))),
        ]
    })
}

/// Equality of what floats are, not of what they compare as.
fn same<T: std::fmt::Debug + PartialEq>(a: &T, b: &T) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

fn refused_or_equal<C: Codec>(tree: &Tree) {
    if let Some(back) = returned::<C, Tree>(tree) {
        assert!(same(tree, &back), "{tree:?} came back as {back:?}");
    }
}

fn comes_back<C: Codec>(value: f64, single: f32, huge: (i128, u128)) {
    let (a, b, c) = returned::<C, _>(&(value, single, huge)).expect("not refused");
    assert_eq!((a.to_bits(), b.to_bits(), c), (value.to_bits(), single.to_bits(), huge));
    let keys = BTreeMap::from([(huge.1, huge.0)]);
    assert_eq!(returned::<C, _>(&keys), Some(keys));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_value(tree in tree()) {
        each_codec!(refused_or_equal(&tree));
    }

    #[test]
    fn numbers(value in any::<f64>(), single in any::<f32>(), huge in any::<(i128, u128)>()) {
        each_codec!(comes_back(value, single, huge));
    }

    #[test]
    fn values_append_to_what_is_there(tree in tree(), before in any::<Vec<u8>>()) {
        let mut bytes = before.clone();
        if Json::encode(&tree, &mut bytes).is_ok() {
            prop_assert_eq!(bytes, [before, encoded::<Json, _>(&tree).unwrap()].concat());
        }
    }
}

fn extremes_come_back<C: Codec>() {
    for value in [f64::MIN_POSITIVE, 5e-324, f64::MAX, -0.0, 0.1 + 0.2] {
        comes_back::<C>(value, f32::MIN_POSITIVE / 2.0, (i128::MIN, u128::MAX));
    }
    let text = "\0\u{1f}\"\\é🦀\u{2028}".to_owned();
    assert_eq!(returned::<C, _>(&text), Some(text));
    assert_eq!(returned::<C, _>(&'🦀'), Some('🦀'));
    assert_eq!(returned::<C, _>(&()), Some(()));
    assert_eq!(returned::<C, _>(&Unit), Some(Unit));
    assert_eq!(returned::<C, _>(&vec![(); 1000]), Some(vec![(); 1000]));
}

#[test]
fn extremes() {
    each_codec!(extremes_come_back());
}

#[test]
fn json_is_plain() {
    #[derive(Serialize)]
    struct User<'a> {
        id: u64,
        name: &'a str,
    }
    let user = User { id: 7, name: "Ada" };
    assert_eq!(encoded::<Json, _>(&user).unwrap(), br#"{"id":7,"name":"Ada"}"#);
    assert_eq!(Json::NAME, "");
}

#[cfg(feature = "msgpack")]
#[test]
fn message_pack_tells_fields_by_name() {
    #[derive(Serialize)]
    struct Before {
        a: u8,
        b: u8,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct After {
        b: u8,
        a: u8,
    }
    let bytes = encoded::<MessagePack, _>(&Before { a: 1, b: 2 }).unwrap();
    assert_eq!(MessagePack::decode::<After>(&bytes).unwrap(), After { a: 1, b: 2 });
    const { assert!(!MessagePack::POSITIONAL) }
}

#[cfg(feature = "postcard")]
#[test]
fn postcard_says_that_it_is_positional() {
    const { assert!(Postcard::POSITIONAL) }
}
