//! How each type reads, as documented.

use super::{CacheKey, KeyWriter, key, render};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[track_caller]
fn reads<T: CacheKey + ?Sized>(value: &T, expected: &str) {
    assert_eq!(render(value), expected);
}

#[test]
fn scalars() {
    reads(&7_u64, "7");
    reads(&i128::MIN, "-170141183460469231731687303715884105728");
    reads(&NonZero::<u8>::MIN, "1");
    reads(&true, "true");
    reads(&0.1_f64, "0.1");
    reads(&0.1_f32, "0.1");
    reads(&-0.0_f64, "-0");
    reads(&0.0_f64, "0");
    reads(&f64::NEG_INFINITY, "-inf");
    reads(&f64::NAN, "NaN");
    reads(&'x', "x");
    reads(&'%', "%25");
}

#[test]
fn integers_read_as_their_display() {
    macro_rules! displayed {
        ($($type:ty)+) => {$(
            for value in [<$type>::MIN, <$type>::MAX, 0, 1, 9, 10, 99, 100, 127] {
                reads(&value, &value.to_string());
                if let Some(value) = NonZero::new(value) {
                    reads(&value, &value.to_string());
                }
            }
        )+};
    }
    displayed!(u8 u16 u32 u64 usize u128 i8 i16 i32 i64 isize i128);
    reads(&-1_i8, "-1");
    reads(&-10_i64, "-10");
}

#[test]
fn strings() {
    reads("", "");
    reads("ada lovelace@example.org", "ada lovelace@example.org");
    reads("größe_1.2-3", "größe_1.2-3");
    reads(":/|~%{}()[],=*?\\", "%3A%2F%7C%7E%25%7B%7D%28%29%5B%5D%2C%3D%2A%3F%5C");
    reads("a\r\nb\u{85}c\0", "a%0D%0Ab%C2%85c%00");
}

#[test]
fn pointers_read_as_what_they_hold() {
    let text = String::from("x");
    reads(&&text, "x");
    reads(&&mut text.clone(), "x");
    reads(&Box::<str>::from("x"), "x");
    reads(&Arc::<str>::from("x"), "x");
    reads(&Rc::<[u8]>::from([1, 2]), "[1,2]");
    reads(&Cow::Borrowed("x"), "x");
    reads(&Cow::<'_, [u8]>::Owned(vec![1]), "[1]");
}

#[test]
fn options() {
    reads(&None::<u8>, "~");
    reads(&Some(7), "7");
    reads(&Some(""), "");
    reads(&Some("~"), "%7E");
    reads(&Some(None::<u8>), "~~");
    reads(&Some(Some(None::<u8>)), "~~~");
    reads(&Some(Some(7)), "7");
    reads(&Some(&Box::new(None::<u8>)), "~~");
}

#[test]
fn compounds() {
    reads(&(), "()");
    reads(&(7,), "(7)");
    reads(&(7, "a,b", None::<u8>), "(7,a%2Cb,~)");
    reads(&(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), "(1,2,3,4,5,6,7,8,9,10,11,12)");
    reads(&Vec::<String>::new(), "[]");
    reads(&vec![""], "[%]");
    reads(&vec!["", ""], "[%,%]");
    reads(&[[1, 2], [3, 4]], "[[1,2],[3,4]]");
    reads([(1, "a")].as_slice(), "[(1,a)]");
    reads(&VecDeque::from([1, 2]), "[1,2]");
    reads(&BTreeSet::from([2, 1]), "[1,2]");
    reads(&BTreeMap::from([("b", ""), ("a=", "1")]), "[a%3D=1,b=%]");
    reads(&Some(Vec::<u8>::new()), "[]");
}

#[test]
fn addresses() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let socket = |text: &str| text.parse::<SocketAddr>().unwrap();
    let v6 = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 7, 2);
    reads(&v6, "%5B%3A%3A1%252%5D%3A80-7");
    reads(&SocketAddr::V6(v6), "%5B%3A%3A1%252%5D%3A80-7");
    reads(&ip("10.0.0.1"), "10.0.0.1");
    reads(&ip("2001:db8::1"), "2001-db8--1");
    reads(&ip("::ffff:10.0.0.1"), "--ffff-10.0.0.1");
    reads(&socket("10.0.0.1:80"), "10.0.0.1%3A80");
    reads(&socket("[::1]:80"), "%5B%3A%3A1%5D%3A80");
}

