//! Arguments and parameters that are in some builds only, and fields of what is no `Option`, without
//! a warning.
#![deny(warnings, unused_qualifications, unreachable_code)]

use cache_runtime::{redis_cache, redis_invalidate};
use std::sync::Arc;

/// Of two names, one in a build.
#[redis_cache]
pub async fn arguments(a: u64, #[cfg(any())] b: u64, #[cfg(not(any()))] b: &str) -> usize {
    b.len() + usize::from(a > 0)
}

/// In the background, on copies.
#[redis_cache(key = "a:{a}:{b}", stale_while_revalidate = "1m")]
pub async fn copied(#[cfg(any())] a: &str, #[cfg(not(any()))] b: &str) -> usize {
    b.len()
}

/// Parameters, and a plain function.
#[redis_cache(key = "p:{T}:{N}:{M}")]
pub fn parameters<#[cfg(any())] T: Sync, const N: usize, #[cfg(any())] const M: usize>() -> u64 {
    u64::try_from(N).unwrap_or(0)
}

/// The same by default.
#[redis_cache]
pub fn by_default<#[cfg(any())] T: Sync, const N: usize>(#[allow(unused)] id: u64) -> u64 {
    u64::try_from(N).unwrap_or(0)
}

/// A writer.
#[redis_invalidate(arguments(a, #[cfg(any())] b, b), keys = ["w:{a}:{c}"])]
pub async fn writer(a: u64, b: &str, #[cfg(any())] c: u64) {
    let _ = (a, b);
}

/// Holds what holds something.
pub struct Outer {
    inner: Arc<Inner>,
    pair: (u8, Inner),
}

/// Is held.
#[derive(Clone)]
pub struct Inner {
    id: u64,
    name: Option<String>,
}

impl Outer {
    /// Fields behind fields, an `Arc` and tuples, and an `Option` at the end.
    #[redis_cache(key = "o:{self.inner.id}:{self.pair.1.name}:{other.1.inner.name:lower}")]
    pub async fn find(&self, other: &mut (u8, Box<Self>)) -> u64 {
        other.0 = 1;
        self.inner.id
    }

    /// By value.
    #[redis_cache(key = "o:{inner.id}:{self.pair.0}")]
    pub async fn take(self, inner: Inner) -> u64 {
        self.inner.id + inner.id
    }
}
