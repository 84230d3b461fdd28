//! What would come back changed is returned, and not stored.

use cache_runtime::{Cache, MessagePack, Postcard, redis_cache};
use cache_tests::{Logs, Runs, called, in_memory, limited, unique};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::sync::{Barrier, Notify};

/// Large integers come back as floats.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum Num {
    Float(f64),
    Int(u64),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    name: String,
    price: Price,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Price {
    currency: String,
    amount: Num,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Login {
    id: u64,
    #[serde(skip)]
    token: String,
}

/// No `PartialEq`, but it shows what it never writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(dead_code, reason = "read through `Debug`")]
struct Session {
    rights: HashMap<String, HashSet<u64>>,
    #[serde(skip)]
    token: String,
}

/// A number that `flatten` does not read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Outer {
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Inner {
    large: u128,
}

/// No `PartialEq`, and nothing in an order.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Unordered {
    names: HashMap<String, HashSet<u64>>,
    list: Vec<Option<HashSet<String>>>,
}

/// A type behind an alias, which is compared all the same.
type Found<T> = Result<Option<T>, String>;

macro_rules! returned {
    // The types are what the functions are for, and `Vec` is one of them.
    ($($function:ident: $type:ty $(, $option:ident = $value:expr)*;)+) => {$(
        #[allow(clippy::ptr_arg)]
        #[redis_cache(ttl = 60, key = "{id}", none_ttl = 60 $(, $option = $value)*)]
        async fn $function(runs: &Runs, id: &str, value: &$type) -> Found<$type> {
            runs.one_more();
            Ok(Some(value.clone()))
        }
    )+};
}

returned! {
    line: Line;
    line_message_pack: Line, codec = MessagePack;
    line_unverified: Line, verify = false;
    lines: Vec<Line>;
    login: Login;
    login_message_pack: Login, codec = MessagePack;
    login_postcard: Login, codec = Postcard, version = 1;
    logins: BTreeMap<String, Login>;
    session: Session;
    session_postcard: Session, codec = Postcard, version = 1;
    outer: Outer;
    unordered: Unordered;
    unordered_message_pack: Unordered, codec = MessagePack;
    unordered_postcard: Unordered, codec = Postcard, version = 1;
    nan_message_pack: f64, codec = MessagePack;
    nan_postcard: f64, codec = Postcard, version = 1;
}

#[redis_cache(ttl = 60, key = "generic:{id}:{T}")]
async fn generic<T: Clone + Serialize + for<'de> Deserialize<'de>>(id: &str, value: &T) -> T {
    value.clone()
}

/// Called twice, the second call computes again, and the one WARN says so much.
macro_rules! is_not_stored {
    ($function:ident, $value:expr, $says:expr) => {{
        let (cache, runs, value) = (in_memory(), Runs::default(), $value);
        let id = unique(stringify!($function));
        let logs = Logs::capture(id.clone());
        for run in 1..=3 {
            let (returned, observed, _) = called(&cache, $function(&runs, &id, &value)).await;
            assert_eq!(format!("{returned:?}"), format!("{:?}", Ok::<_, ()>(Some(&value))));
            assert_eq!((runs.count(), observed.misses, observed.errors), (run, 1, 1));
        }
        assert_eq!(cache.count_keys().await.unwrap(), 0);
        assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
        let said = logs.lines().concat();
        for part in [stringify!($function), $says] {
            assert!(said.contains(part), "{part}: {said}");
        }
        said
    }};
}

macro_rules! is_stored {
    ($function:ident, $value:expr) => {{
        let (cache, runs, value) = (in_memory(), Runs::default(), $value);
        for _ in 0..3 {
            called(&cache, $function(&runs, "kept", &value)).await.0.unwrap().unwrap();
        }
        assert_eq!(runs.count(), 1, stringify!($function));
    }};
}

fn a_line(amount: u64) -> Line {
    let amount = Num::Int(amount);
    Line { name: "nails".into(), price: Price { currency: "EUR".into(), amount } }
}

fn a_login() -> Login {
    Login { id: 7, token: "s3cret".into() }
}