#[test]
fn times() {
    reads(&Duration::from_secs(300), "300s");
    reads(&Duration::from_millis(250), "0.25s");
    reads(&Duration::from_nanos(1), "0.000000001s");
    reads(&Duration::ZERO, "0s");
    reads(&Duration::MAX, "18446744073709551615.999999999s");
    reads(&UNIX_EPOCH, "0");
    reads(&(UNIX_EPOCH + Duration::from_millis(1_750_000_000_500)), "1750000000.5");
    reads(&(UNIX_EPOCH - Duration::from_millis(1_500)), "-1.5");
    reads(&(UNIX_EPOCH - Duration::from_millis(500)), "-0.5");
}

#[test]
fn buckets() {
    let hour = Duration::from_secs(3600);
    let bucket = |seconds: i64| key(|key| key.bucket(&seconds, hour));
    assert_eq!(bucket(0), "p:0");
    assert_eq!(bucket(3599), "p:0");
    assert_eq!(bucket(3600), "p:3600");
    assert_eq!(bucket(-1), "p:-3600");
    assert_eq!(bucket(i64::MAX), "p:9223372036854774000");
    assert_eq!(bucket(i64::MIN), "p:-9223372036854777600");

    let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
    assert_eq!(key(|key| key.bucket(&at(7_200_500), hour)), "p:7200");
    assert_eq!(key(|key| key.bucket(&at(1_250), Duration::from_millis(500))), "p:1");
    assert_eq!(key(|key| key.bucket(&at(1_750), Duration::from_millis(500))), "p:1.5");
    let before: SystemTime = UNIX_EPOCH - Duration::from_nanos(1);
    assert_eq!(key(|key| key.bucket(&before, hour)), "p:-3600");

    assert_eq!(key(|key| key.bucket(&Duration::from_secs(3601), hour)), "p:3600s");
    assert_eq!(key(|key| key.bucket(&&Some(7_u32), hour)), "p:0");
    assert_eq!(key(|key| key.bucket(&None::<u32>, hour)), "p:~");
    // Sizes that no template can be written with, but an expression might have.
    assert_eq!(key(|key| key.bucket(&7_u64, Duration::ZERO)), "p:7");
    assert_eq!(key(|key| key.bucket(&u64::MAX, Duration::MAX)), "p:0");
    assert_eq!(key(|key| key.bucket(&-1_i64, Duration::MAX)), "p:-18446744073709551615.999999999");
}

#[test]
fn folding_case_comes_before_the_encoding() {
    assert_eq!(key(|key| key.lower("A:B")), "p:a%3Ab");
    assert_eq!(key(|key| key.upper("a\u{ad}ÿ:")), "p:A\u{ad}Ÿ%3A");
    assert_eq!(key(|key| key.lower(&&String::from("É"))), "p:é");
    assert_eq!(key(|key| key.lower(&Cow::Borrowed("A"))), "p:a");
    assert_eq!(key(|key| key.lower(&Arc::<str>::from("A"))), "p:a");
    assert_eq!(key(|key| key.lower(&Box::<str>::from("A"))), "p:a");
    assert_eq!(key(|key| key.lower(&Some("A"))), "p:a");
    assert_eq!(key(|key| key.lower(&None::<String>)), "p:~");
    assert_eq!(key(|key| key.lower(&Some("~"))), "p:%7E");
}

#[test]
fn display_is_encoded_and_must_not_fail() {
    struct Broken;
    impl std::fmt::Display for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("half")?;
            Err(std::fmt::Error)
        }
    }
    assert_eq!(key(|key| key.display(&format_args!("{}:{}", 1, "~"))), "p:1%3A%7E");
    let mut key = KeyWriter::new("p", "f", None);
    key.display(&7);
    assert!(key.refused().is_none());
    key.display(&Broken);
    assert!(key.refused().is_some());
}

