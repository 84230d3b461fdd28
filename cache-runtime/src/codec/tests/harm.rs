//! Any bytes at all: an error or a value, never a panic, an overflow or gigabytes.

use super::roundtrip::{Tree, tree};
use super::{Codec, each_codec, encoded};
use crate::codec::json::Json;
#[cfg(feature = "msgpack")]
use crate::codec::msgpack::MessagePack;
#[cfg(feature = "postcard")]
use crate::codec::postcard::Postcard;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

fn reads_or_refuses<C: Codec>(bytes: &[u8]) {
    fn read<C: Codec, T: DeserializeOwned>(bytes: &[u8]) {
        let _: Result<T, _> = C::decode(bytes);
    }
    read::<C, Tree>(bytes);
    read::<C, Vec<Tree>>(bytes);
    read::<C, BTreeMap<String, Option<Tree>>>(bytes);
    read::<C, String>(bytes);
    read::<C, Vec<()>>(bytes);
    read::<C, HashMap<u8, ()>>(bytes);
    read::<C, serde_json::Value>(bytes);
    read::<C, (u128, char, f32, Option<Box<str>>)>(bytes);
}

fn nothing_may_follow<C: Codec>(tree: &Tree, more: &[u8]) {
    if let Ok(mut bytes) = encoded::<C, _>(tree) {
        bytes.extend_from_slice(more);
        assert!(C::decode::<Tree>(&bytes).is_err());
    }
}

