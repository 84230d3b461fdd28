//! How values become bytes and come back.

use crate::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Turns values into bytes and back.
///
/// A codec must refuse (answer an error for) every value that it could not read back unchanged,
/// since a hit must return what the function returned; and it must answer an error, never panic,
/// for any bytes at all, since anybody can write to a Redis.
pub trait Codec: Send + Sync + 'static {
    /// Names the format in the version mark of a key (`user:7~msgpack`), so that values of two
    /// formats never meet under one key. Letters and digits; empty for JSON alone.
    const NAME: &'static str;

    /// Whether fields are told apart by position alone, so that a changed struct reads as
    /// another: such a codec demands `version = ...` beside it.
    const POSITIONAL: bool = false;

    /// Appends `value`'s bytes to `bytes`.
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
