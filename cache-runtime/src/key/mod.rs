//! Keys: how arguments become text that no other arguments become.

/// An argument that can be part of a cache key.
pub trait CacheKey {
    /// Writes this value into `key`.
    fn write_key(&self, key: &mut KeyWriter<'_>);
}

/// Where a key is rendered.
#[derive(Debug)]
pub struct KeyWriter<'s> {
    text: String,
    secret: Option<&'s [u8; 32]>,
}
