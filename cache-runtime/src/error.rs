//! What an operation that asked something of the store can answer.

use std::fmt;

/// Why an operation on the cache itself did not succeed.
///
/// A cached call never returns this: whatever happens to the store, it returns what its body
/// returned. The error is for those who ask the cache for something, such as
/// [`Cache::invalidate`](crate::Cache::invalidate), [`Cache::ping`](crate::Cache::ping) or an
/// [`Entry`](crate::Entry).
///
/// No variant ever holds a password, a URL or a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A setting is malformed; the text names it and says what it should be.
    Config(String),
    /// Caching is switched off (`disabled://`, `REDIS_ENABLED=false`, or nothing configured).
    Disabled,
    /// There is no connection to the store now that is of any use: it is out of reach, or it
    /// refuses us (a wrong password, say). Said at once, without waiting. Why was logged at WARN
    /// when it began.
    Unavailable,
    /// The store did not answer in time.
    Timeout,
    /// The server refused the command; the text is its error code, such as `READONLY` or `OOM`,
    /// and of an `ERR` what is known beside it: `ERR unknown command 'EVALSHA'`.
    Refused(String),
    /// The key holds something that is not a plain value, such as a list.
    WrongType,
    /// The value cannot be encoded in a way that would be read back unchanged, or the bytes in
    /// the store are not a value of this type.
    Codec(String),
    /// The key, pattern or function name asked for is not one this cache can hold.
    Invalid(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(why) => write!(f, "cache configuration: {why}"),
            Self::Disabled => f.write_str("caching is disabled"),
            Self::Unavailable => f.write_str(
                "the cache's store is out of reach or refuses us; a WARN of `tracing` said why when it began",
            ),
            Self::Timeout => f.write_str("the cache's store did not answer in time"),
            Self::Refused(code) => write!(f, "the cache's store refused the command: {code}"),
            Self::WrongType => f.write_str("the key holds something that is not a cached value"),
            Self::Codec(why) => write!(f, "the value cannot be encoded or decoded: {why}"),
            Self::Invalid(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {}
