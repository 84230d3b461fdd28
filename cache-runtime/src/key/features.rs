//! [`CacheKey`](super::cache_key::CacheKey) and [`Bucket`](super::transforms::Bucket) for the types of other crates, each behind the
//! feature of its name.

#[cfg(feature = "uuid")]
impl super::cache_key::CacheKey for uuid::Uuid {
    fn write_key(&self, key: &mut super::writer::KeyWriter<'_>) {
        key.plain(self.as_hyphenated());
    }
}

#[cfg(feature = "rust_decimal")]
impl super::cache_key::CacheKey for rust_decimal::Decimal {
    fn write_key(&self, key: &mut super::writer::KeyWriter<'_>) {
        // With the zeros at its end and the sign of a zero, which a function can tell apart.
        key.plain(self);
    }
}

#[cfg(feature = "chrono")]
mod of_chrono {
    use crate::key::cache_key::CacheKey;
    use crate::key::encode::{WithoutColons, push_plain};
    use crate::key::transforms::{Bucket, write_bucket};
    use crate::key::writer::KeyWriter;
    use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeZone};
    use std::fmt::Write as _;
    use std::time::Duration;

    /// The nanoseconds since 1970; a leap second falls together with the second after it.
    fn since_epoch(utc: NaiveDateTime) -> i128 {
        let utc = utc.and_utc();
        i128::from(utc.timestamp()) * 1_000_000_000 + i128::from(utc.timestamp_subsec_nanos())
    }

    /// The offset behind a time, where there is one: a function may depend on it.
    fn write_offset<Z: TimeZone>(time: &DateTime<Z>, key: &mut KeyWriter<'_>) {
        let seconds = time.offset().fix().local_minus_utc();
        if seconds != 0 {
            let sign = if seconds < 0 { '-' } else { '+' };
            let (minutes, rest) = (seconds.unsigned_abs() / 60, seconds.unsigned_abs() % 60);
            push_plain(key.raw(), format_args!("{sign}{:02}{:02}", minutes / 60, minutes % 60));
            if rest != 0 {
                push_plain(key.raw(), format_args!("{rest:02}"));
            }
        }
    }

    impl<Z: TimeZone> CacheKey for DateTime<Z> {
        fn write_key(&self, key: &mut KeyWriter<'_>) {
            // In UTC: the local time of the last instants that chrono knows would panic.
            self.naive_utc().write_key(key);
            key.plain('Z');
            write_offset(self, key);
        }
    }

    impl<Z: TimeZone> Bucket for DateTime<Z> {
        fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
            write_bucket(since_epoch(self.naive_utc()), size, key);
            write_offset(self, key);
        }
    }

    impl Bucket for NaiveDateTime {
        fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
            write_bucket(since_epoch(*self), size, key);
        }
    }

    macro_rules! naive {
        ($($type:ty),+) => {$(
            impl CacheKey for $type {
                fn write_key(&self, key: &mut KeyWriter<'_>) {
                    // `Debug` is ISO 8601, with a `T`; writing to a key cannot fail.
                    let _ = write!(WithoutColons(key.raw()), "{self:?}");
                }
            }
        )+};
    }

    naive!(NaiveDate, NaiveTime, NaiveDateTime);
}

#[cfg(feature = "jiff")]
mod of_jiff {
    use crate::key::cache_key::CacheKey;
    use crate::key::encode::WithoutColons;
    use crate::key::transforms::{Bucket, write_bucket};
    use crate::key::writer::KeyWriter;
    use jiff::civil::{Date, DateTime, Time};
    use jiff::{Timestamp, Zoned, tz::TimeZone};
    use std::fmt::Write as _;
    use std::time::Duration;

    macro_rules! iso {
        ($($type:ty),+) => {$(
            impl CacheKey for $type {
                fn write_key(&self, key: &mut KeyWriter<'_>) {
                    // ISO 8601; writing to a key cannot fail.
                    let _ = write!(WithoutColons(key.raw()), "{self}");
                }
            }
        )+};
    }

    iso!(Timestamp, Date, Time, DateTime);

    /// The zone behind a time: its name, or its offset in seconds when it has none.
    fn write_zone(time: &Zoned, key: &mut KeyWriter<'_>) {
        key.plain('@');
        match time.time_zone().iana_name() {
            Some(name) => key.str(name),
            None => key.plain(time.offset().seconds()),
        }
    }

    impl CacheKey for Zoned {
        fn write_key(&self, key: &mut KeyWriter<'_>) {
            self.timestamp().write_key(key);
            write_zone(self, key);
        }
    }

    impl Bucket for Timestamp {
        fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
            write_bucket(self.as_nanosecond(), size, key);
        }
    }

    impl Bucket for Zoned {
        fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
            self.timestamp().write_bucket(size, key);
            write_zone(self, key);
        }
    }

    impl Bucket for DateTime {
        fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
            // Only the first and the last hours of jiff's time do not fit in UTC.
            match self.to_zoned(TimeZone::UTC) {
                Ok(time) => time.timestamp().write_bucket(size, key),
                Err(_) => self.write_key(key),
            }
        }
    }
}
