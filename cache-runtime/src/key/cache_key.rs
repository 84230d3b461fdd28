//! The trait of what can be part of a key, and how a value reads there.

use super::writer::KeyWriter;

/// A type whose values can be part of a cache key: `{id}` in a template.
///
/// Structs and enums get it from `#[derive(CacheKey)]`.
///
/// # What an implementation promises
///
/// It is *injective*: two values that a function could tell apart never render equally, since
/// the function's answer for the one would then be served for the other. And no rendering can be
/// taken for the text of a template around it. The second half comes by itself: everything that
/// [`KeyWriter`] offers percent-encodes what it must.
///
/// | value | in the key |
/// |---|---|
/// | `7_u64`, `-1.5`, `true`, `NonZeroU8` | `7`, `-1.5`, `true`, as `Display` writes it; `-0` differs from `0`, while all NaNs are `NaN` |
/// | `"a b@c.d"`, `'x'` | `a b@c.d`, `x`: readable text stays as it is |
/// | `"a:b"` | `a%3Ab`: so are `: / \| ~ % { } ( ) [ ] , = * ? \` and control characters |
/// | `None`, `Some(7)`, `Some("")` | `~`, `7` and nothing |
/// | `Some(None)` | `~~`: one more `~` for each `Some` around a `None` |
/// | `()`, `(7, "x")` | `()`, `(7,x)` |
/// | slices, arrays, `Vec`, `VecDeque`, `BTreeSet` | `[1,2]`; an item that renders as nothing is `%`, so `[""]` is `[%]` and not `[]` |
/// | `BTreeMap` | `[a=1,b=2]` |
/// | references, `Box`, `Rc`, `Arc`, `Cow` | as what they hold |
/// | `Ipv4Addr`, `Ipv6Addr` | `10.0.0.1`, `2001-db8--1` |
/// | `SocketAddr` | `10.0.0.1%3A80` |
/// | `Duration` | `300s`, `0.25s` |
/// | `SystemTime` | seconds since 1970, `1750000000.5`; negative before |
/// | `uuid::Uuid` (feature `uuid`) | `67e55044-10b1-426f-9247-bb680e5fe0c8` |
/// | `rust_decimal::Decimal` (feature `rust_decimal`) | `1.50`, all its digits: `1.5` differs |
/// | `chrono::DateTime` (feature `chrono`) | `2026-01-31T235959Z`, and its offset behind it when it has one: `…Z+0200` |
/// | `chrono::DateTime<chrono_tz::Tz>` (feature `chrono-tz`) | `2026-01-31T235959Z@Europe%2FOslo` |
/// | `chrono::NaiveDate`, `NaiveTime`, `NaiveDateTime` | `2026-01-31`, `235959`, `2026-01-31T235959`; a leap second is `235960`, and behind any other second `235958leap` |
/// | `jiff::Timestamp`, `jiff::Zoned` (feature `jiff`) | `2026-01-31T235959Z`, `2026-01-31T235959Z@Europe%2FOslo` |
/// | `jiff::civil::{Date, Time, DateTime}` | `2026-01-31`, `235959`, `2026-01-31T235959` |
///
/// Maps and sets without an order of their own (`HashMap`, `HashSet`) have no implementation:
/// two equal ones would render differently.
///
/// # By hand
///
/// Write the parts as items of a tuple, or as one string:
///
/// ```
/// use cache_runtime::key::{self, CacheKey, KeyWriter};
///
/// struct Money {
///     cents: i64,
///     currency: &'static str,
/// }
///
/// impl CacheKey for Money {
///     fn write_key(&self, key: &mut KeyWriter<'_>) {
///         key.begin_tuple();
///         key.item(&self.cents);
///         key.item(self.currency);
///         key.end_tuple();
///     }
/// }
///
/// assert_eq!(key::render(&Money { cents: 1250, currency: "EUR" }), "(1250,EUR)");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "this does not implement `CacheKey`",
    note = "derive it with #[derive(CacheKey)], name a field of it ({{user.id}}), or take its `Display`: {{price:display}} in a template, #[cache_key(display)] on a field; or leave it out if it makes no difference to the result: `skip(argument)`, or a `key` that does not name it",
    note = "of other types: take a BTreeMap or BTreeSet instead of a HashMap or HashSet, and a `&str` instead of a path or an `OsStr`; `Uuid`, `Decimal` and the times of chrono, chrono-tz and jiff need the feature of `cache-runtime` that is called like their crate"
)]
pub trait CacheKey {
    /// Writes this value into `key`.
    fn write_key(&self, key: &mut KeyWriter<'_>);

    /// This value, if it is a number that reads in a key as it does anywhere.
    #[doc(hidden)]
    #[inline]
    fn __number(&self) -> Option<u64> {
        None
    }
}

/// How `value` reads in a key: for tests of a [`CacheKey`] written by hand, and to build a key
/// for [`Cache::invalidate`](crate::Cache::invalidate).
///
/// A rendering of more than 1 KiB comes out whole; a key keeps the first part of it alone, and a
/// hash.
///
/// ```
/// use cache_runtime::key::render;
///
/// assert_eq!(render("a:b"), "a%3Ab");
/// assert_eq!(render(&(7, None::<u8>, vec!["", "x"])), "(7,~,[%,x])");
/// ```
#[must_use]
pub fn render<T: CacheKey + ?Sized>(value: &T) -> String {
    let mut key = KeyWriter::bare();
    value.write_key(&mut key);
    key.into_text()
}
