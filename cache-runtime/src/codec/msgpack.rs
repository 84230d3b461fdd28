//! MessagePack: JSON's model in fewer bytes.

use super::limits::{self, Limits};
use super::{Codec, guard, lossless, refused};
use crate::error::Error;
use rmp_serde::decode::Error as DecodeError;
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};

/// MessagePack with the names of fields, so that a struct whose fields were moved still reads
/// right.
///
/// These values cannot be written and are returned without being stored, since MessagePack would
/// give back something else: a `Some` of what is `nil` (`Some(None)`, `Some(())`), and values
/// nested more than 256 levels deep.
///
/// ```
/// use cache_runtime::{Codec, MessagePack};
///
/// let mut bytes = vec![];
/// MessagePack::encode(&("a", f64::INFINITY), &mut bytes)?;
/// assert_eq!(MessagePack::decode::<(String, f64)>(&bytes)?, ("a".to_owned(), f64::INFINITY));
///
/// assert!(MessagePack::encode(&Some(None::<u8>), &mut bytes).is_err());
/// # Ok::<(), cache_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct MessagePack;

impl Codec for MessagePack {
    const NAME: &'static str = "msgpack";

    #[inline(never)]
    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
        lossless::check(value, &lossless::MESSAGE_PACK)?;
        value
            .serialize(&mut rmp_serde::Serializer::new(bytes).with_struct_map())
            .map_err(|_| refused("MessagePack cannot hold this value"))
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
    let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
    let value = T::deserialize(guard::Guarded::new(&mut reader, limits))
        .map_err(|error| refused(describe(&error)))?;
    // The reader does not say where it is, but at the end there is no marker to read.
    match bool::deserialize(&mut reader) {
        Err(DecodeError::InvalidMarkerRead(_)) => Ok(value),
        _ => Err(refused("something follows the MessagePack value")),
    }
}

/// What went wrong, without the parts of the value that the error's own text may quote.
fn describe(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::InvalidMarkerRead(_) | DecodeError::InvalidDataRead(_) => {
            "MessagePack that ends too early"
        }
        DecodeError::DepthLimitExceeded => "MessagePack nested too deep",
        _ => "not MessagePack of this type",
    }
}
