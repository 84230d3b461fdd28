//! Arguments that look alike, and any arguments at all.

use cache_runtime::{CacheKey, redis_cache, redis_invalidate};
use cache_tests::{builder_at, called, in_memory};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};

#[derive(Debug, Clone, PartialEq, Eq, Hash, CacheKey)]
enum Filter {
    All,
    Named { name: String, also: Option<String> },
    Range(i64, i64),
}

#[redis_cache(ttl = 60)]
async fn by_default(a: &str, b: &str) -> String {
    format!("{a:?} {b:?}")
}

#[redis_cache(ttl = 60, key = "pair:{a}:{b}")]
async fn by_template(a: &str, b: &str) -> String {
    format!("{a:?} {b:?}")
}

#[redis_cache(ttl = 60, key = "opt:{a}")]
async fn optional(a: Option<&str>) -> String {
    format!("{a:?}")
}

#[redis_cache(ttl = 60, key = "at:")]
async fn unversioned() -> String {
    "unversioned".into()
}

#[redis_cache(ttl = 60, key = "at:", version = 2)]
async fn versioned() -> String {
    "versioned".into()
}

#[redis_cache(ttl = 60, key = "at:{a}2")]
async fn like_a_version(a: Option<u8>) -> String {
    format!("{a:?}")
}

#[redis_cache(ttl = 60, key = "{a}tag:{b}")]
async fn like_a_tag(a: Option<u8>, b: u8) -> String {
    format!("{a:?} {b}")
}

#[redis_cache(ttl = 60, key = "tagged", tags = ["x:1", "{a}2"])]
async fn tagged(a: Option<u8>) -> String {
    format!("{a:?}")
}

#[redis_cache(ttl = 60)]
async fn nested(a: Option<Option<&str>>) -> String {
    format!("{a:?}")
}

#[redis_cache(ttl = 60)]
async fn listed(a: &[&str], b: &[&str]) -> String {
    format!("{a:?} {b:?}")
}

#[tokio::test]
async fn separators_are_no_separators_in_arguments() {
    let cache = in_memory();
    let texts =
        ["", "x", "x:y", "y", "x%3Ay", "x/y", "x|y", "~", "~2", "{x}", "\u{0}", " ", "é", "*"];
    for round in 0..2 {
        for a in texts {
            for b in texts {
                let expected = format!("{a:?} {b:?}");
                assert_eq!(cache.scope(by_default(a, b)).await, expected, "round {round}");
                assert_eq!(cache.scope(by_template(a, b)).await, expected, "round {round}");
            }
        }
    }
    let all = 2 * (texts.len() * texts.len()) as u64;
    assert_eq!(cache.count_keys().await.unwrap(), all);
    assert_eq!(cache.stats().await.process.total.hits, all);
}

#[tokio::test]
async fn none_is_no_text() {
    let cache = in_memory();
    let options = [None, Some(""), Some("None"), Some("~"), Some("null"), Some("%")];
    for _ in 0..2 {
        for option in options {
            assert_eq!(cache.scope(optional(option)).await, format!("{option:?}"));
        }
        for option in [None, Some(None), Some(Some("")), Some(Some("~"))] {
            assert_eq!(cache.scope(nested(option)).await, format!("{option:?}"));
        }
    }
    assert_eq!(cache.count_keys().await.unwrap(), 10);
}

#[tokio::test]
async fn none_before_text_is_no_mark() {
    let cache = in_memory();
    for _ in 0..2 {
        assert_eq!(cache.scope(unversioned()).await, "unversioned");
        assert_eq!(cache.scope(versioned()).await, "versioned");
        assert_eq!(cache.scope(tagged(None)).await, "None");
        for a in [None, Some(0)] {
            assert_eq!(cache.scope(like_a_version(a)).await, format!("{a:?}"));
            assert_eq!(cache.scope(like_a_tag(a, 1)).await, format!("{a:?} 1"));
        }
    }
    // Each has its own key, and none is one of the cache's own.
    assert_eq!(cache.count_keys().await.unwrap(), 7);
    assert!(cache.invalidate("at:~,2").await.unwrap());
    assert!(cache.invalidate("~,tag:1").await.unwrap());
    cache.scope(like_a_version(None)).await;
    cache.invalidate_function("values.keys.like_a_version").await.unwrap();
    for key in ["at:~,2", "at:02"] {
        assert!(!cache.invalidate(key).await.unwrap(), "{key} has been removed");
    }
}

#[tokio::test]
async fn lists_end_where_they_end() {
    let cache = in_memory();
    let lists: [&[&str]; 7] =
        [&[], &[""], &["", ""], &["a"], &["a", "b"], &["a,b"], &["a", "", "b"]];
    for _ in 0..2 {
        for a in lists {
            for b in lists {
                assert_eq!(cache.scope(listed(a, b)).await, format!("{a:?} {b:?}"));
            }
        }
    }
    assert_eq!(cache.count_keys().await.unwrap(), 49);
}

type Arguments = (String, Option<String>, Vec<(i32, String)>, Filter, BTreeMap<String, u8>, f64);

#[redis_cache(ttl = 60)]
async fn all_by_default(
    text: &str,
    option: Option<&str>,
    list: &[(i32, String)],
    filter: &Filter,
    map: &BTreeMap<String, u8>,
    float: f64,
) -> String {
    format!("{:?}", (text, option, list, filter, map, float.to_bits()))
}

