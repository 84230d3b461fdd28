//! Postcard: the smallest, by position.

use super::limits::{self, Limits};
use super::{Codec, guard, lossless, refused};
use crate::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Postcard: the smallest and the fastest, and what it writes says nothing about itself.
///
/// Fields are told apart by position alone: reorder two, and the old bytes read as other values.
/// A function that uses it therefore states a `version`, to raise whenever the type changes, in
/// whatever way.
///
/// These values cannot be written and are returned without being stored, since Postcard could not
/// read them back: structs with a field left out by `skip_serializing_if`, what
/// `#[serde(flatten)]` makes of structs, values nested more than 256 levels deep, and more than
/// 65 536 empty values (such as `()`) that no bytes vouch for. What it writes but never reads
/// back: types that ask the format for their shape (`#[serde(untagged)]`, `#[serde(tag = "...")]`,
/// `serde_json::Value`), and fields with `skip_serializing` but without `skip_deserializing`, which
/// shift what follows them. A cached function reads a value back before it is stored, and says so.
///
/// ```
/// use cache_runtime::{Codec, Postcard};
///
/// let mut bytes = vec![];
/// Postcard::encode(&("a", Some(7)), &mut bytes)?;
/// assert_eq!(bytes, [1, b'a', 1, 14]);
/// assert_eq!(Postcard::decode::<(String, Option<i32>)>(&bytes)?, ("a".to_owned(), Some(7)));
/// # Ok::<(), cache_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Postcard;

impl Codec for Postcard {
    const NAME: &'static str = "postcard";
    const POSITIONAL: bool = true;

    #[inline(never)]
    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let empties = lossless::check(value, &lossless::POSTCARD)?;
        let from = bytes.len();
        ::postcard::to_io(value, &mut *bytes)
            .map_err(|_| refused("Postcard cannot hold this value"))?;
        if empties > limits::most_empties(bytes.len() - from) {
            return Err(refused("more empty values than would be read back"));
        }
        Ok(())
    }

    #[inline(never)]
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
        let mut value = Err(refused("nothing was read"));
        limits::within(bytes, lossless::LEVELS, size_of::<T>(), &mut |limits: &Limits| {
            value = read(bytes, limits);
        });
        value
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, Error> {
    let mut reader = ::postcard::Deserializer::from_bytes(bytes);
    let value = T::deserialize(guard::Guarded::new(&mut reader, limits))
        .map_err(|_| refused("not Postcard of this type"))?;
    match reader.finalize() {
        Ok([]) => Ok(value),
        _ => Err(refused("something follows the Postcard value")),
    }
}