fn changed<C: Codec>(tree: &Tree, at: prop::sample::Index, to: u8, keep: prop::sample::Index) {
    if let Ok(mut bytes) = encoded::<C, _>(tree) {
        *at.get_mut(&mut bytes) = to;
        reads_or_refuses::<C>(&bytes);
        bytes.truncate(keep.index(bytes.len()));
        reads_or_refuses::<C>(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_bytes(bytes in any::<Vec<u8>>()) {
        each_codec!(reads_or_refuses(&bytes));
    }

    #[test]
    fn bytes_near_a_value(
        tree in tree(), at in any::<prop::sample::Index>(), to in any::<u8>(), keep in any::<prop::sample::Index>(),
    ) {
        each_codec!(changed(&tree, at, to, keep));
    }

    #[test]
    fn a_value_and_more(tree in tree(), more in "[a-z{1\\[\u{0}\u{7f}]{1,3}") {
        each_codec!(nothing_may_follow(&tree, more.as_bytes()));
    }
}

#[test]
fn nothing_but_space_may_follow_json() {
    assert_eq!(Json::decode::<u8>(b" 7\n").unwrap(), 7);
    for more in ["7 7", "7,", "7\0", "7]"] {
        assert!(Json::decode::<u8>(more.as_bytes()).is_err());
    }
    assert!(Json::decode::<u8>(b"").is_err());
}

#[cfg(feature = "msgpack")]
#[test]
fn nothing_may_follow_message_pack() {
    for more in [0x00, 0xc0, 0xc1, 0x91, 0xff] {
        assert!(MessagePack::decode::<u8>(&[7, more]).is_err());
        assert!(MessagePack::decode::<Option<u8>>(&[0xc0, more]).is_err());
    }
    assert_eq!(MessagePack::decode::<u8>(&[7]).unwrap(), 7);
    assert!(MessagePack::decode::<u8>(&[]).is_err());
    assert!(MessagePack::decode::<()>(&[]).is_err());
}

/// A type for each way to nest without end.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Link {
    next: Option<Box<Link>>,
}

/// Its reader takes nothing from JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Wrapped(Option<Box<Wrapped>>);

#[derive(Debug, Serialize, Deserialize)]
enum Chain {
    Link(Box<Chain>),
    Named { next: Box<Chain> },
    Pair(Box<Chain>, u8),
    End,
}

#[derive(Debug, Serialize, Deserialize)]
struct Lists(Vec<Lists>);

/// Where `decode` overflows the stack, the whole test program aborts.
#[test]
fn no_nesting_overflows_the_stack() {
    fn deep<C: Codec>(bytes: &[u8]) {
        assert!(C::decode::<Link>(bytes).is_err());
        assert!(C::decode::<Chain>(bytes).is_err());
        assert!(C::decode::<Lists>(bytes).is_err());
        assert!(C::decode::<Tree>(bytes).is_err());
        let _ = C::decode::<serde_json::Value>(bytes);
    }
    for unit in [
        "[",
        "{\"next\":",
        "{\"Link\":",
        "{\"Named\":{\"next\":",
        "{\"Pair\":[",
        "{\"Map\":{\"a\":",
        "{\"Boxed\":",
    ] {
        deep::<Json>(unit.repeat(100_000).as_bytes());
    }
    #[cfg(feature = "msgpack")]
    {
        let text =
            |text: &str| [&[0xa0 | u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        for unit in [
            vec![0x91],
            [vec![0x81], text("next")].concat(),
            [vec![0x81], text("Link")].concat(),
            [vec![0x81], text("Named"), vec![0x81], text("next")].concat(),
            [vec![0x81], text("Pair"), vec![0x92]].concat(),
            [vec![0x81], text("Boxed")].concat(),
            [vec![0x81], text("Map"), vec![0x81], text("a")].concat(),
        ] {
            deep::<MessagePack>(&unit.repeat(100_000));
            assert!(MessagePack::decode::<Wrapped>(&unit.repeat(100_000)).is_err());
        }
        assert!(MessagePack::decode::<Wrapped>(&[7]).is_err());
    }
    #[cfg(feature = "postcard")]
    {
        for unit in 0..20 {
            let _ = Postcard::decode::<Chain>(&vec![unit; 1_000_000]);
            let _ = Postcard::decode::<Tree>(&vec![unit; 1_000_000]);
        }
        assert!(Postcard::decode::<Link>(&vec![1; 1_000_000]).is_err());
        assert!(Postcard::decode::<Wrapped>(&vec![1; 1_000_000]).is_err());
        assert!(Postcard::decode::<Lists>(&vec![1; 1_000_000]).is_err());
    }
}

/// Frames of many kilobytes for each level.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Big {
    u: [[u64; 16]; 16],
    next: Option<Box<Big>>,
}

/// Read by way of serde's own buffer, which no guard of ours sees.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant)] // that is what is tested
enum Buffered {
    Big { next: Box<Buffered>, u: [[u64; 16]; 16] },
    End(u64),
}

impl Big {
    fn deep(levels: usize) -> Self {
        let end = Self { u: [[7; 16]; 16], next: None };
        (1..levels).fold(end, |next, _| Self { next: Some(Box::new(next)), ..Self::flat() })
    }

    fn flat() -> Self {
        Self { u: [[7; 16]; 16], next: None }
    }
}

/// On a thread with as much stack as a worker of Tokio's has left, at the least.
fn on_a_small_stack(read: fn()) {
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(read);
    thread.unwrap().join().unwrap();
}

/// Where the stack overflows, the whole test program aborts.
#[test]
fn no_level_is_too_large_for_the_stack() {
    fn reads<C: Codec>() {
        for levels in [1, 8, 30, 60, 100] {
            let big = Big::deep(levels);
            let bytes = encoded::<C, _>(&big).unwrap();
            assert!(C::decode::<Big>(&bytes).unwrap() == big, "{levels} levels");
        }
    }
    on_a_small_stack(|| {
        each_codec!(reads());
        for start in ["[", "{", "7", "\"x\"", "true"] {
            assert!(Json::decode::<Wrapped>(start.as_bytes()).is_err());
        }
        let unit = format!("{{\"u\":{:?},\"next\":", [[7; 16]; 16]);
        for levels in [100, 300, 10_000] {
            assert!(Json::decode::<Big>(unit.repeat(levels).as_bytes()).is_err());
        }
        let buffered = [unit.repeat(100), "7".to_owned(), "}".repeat(100)].concat();
        assert!(Json::decode::<Buffered>(buffered.as_bytes()).is_ok());
    });
    #[cfg(feature = "msgpack")]
    on_a_small_stack(|| {
        let unit = encoded::<MessagePack, _>(&Big::flat()).unwrap();
        let unit = unit.strip_suffix(&[0xc0]).unwrap();
        for levels in [100, 300, 10_000] {
            assert!(MessagePack::decode::<Big>(&unit.repeat(levels)).is_err());
        }
    });
    #[cfg(feature = "postcard")]
    on_a_small_stack(|| {
        let mut unit = encoded::<Postcard, _>(&Big::flat()).unwrap();
        *unit.last_mut().unwrap() = 1;
        for levels in [100, 300, 10_000] {
            assert!(Postcard::decode::<Big>(&unit.repeat(levels)).is_err());
        }
    });
}

/// What takes nothing from the input when it is read takes the writer's stack all the same.
#[test]
fn wrappers_in_each_other_are_refused_on_writing() {
    fn refuses<C: Codec>(deep: &Wrapped) {
        assert!(encoded::<C, _>(deep).is_err());
    }
    on_a_small_stack(|| {
        let mut deep = Wrapped(None);
        for _ in 0..100_000 {
            deep = Wrapped(Some(Box::new(deep)));
        }
        each_codec!(refuses(&deep));
        while let Some(inner) = deep.0.take() {
            deep = *inner; // its own `drop` would overflow the stack
        }
    });
}

/// What is written is read, up to the depth at which it is refused.
#[test]
fn depth_is_refused_on_writing_rather_than_on_reading() {
    fn at_every_depth<C: Codec>(at_least: usize) {
        let mut link = Link::default();
        let mut chain = Chain::End;
        let mut deepest = 0;
        for depth in 1..400 {
            link = Link { next: Some(Box::new(link)) };
            if let Ok(bytes) = encoded::<C, _>(&link) {
                assert_eq!(C::decode::<Link>(&bytes).as_ref(), Ok(&link), "{depth}");
                deepest = depth;
            }
            chain = match depth % 3 {
                0 => Chain::Link(Box::new(chain)),
                1 => Chain::Named { next: Box::new(chain) },
                _ => Chain::Pair(Box::new(chain), 1),
            };
            if let Ok(bytes) = encoded::<C, _>(&chain) {
                assert!(C::decode::<Chain>(&bytes).is_ok(), "{depth}");
            }
        }
        assert!((at_least..300).contains(&deepest), "{deepest}");
    }
    each_codec!(at_every_depth(100));
}

#[test]
fn lengths_that_are_lies_allocate_and_loop_little() {
    fn lies<C: Codec>(bytes: &[u8]) {
        let started = std::time::Instant::now();
        assert!(C::decode::<Vec<u64>>(bytes).is_err());
        assert!(C::decode::<Vec<()>>(bytes).is_err());
        assert!(C::decode::<Vec<[(); 4]>>(bytes).is_err());
        assert!(C::decode::<Vec<[u8; 0]>>(bytes).is_err());
        assert!(C::decode::<Vec<super::roundtrip::Unit>>(bytes).is_err());
        assert!(C::decode::<HashMap<u64, [u64; 8]>>(bytes).is_err());
        assert!(C::decode::<HashMap<(), ()>>(bytes).is_err());
        assert!(C::decode::<String>(bytes).is_err());
        assert!(C::decode::<Box<[String]>>(bytes).is_err());
        assert!(started.elapsed().as_secs() < 2, "{bytes:?}");
    }
    #[cfg(feature = "msgpack")]
    for marker in [0xdd, 0xdf, 0xdb, 0xc6, 0xc9] {
        lies::<MessagePack>(&[marker, 0xff, 0xff, 0xff, 0xff]);
        lies::<MessagePack>(&[marker, 0xff, 0xff, 0xff, 0xff, 0xc0, 0xc0]);
    }
    #[cfg(feature = "postcard")]
    {
        lies::<Postcard>(&[0xff, 0xff, 0xff, 0xff, 0x0f]);
        lies::<Postcard>(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    }
    lies::<Json>(b"[[[[");
}