#[redis_cache(ttl = 60, key = "all:{text}/{option}|{list}:{filter}:{map}:{float}")]
async fn all_by_template(
    text: &str,
    option: Option<&str>,
    list: &[(i32, String)],
    filter: &Filter,
    map: &BTreeMap<String, u8>,
    float: f64,
) -> String {
    format!("{:?}", (text, option, list, filter, map, float.to_bits()))
}

/// Texts in which what could be taken for a key's syntax is frequent.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[:/|~%{},()a0]{0,4}", 1 => "\\PC{0,6}", 1 => any::<String>()]
}

fn filter() -> impl Strategy<Value = Filter> {
    prop_oneof![
        Just(Filter::All),
        (text(), proptest::option::of(text()))
            .prop_map(|(name, also)| Filter::Named { name, also }),
        (-2_i64..2, -2_i64..2).prop_map(|(from, to)| Filter::Range(from, to)),
    ]
}

fn arguments() -> impl Strategy<Value = Arguments> {
    (
        text(),
        proptest::option::of(text()),
        proptest::collection::vec((-1..2, text()), 0..3),
        filter(),
        proptest::collection::btree_map(text(), 0_u8..2, 0..3),
        prop_oneof![Just(0.0), Just(-0.0), Just(1.5), any::<f64>()],
    )
}

/// All that arguments are, as a text of the test's own making.
fn identity((text, option, list, filter, map, float): &Arguments) -> String {
    format!("{:?}", (text, option, list, filter, map, float.to_bits()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    /// Of many calls in one cache each returns what it computed, also when it is served, and
    /// there are exactly as many keys as different arguments. (The floats are told apart by
    /// `==`: all NaNs may share a key, as they may not here, so there are none.)
    #[test]
    fn different_arguments_have_different_keys(
        calls in proptest::collection::vec(arguments().prop_filter("NaN", |a| !a.5.is_nan()), 1..24)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cache = in_memory();
            let mut seen = HashMap::new();
            for arguments in calls.iter().chain(&calls) {
                let expected = identity(arguments);
                let (text, option, list, filter, map, float) = arguments;
                let option = option.as_deref();
                let one = all_by_default(text, option, list, filter, map, *float);
                let (value, _, _) = called(&cache, one).await;
                assert_eq!(value, expected);
                let two = all_by_template(text, option, list, filter, map, *float);
                let (value, observed, _) = called(&cache, two).await;
                assert_eq!(value, expected);
                assert_eq!(observed.hits == 1, seen.insert(expected, ()).is_some());
            }
            assert_eq!(cache.count_keys().await.unwrap(), 2 * seen.len() as u64);
        });
    }
}

#[redis_cache(ttl = 60, key = "mail:{email:hash}")]
async fn hashed(email: &str) -> String {
    email.to_owned()
}

#[redis_invalidate(keys = ["mail:{email:hash}"])]
async fn forget(email: &str) {
    let _ = email;
}

/// Who does not know the secret cannot tell whose key it is by hashing guesses; readers and writers
/// that do have one key.
#[tokio::test]
async fn hashes_are_keyed_by_the_secret() {
    let cache = |secret: Option<&str>| {
        let builder = builder_at("memory://");
        match secret {
            Some(secret) => builder.key_secret(secret),
            None => builder,
        }
        .build()
        .unwrap()
    };
    let mut keys = HashSet::new();
    for secret in [None, Some("one"), Some("other"), Some("one")] {
        let cache = cache(secret);
        cache
            .scope(async {
                hashed("ada@example.org").await;
                keys.insert(hashed_entry("ada@example.org").key().unwrap().to_owned());
                assert!(hashed_entry("ada@example.org").get().await.unwrap().is_some());
                forget("ada@example.org").await;
                assert_eq!(cache.count_keys().await.unwrap(), 0, "{secret:?}");
            })
            .await;
    }
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys.iter().all(|key| !key.contains("ada")));
}

type Zoned = chrono::DateTime<chrono_tz::Tz>;

fn in_half_a_year(at: &Zoned) -> String {
    at.checked_add_months(chrono::Months::new(6)).unwrap().to_rfc3339()
}

#[redis_cache(ttl = 60)]
async fn zone_by_default(at: Zoned) -> String {
    in_half_a_year(&at)
}

#[redis_cache(ttl = 60, key = "{at}")]
async fn zone_by_template(at: &Zoned) -> String {
    in_half_a_year(at)
}

#[redis_cache(ttl = 60, key = "day:{at:bucket(1d)}")]
async fn zone_by_bucket(at: &Option<Zoned>) -> String {
    in_half_a_year(&at.unwrap())
}

/// Phoenix and Denver have one offset in winter, and two in summer.
#[tokio::test]
async fn two_time_zones_of_one_offset_have_different_keys() {
    let cache = in_memory();
    let winter = chrono::DateTime::from_timestamp(1_769_903_999, 0).unwrap();
    for zone in [chrono_tz::America::Phoenix, chrono_tz::America::Denver] {
        let at = winter.with_timezone(&zone);
        let expected = in_half_a_year(&at);
        for _ in 0..2 {
            assert_eq!(called(&cache, zone_by_default(at)).await.0, expected);
            assert_eq!(called(&cache, zone_by_template(&at)).await.0, expected);
            assert_eq!(called(&cache, zone_by_bucket(&Some(at))).await.0, expected);
        }
    }
    assert_eq!(cache.count_keys().await.unwrap(), 6);
}
