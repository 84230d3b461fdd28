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
    use chrono::{
        DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc,
    };
    use std::fmt::{Debug, Write as _};
    use std::time::Duration;

    /// The nanoseconds since 1970; a leap second falls together with the second after it.
    fn since_epoch(utc: NaiveDateTime) -> i128 {
        let utc = utc.and_utc();
        i128::from(utc.timestamp()) * 1_000_000_000 + i128::from(utc.timestamp_subsec_nanos())
    }

    /// The offset of a time zone that tells the zone: two zones of one offset can differ in what
    /// they are in half a year.
    #[diagnostic::on_unimplemented(
        message = "a time with the offset `{Self}` cannot be part of a cache key: it does not tell the time zone",
        label = "of two zones with one offset this is the same",
        note = "`Utc`, `FixedOffset` and `Local` can be part of a key; `chrono_tz::Tz` needs cache-runtime's feature `chrono-tz`"
    )]
    pub trait TellsZone {
        /// Writes what stands behind a time.
        fn write_zone(&self, key: &mut KeyWriter<'_>);
    }

    impl TellsZone for Utc {
        fn write_zone(&self, _: &mut KeyWriter<'_>) {}
    }

    // Of `Local` too, which is the same zone in every process of a service.
    impl TellsZone for FixedOffset {
        fn write_zone(&self, key: &mut KeyWriter<'_>) {
            let seconds = self.local_minus_utc();
            if seconds != 0 {
                let sign = if seconds < 0 { '-' } else { '+' };
                let (minutes, rest) = (seconds.unsigned_abs() / 60, seconds.unsigned_abs() % 60);
                push_plain(key.raw(), format_args!("{sign}{:02}{:02}", minutes / 60, minutes % 60));
                if rest != 0 {
                    push_plain(key.raw(), format_args!("{rest:02}"));
                }
            }
        }
    }

    #[cfg(feature = "chrono-tz")]
    impl TellsZone for chrono_tz::TzOffset {
        fn write_zone(&self, key: &mut KeyWriter<'_>) {
            key.plain('@');
            key.str(chrono_tz::OffsetName::tz_id(self));
        }
    }

    impl<Z: TimeZone<Offset: TellsZone>> CacheKey for DateTime<Z> {
        fn write_key(&self, key: &mut KeyWriter<'_>) {
            // In UTC: the local time of the last instants that chrono knows would panic.
            self.naive_utc().write_key(key);
            key.plain('Z');
            self.offset().write_zone(key);
        }
    }

    impl<Z: TimeZone<Offset: TellsZone>> Bucket for DateTime<Z> {
        fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
            write_bucket(since_epoch(self.naive_utc()), size, key);
            self.offset().write_zone(key);
        }
    }

    impl Bucket for NaiveDateTime {
        fn write_bucket(&self, size: Duration, key: &mut KeyWriter<'_>) {
            write_bucket(since_epoch(*self), size, key);
        }
    }

    /// `Debug` is ISO 8601, with a `T`; writing to a key cannot fail.
    fn write_iso(time: &impl Debug, key: &mut KeyWriter<'_>) {
        let _ = write!(WithoutColons(key.raw()), "{time:?}");
    }

    impl CacheKey for NaiveDate {
        fn write_key(&self, key: &mut KeyWriter<'_>) {
            write_iso(self, key);
        }
    }

    macro_rules! with_time {
        ($($type:ty),+) => {$(
            impl CacheKey for $type {
                fn write_key(&self, key: &mut KeyWriter<'_>) {
                    write_iso(self, key);
                    // That of a minute's last second reads as second 60. chrono has them behind
                    // any other second too, and writes them as the second that follows.
                    if self.nanosecond() >= 1_000_000_000 && self.second() != 59 {
                        key.plain("leap");
                    }
                }
            }
        )+};
    }

    with_time!(NaiveTime, NaiveDateTime);
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

    /// The zone behind a time: its name, or its offset in seconds where it is nothing else.
    fn write_zone(time: &Zoned, key: &mut KeyWriter<'_>) {
        key.plain('@');
        let zone = time.time_zone();
        match zone.iana_name() {
            Some(name) => key.str(name),
            None => {
                key.plain(time.offset().seconds());
                if zone.to_fixed_offset().is_err() {
                    key.refuse(
                        "a time zone in its key has rules and no name, so two such zones \
                                would have one entry: use zones of the IANA database",
                    );
                }
            }
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
