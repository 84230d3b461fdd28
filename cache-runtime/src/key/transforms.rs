//! What the transforms of a template ask of an argument: `{name:lower}`, `{at:bucket(1h)}`.

use super::encode::{nanos, push_seconds, since_epoch};
use super::writer::KeyWriter;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Text whose case a template can fold: `{name:lower}`, `{name:upper}`.
///
/// Strings, in references, `Box`, `Rc`, `Arc`, `Cow` and `Option` too. A type of your own that is
/// text folds it and writes it by [`KeyWriter::str`]:
///
/// ```
/// use cache_runtime::key::{CaseFold, KeyWriter};
///
/// struct Email(String);
///
/// impl CaseFold for Email {
///     fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String) {
///         key.str(&fold(&self.0));
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no case to fold in a cache key",
    label = "`lower` and `upper` are for strings",
    note = "leave the transform out, name a field that is a string ({{user.name:lower}}), or implement `CaseFold`"
)]
pub trait CaseFold {
    /// Writes this text into `key` as `fold` changes it.
    fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String);
}

impl CaseFold for str {
    fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String) {
        // Before the encoding, whose hex digits have a case of their own.
        key.str(&fold(self));
    }
}

impl CaseFold for String {
    fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String) {
        self.as_str().write_folded(key, fold);
    }
}

impl CaseFold for char {
    fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String) {
        self.encode_utf8(&mut [0; 4]).write_folded(key, fold);
    }
}

impl<T: CaseFold> CaseFold for Option<T> {
    fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String) {
        key.option(self.as_ref(), |value, key| value.write_folded(key, fold));
    }
}

impl<T: CaseFold + ToOwned + ?Sized> CaseFold for Cow<'_, T> {
    fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String) {
        (**self).write_folded(key, fold);
    }
}

/// A point in time, or a count of seconds, that a template can round down: `{at:bucket(1h)}`.
///
/// All values of one bucket share one key, so a time range that moves with the clock still hits.
/// `SystemTime`, `Duration`, integers (counts of seconds), and with the features `chrono` and
/// `jiff` their times; in references and `Option` too. Buckets are counted from 1970 in UTC (a
/// time without a zone is taken for UTC), and rounding is towards the past on both sides of it.
/// A size of zero rounds nothing.
///
/// A type of your own hands its time on:
///
/// ```
/// use cache_runtime::key::{Bucket, KeyWriter};
/// use std::time::{Duration, SystemTime};
///
/// struct Measured { at: SystemTime }
///
/// impl Bucket for Measured {
///     fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
///         self.at.write_bucket(size, key);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be rounded to a bucket of time",
    label = "`bucket` is for times and for integers that count seconds",
    note = "name a field that is a time ({{range.start:bucket(1h)}}); the times of chrono and jiff need cache-runtime's feature of that name"
)]
pub trait Bucket {
    /// Writes the beginning of the bucket of `size` that this time is in.
    fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>);
}

/// Rounds a count of nanoseconds down to a multiple of `size`.
pub(super) fn round_down(time: i128, size: Duration) -> i128 {
    let size = nanos(size).max(1); // a size of zero is no reason to panic
    // Saturating is for the compiler: no time of ours is near the ends of an i128.
    time.div_euclid(size).saturating_mul(size)
}

/// Writes the bucket of a count of nanoseconds since 1970.
pub(super) fn write_bucket(time: i128, size: Duration, key: &mut KeyWriter<'_>) {
    push_seconds(key.raw(), round_down(time, size));
}

impl Bucket for SystemTime {
    fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
        write_bucket(since_epoch(*self), size, key);
    }
}

impl Bucket for Duration {
    fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
        write_bucket(nanos(*self), size, key);
        key.plain('s');
    }
}

macro_rules! seconds {
    ($($type:ty),+) => {$(
        impl Bucket for $type {
            fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
                // At most 64 bits of seconds, whose nanoseconds fit in an i128 thousands of times.
                #[allow(clippy::cast_lossless)] // `usize` has no `From`
                write_bucket(*self as i128 * 1_000_000_000, size, key);
            }
        }
    )+};
}

seconds!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

impl<T: Bucket> Bucket for Option<T> {
    fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
        key.option(self.as_ref(), |value, key| value.write_bucket(size, key));
    }
}

/// Types that read as what they hold.
macro_rules! transparent {
    ($($type:ty),+ $(,)?) => {$(
        impl<T: CaseFold + ?Sized> CaseFold for $type {
            fn write_folded(&self, key: &mut KeyWriter<'_>, fold: fn(&str) -> String) {
                (**self).write_folded(key, fold);
            }
        }

        impl<T: Bucket + ?Sized> Bucket for $type {
            fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
                (**self).write_bucket(size, key);
            }
        }
    )+};
}

transparent!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);