#[test]
fn hashes_are_128_bits_and_keyed_by_the_secret() {
    let email = "ada@example.org";
    let hashed = |secret: Option<&[u8; 32]>| {
        let mut key = KeyWriter::new("p", "f", secret);
        key.hash(email);
        key.finish("").whole().to_owned()
    };
    assert_eq!(hashed(None), format!("p:{}", &blake3::hash(email.as_bytes()).to_hex()[..32]));
    assert_ne!(hashed(Some(&[1; 32])), hashed(None));
    assert_ne!(hashed(Some(&[1; 32])), hashed(Some(&[2; 32])));
    let none = key(|key| key.hash(&None::<&str>));
    assert_ne!(none, key(|key| key.hash(&Some("~"))));
    assert_ne!(none, key(|key| key.hash(&Some(""))));
}

#[test]
fn debug_keeps_the_secret() {
    let key = KeyWriter::new("p", "f", Some(&[222; 32]));
    let shown = format!("{key:?}");
    assert!(shown.contains("keyed: true") && !shown.contains("222"), "{shown}");
}

#[test]
fn types_by_name() {
    fn named<T>() -> String {
        let mut key = KeyWriter::new("p", "f", None);
        key.type_name::<T>();
        key.finish("").whole().to_owned()
    }
    assert_eq!(named::<Option<u8>>(), "p:core.option.Option<u8>");
    assert_eq!(named::<(u8, [u8; 2])>(), "p:%28u8%2C %5Bu8; 2%5D%29");
    assert_eq!(key(|key| key.typed_argument(&"1")), "p:&str=1");
    assert_ne!(key(|key| key.typed_argument(&"1")), key(|key| key.typed_argument(&1)));
}

#[test]
fn one_name_for_two_types_is_seen() {
    fn ambiguous<T>(_: &T) -> bool {
        let mut key = KeyWriter::new("p", "f", None);
        key.type_name::<T>();
        key.refused().is_some()
    }
    let first = {
        struct Twin;
        ambiguous(&Twin)
    };
    let second = {
        struct Twin;
        ambiguous(&Twin)
    };
    assert!(!first && second);
    assert!(!ambiguous(&7_u8) && !ambiguous(&7_u8));
    // Lifetimes do not make two types.
    let local = String::from("x");
    assert!(!ambiguous(&"static") && !ambiguous(&local.as_str()));
}

#[test]
fn the_type_of_self_is_written_where_the_path_leaves_it_open() {
    let key = |path: &str| {
        let mut key = KeyWriter::new("p", path, None);
        key.leave_type_open(crate::key::leaves_type_open(path));
        key.path();
        key.self_type::<u8>();
        key.finish("~2").whole().to_owned()
    };
    assert_eq!(key("crate.S.find"), "p:crate.S.find~2");
    assert_eq!(key("crate.S(_).find"), "p:crate.S(_).find:u8~2");
    assert_eq!(key("crate.S(u8, _).find"), "p:crate.S(u8, _).find:u8~2");
    assert_eq!(key("(_ as crate.Tr).find"), "p:(_ as crate.Tr).find:u8~2");
    assert_eq!(key("crate.my_mod._find_.x_"), "p:crate.my_mod._find_.x_~2");
    assert_eq!(key("crate._.find"), "p:crate._.find~2"); // inside `const _: () = { … }`
}

#[cfg(feature = "uuid")]
#[test]
fn uuids() {
    let text = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    reads(&text.parse::<uuid::Uuid>().unwrap(), text);
}

#[cfg(feature = "rust_decimal")]
#[test]
fn decimals() {
    use rust_decimal::Decimal;
    let decimal = |text: &str| text.parse::<Decimal>().unwrap();
    reads(&decimal("12.50"), "12.50");
    reads(&decimal("12.5"), "12.5");
    reads(&decimal("-0.01"), "-0.01");
    reads(&Decimal::MAX, "79228162514264337593543950335");
    let mut zero = decimal("0.00");
    reads(&zero, "0.00");
    zero.set_sign_negative(true);
    reads(&zero, "-0.00");
    reads(&(decimal("1.0"), Some(decimal("2"))), "(1.0,2)");
}

