//! What a codec promises: refused, or read back equal; and no bytes do harm.

mod harm;
mod lossless;
mod room;
mod roundtrip;

use super::Codec;
use crate::error::Error;
use serde::{Serialize, de::DeserializeOwned};

fn encoded<C: Codec, T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![];
    C::encode(value, &mut bytes).map(|()| bytes)
}

/// What comes back of a value, or nothing when it is refused.
#[track_caller]
fn returned<C: Codec, T: Serialize + DeserializeOwned>(value: &T) -> Option<T> {
    let bytes = encoded::<C, T>(value).ok()?;
    Some(C::decode(&bytes).expect("what was written is read"))
}

/// Runs a generic function for each codec.
macro_rules! each_codec {
    ($function:ident($($argument:expr),*)) => {
        $function::<Json>($($argument),*);
        #[cfg(feature = "msgpack")]
        $function::<MessagePack>($($argument),*);
        #[cfg(feature = "postcard")]
        $function::<Postcard>($($argument),*);
    };
}
use each_codec;
