//! How values become bytes and come back.
//!
//! [`Json`](json::Json) is what a function uses that names no codec: any other language reads it.
//! `MessagePack` and `Postcard` are smaller, each behind the feature of its name. Whatever the
//! codec, a value that would not come back as it was is not stored, and bytes that are no value are
//! a miss.

pub(crate) mod envelope;
mod guard;
pub(crate) mod json;
mod limits;
mod lossless;
#[cfg(feature = "msgpack")]
pub(crate) mod msgpack;
#[cfg(feature = "postcard")]
pub(crate) mod postcard;
pub(crate) mod told;
mod walk;

#[cfg(test)]
mod tests;

use crate::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Turns values into bytes and back: `codec = ...` in `#[redis_cache]`.
///
/// A codec should refuse (answer an error for) every value that it could not read back unchanged,
/// since a hit must return what the function returned. What it lets pass is found when the value
/// is read back before it is stored, unless the function says `verify = false`. It must answer an error, never panic,
/// for any bytes at all, since anybody can write to a Redis. Its errors must not show the value:
/// they are logged.
///
/// # A codec of your own
///
/// JSON behind a byte that says by which rules it was written:
///
/// ```
/// use cache_runtime::Error;
/// use cache_runtime::{Codec, Json};
/// use serde::{Serialize, de::DeserializeOwned};
///
/// struct Signed;
///
/// impl Codec for Signed {
///     const NAME: &'static str = "signed";
///
///     fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
///         bytes.push(1);
///         Json::encode(value, bytes)
///     }
///
///     fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
///         match bytes.split_first() {
///             Some((1, json)) => Json::decode(json),
///             _ => Err(Error::Codec("written by other rules".into())),
///         }
///     }
/// }
///
/// let mut bytes = vec![];
/// Signed::encode(&[1, 2], &mut bytes)?;
/// assert_eq!(bytes, b"\x01[1,2]");
/// assert_eq!(Signed::decode::<[u8; 2]>(&bytes)?, [1, 2]);
/// assert!(Signed::decode::<[u8; 2]>(b"[1,2]").is_err());
/// # Ok::<(), Error>(())
/// ```
pub trait Codec: Send + Sync + 'static {
    /// Names the format in the version mark of a key (`user:7~msgpack`), so that values of two
    /// formats never meet under one key. Letters and digits; empty for JSON alone.
    const NAME: &'static str;

    /// Whether fields are told apart by position alone, so that a changed struct reads as
    /// another: such a codec demands `version = ...` beside it.
    const POSITIONAL: bool = false;

    /// Appends `value`'s bytes to `bytes`. What is in `bytes` after an error is not used.
    ///
    /// # Errors
    /// When the value cannot be written, or could not be read back unchanged.
    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error>;

    /// The value that `bytes` are.
    ///
    /// # Errors
    /// When they are not one, or when something follows it.
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error>;
}

/// What a cached function can return: anything that serde writes and reads back.
///
/// Implemented for all such types, so there is nothing to implement; it exists to say in one
/// sentence what is missing.
///
/// ```
/// # use cache_runtime::Cacheable;
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct User {
///     name: String,
/// }
///
/// fn is_cacheable<T: Cacheable>() {}
/// is_cacheable::<Option<User>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "a cached function returns what serde can write and read back",
    note = "add #[derive(serde::Serialize, serde::Deserialize)] to it; a type of another crate may have them with that \
            crate's feature `serde`; a type parameter needs the bound `T: serde::Serialize + \
            serde::de::DeserializeOwned`"
)]
#[cfg_attr(
    feature = "axum",
    diagnostic::on_unimplemented(
        note = "a handler returns `Json<T>` or `Result<Json<T>, E>`, of which `T` is stored"
    )
)]
pub trait Cacheable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend] // or the compiler would report the two traits, apart
impl<T: Serialize + DeserializeOwned> Cacheable for T {}

/// An error that says `why`, and nothing of the value.
fn refused(why: impl Into<String>) -> Error {
    Error::Codec(why.into())
}
