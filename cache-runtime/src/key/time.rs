//! [`CacheKey`] for the times of std.

use super::cache_key::CacheKey;
use super::encode::{nanos, push_seconds, since_epoch};
use super::writer::KeyWriter;
use std::time::{Duration, SystemTime};

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
