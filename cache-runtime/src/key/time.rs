//! [`CacheKey`] for the times of std.

use super::encode::push_seconds;
use super::{CacheKey, KeyWriter};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The nanoseconds of `duration`, of which an `i128` holds more than any duration has.
pub(super) fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

/// The nanoseconds between 1970 and `time`, negative before.
pub(super) fn since_epoch(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

impl CacheKey for Duration {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        push_seconds(key.raw(), nanos(*self));
        key.plain('s');
    }
}

impl CacheKey for SystemTime {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        push_seconds(key.raw(), since_epoch(*self));
    }
}