#[cfg(feature = "chrono")]
#[test]
fn times_of_chrono() {
    use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
    let utc: DateTime<Utc> = DateTime::from_timestamp(1_769_903_999, 500_000_000).unwrap();
    let offset = |seconds| utc.with_timezone(&FixedOffset::east_opt(seconds).unwrap());
    reads(&utc, "2026-01-31T235959.500Z");
    reads(&offset(7200), "2026-01-31T235959.500Z+0200");
    reads(&offset(-12_630), "2026-01-31T235959.500Z-033030");
    reads(&offset(0), "2026-01-31T235959.500Z");
    reads(&utc.naive_utc(), "2026-01-31T235959.500");
    reads(&utc.date_naive(), "2026-01-31");
    reads(&utc.time(), "235959.500");
    // Their local times are out of range: no panic.
    reads(&DateTime::<Utc>::MAX_UTC.fixed_offset(), "+262142-12-31T235959.999999999Z");
    let east = FixedOffset::east_opt(7200).unwrap();
    assert!(render(&DateTime::<Utc>::MAX_UTC.with_timezone(&east)).ends_with("Z+0200"));

    #[cfg(feature = "chrono-tz")]
    {
        let zoned = utc.with_timezone(&chrono_tz::America::Phoenix);
        reads(&zoned, "2026-01-31T235959.500Z@America%2FPhoenix");
        let bucket = key(|key| key.bucket(&zoned, Duration::from_secs(3600)));
        assert_eq!(bucket, "p:1769900400@America%2FPhoenix");
    }

    let hour = Duration::from_secs(3600);
    assert_eq!(key(|key| key.bucket(&utc, hour)), "p:1769900400");
    assert_eq!(key(|key| key.bucket(&offset(7200), hour)), "p:1769900400+0200");
    assert_eq!(key(|key| key.bucket(&utc.naive_utc(), hour)), "p:1769900400");
    let before = DateTime::<Utc>::UNIX_EPOCH - TimeDelta::nanoseconds(1);
    assert_eq!(key(|key| key.bucket(&before, hour)), "p:-3600");
}

#[cfg(feature = "jiff")]
#[test]
fn times_of_jiff() {
    use jiff::{Timestamp, civil, tz};
    let at = Timestamp::from_millisecond(1_769_903_999_500).unwrap();
    reads(&at, "2026-01-31T235959.5Z");
    reads(&at.to_zoned(tz::TimeZone::UTC), "2026-01-31T235959.5Z@UTC");
    let east = tz::TimeZone::fixed(tz::offset(2));
    reads(&at.to_zoned(east.clone()), "2026-01-31T235959.5Z@7200");
    let has_rules = tz::TimeZone::posix("MST7MDT,M3.2.0,M11.1.0").unwrap();
    let mut writer = KeyWriter::new("p", "f", None);
    at.to_zoned(has_rules).write_key(&mut writer);
    assert!(writer.refused().is_some(), "two such zones can have one offset");
    reads(&civil::date(2026, 1, 31), "2026-01-31");
    reads(&civil::time(23, 59, 59, 0), "235959");
    reads(&civil::datetime(2026, 1, 31, 23, 59, 59, 0), "2026-01-31T235959");

    let hour = Duration::from_secs(3600);
    assert_eq!(key(|key| key.bucket(&at, hour)), "p:1769900400");
    assert_eq!(key(|key| key.bucket(&at.to_zoned(east), hour)), "p:1769900400@7200");
    assert_eq!(
        key(|key| key.bucket(&civil::datetime(1969, 12, 31, 23, 59, 59, 0), hour)),
        "p:-3600"
    );
    assert!(!key(|key| key.bucket(&civil::DateTime::MAX, hour)).is_empty());
}
