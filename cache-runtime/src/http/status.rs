//! What `X-Cache` and `Cache-Status` say of a handler's cached calls.

use crate::cache::context::Observed;
use axum::http::HeaderValue;
use std::borrow::Cow;

/// What the calls of one request came to, all together: the worst of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CacheStatus {
    /// Something was computed.
    Miss,
    /// Everything was there, but something past its time to live.
    Stale,
    /// Something was computed, since the cache was not to be asked.
    Bypass,
    /// Everything was there, or another call was computing it.
    Collapsed,
    /// Everything was there.
    Hit,
    /// Everything was in this process.
    Memory,
}

impl CacheStatus {
    /// `None` where there was no cached call.
    pub(super) fn of(observed: &Observed) -> Option<Self> {
        let order = [
            (observed.misses, Self::Miss),
            (observed.stale, Self::Stale),
            (observed.bypassed, Self::Bypass),
            (observed.coalesced, Self::Collapsed),
            (observed.hits - observed.memory_hits.min(observed.hits), Self::Hit),
            (observed.memory_hits, Self::Memory),
        ];
        order.into_iter().find(|(count, _)| *count > 0).map(|(_, status)| status)
    }

    /// For `X-Cache`, which has no standard.
    pub(super) fn x_cache(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Miss => "MISS",
            Self::Stale => "STALE",
            Self::Bypass => "BYPASS",
            Self::Collapsed | Self::Hit | Self::Memory => "HIT",
        })
    }

    /// For `Cache-Status` (RFC 9211). Says only what is known: whether the value was stored, and
    /// how long it lives, is not.
    pub(super) fn cache_status(self, name: &str) -> Option<HeaderValue> {
        let parameters = match self {
            Self::Miss => "fwd=miss",
            Self::Stale => "hit; detail=stale",
            Self::Bypass => "fwd=bypass",
            Self::Collapsed => "fwd=miss; collapsed",
            Self::Hit => "hit",
            Self::Memory => "hit; detail=memory",
        };
        HeaderValue::try_from([&item(name), "; ", parameters].concat()).ok()
    }
}

/// A name as a token of structured fields (RFC 8941) where it can be one, else as a string.
fn item(name: &str) -> Cow<'_, str> {
    let of_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
    if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '*') && name.chars().all(of_token)
    {
        return name.into();
    }
    let mut string = String::from("\"");
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            string.push('\\');
        }
        string.push(if (' '..='~').contains(&c) { c } else { '?' });
    }
    string.push('"');
    string.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(hits: u64, misses: u64, stale: u64, coalesced: u64, bypassed: u64) -> Observed {
        Observed { hits, misses, stale, coalesced, bypassed, ..Observed::default() }
    }

    #[test]
    fn the_worst_call_speaks_for_all() {
        assert_eq!(CacheStatus::of(&observed(0, 0, 0, 0, 0)), None);
        assert_eq!(CacheStatus::of(&observed(2, 0, 0, 0, 0)), Some(CacheStatus::Hit));
        assert_eq!(CacheStatus::of(&observed(2, 0, 0, 1, 0)), Some(CacheStatus::Collapsed));
        assert_eq!(CacheStatus::of(&observed(2, 0, 0, 1, 1)), Some(CacheStatus::Bypass));
        assert_eq!(CacheStatus::of(&observed(2, 0, 1, 1, 1)), Some(CacheStatus::Stale));
        assert_eq!(CacheStatus::of(&observed(2, 1, 1, 1, 1)), Some(CacheStatus::Miss));
        let memory = |hits| Observed { memory_hits: 2, ..observed(hits, 0, 0, 0, 0) };
        assert_eq!(CacheStatus::of(&memory(2)), Some(CacheStatus::Memory));
        assert_eq!(CacheStatus::of(&memory(3)), Some(CacheStatus::Hit));
    }

    #[test]
    fn names_are_tokens_or_strings() {
        for (name, written) in [
            ("catalog", "catalog"),
            ("shop.eu-1", "shop.eu-1"),
            ("1st", "\"1st\""),
            ("", "\"\""),
            ("a \"b\\", "\"a \\\"b\\\\\""),
            ("naïve\r\n", "\"na?ve??\""),
        ] {
            assert_eq!(item(name), written);
            assert!(CacheStatus::Hit.cache_status(name).is_some());
        }
    }
}