const INEXACT: u64 = (1 << 53) + 1;

#[tokio::test]
async fn an_integer_that_comes_back_as_a_float() {
    let field = "field `price.amount` differs";
    is_not_stored!(line, a_line(INEXACT), field);
    is_not_stored!(line_message_pack, a_line(INEXACT), field);
    is_not_stored!(lines, vec![a_line(1), a_line(INEXACT)], field);
}

#[tokio::test]
async fn a_field_that_is_skipped() {
    let mut said = is_not_stored!(login, a_login(), "Login");
    said += &is_not_stored!(login_message_pack, a_login(), "serde(skip)");
    said += &is_not_stored!(login_postcard, a_login(), "Login");
    said += &is_not_stored!(logins, BTreeMap::from([("s3cret".into(), a_login())]), "Login");
    assert!(!said.contains("s3cret"));
    is_stored!(login, Login { id: 7, token: String::new() });
}

#[tokio::test]
async fn a_field_that_is_skipped_of_what_has_no_comparison() {
    let rights = || (0..20).map(|n| (format!("right {n}"), HashSet::from([n, 1, 2]))).collect();
    let with = |token: &str| Session { rights: rights(), token: token.into() };
    let mut said = is_not_stored!(session, with("s3cret"), "serde(skip)");
    said += &is_not_stored!(session_postcard, with("s3cret"), "Session");
    assert!(!said.contains("s3cret"));
    is_stored!(session, with(""));
    is_stored!(session_postcard, with(""));
}

#[tokio::test]
async fn what_is_written_but_never_read() {
    is_not_stored!(outer, Outer { inner: Inner { large: u128::MAX } }, "Outer");
}

#[tokio::test]
async fn what_has_no_order_and_no_comparison_is_stored() {
    let set = |n: u64| (0..n).collect::<HashSet<_>>();
    let value = || Unordered {
        names: (0..20).map(|n| (format!("name {n}"), set(n))).collect(),
        list: vec![None, Some((0..20).map(|n| n.to_string()).collect())],
    };
    is_stored!(unordered, value());
    is_stored!(unordered_message_pack, value());
    is_stored!(unordered_postcard, value());
}

#[tokio::test]
async fn what_is_not_equal_to_itself_is_stored_if_its_bits_come_back() {
    is_stored!(nan_message_pack, f64::NAN);
    is_stored!(nan_postcard, f64::NAN);
}

#[tokio::test]
async fn in_a_generic_function_what_is_written_is_compared() {
    let cache = in_memory();
    for _ in 0..2 {
        let (_, observed, _) = called(&cache, generic("amount", &a_line(INEXACT))).await;
        assert_eq!((observed.misses, observed.errors), (1, 1));
    }
}

#[tokio::test]
async fn unverified_it_is_stored() {
    is_stored!(line_unverified, a_line(INEXACT));
}

#[tokio::test]
async fn an_entry_refuses_what_would_come_back_changed() {
    in_memory()
        .scope(async {
            let entry = login_entry("put");
            assert!(entry.put(&Ok(Some(a_login()))).await.is_err());
            assert_eq!(entry.get().await, Ok(None));
        })
        .await;
}

/// Those who waited for a value that cannot be handed to them compute at once, and not each after
/// the other.
#[tokio::test]
async fn waiters_compute_side_by_side() {
    const WAITERS: usize = 4;

    #[redis_cache(ttl = 60, key = "one")]
    async fn crowd(runs: &Runs, joined: &Notify, all: &Barrier) -> Outer {
        if runs.one_more() == 1 {
            joined.notified().await;
        } else {
            all.wait().await;
        }
        Outer { inner: Inner { large: u128::MAX } }
    }

    let cache: Cache = in_memory();
    let (runs, joined, all) = (Runs::default(), Notify::new(), Barrier::new(WAITERS));
    let call = || cache.scope(crowd(&runs, &joined, &all));
    limited(async {
        tokio::join!(call(), call(), call(), call(), call(), async { joined.notify_one() });
    })
    .await;
    assert_eq!(runs.count(), WAITERS as u64 + 1);
}
