//! What is stored before a value of which more must be known than its life.
//!
//! Most values have none: what is in Redis is what the codec wrote. What begins with [`MAGIC`] has
//! an envelope, whichever function reads it, so that an option which needs one can be turned on
//! and off. A value that by itself begins like that, as only those of binary codecs can, gets an
//! empty envelope, and is not taken for one.
//!
//! Two versions are read. Behind the magic and the version's number stand
//!
//! - in version 1: how many bytes follow (one byte), and either none or the load (eight);
//! - in version 2: how many bytes follow (two bytes), and fields: type (one byte), length (two)
//!   and content. An unknown field can be skipped if its type is below [`MUST_BE_KNOWN`].
//!
//! The load alone is written as version 1, which older readers know. Of all numbers the highest
//! byte comes first.

use crate::error::Error;
use crate::key::whole::Key;
use crate::store::Bytes;
use std::ops::Deref;
use std::time::Duration;

/// JSON never begins with it: 0xFF is no byte of UTF-8.
const MAGIC: [u8; 4] = *b"\xFFrch";
/// The field with the load: nanoseconds, in eight bytes.
const LOAD: u8 = 1;
/// Whoever does not know a field of this type or above cannot use the value.
const MUST_BE_KNOWN: u8 = 0x80;

/// What is stored before a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// How long the body ran.
    pub(crate) load: Option<Duration>,
}

/// The bytes of a value, behind its envelope.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    bytes: Bytes,
    from: usize,
}

impl Payload {
    /// What has no envelope.
    pub(crate) fn bare(bytes: Bytes) -> Self {
        Self { bytes, from: 0 }
    }
}

impl Deref for Payload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(self.from..).unwrap_or_default()
    }
}

/// What was stored.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) envelope: Envelope,
    pub(crate) value: Payload,
}

/// Puts `envelope` before the value of `key` that `bytes` are, if it says anything or has to be
/// there.
///
/// # Errors
/// When something in it is too large to be written.
// The key is what a signature will be for.
pub(crate) fn seal(_key: &Key, envelope: Envelope, bytes: &mut Vec<u8>) -> Result<(), Error> {
    let load = match envelope.load {
        Some(load) => Some(u64::try_from(load.as_nanos()).map_err(|_| too_large())?.to_be_bytes()),
        None if bytes.starts_with(&MAGIC) => None,
        None => return Ok(()),
    };
    let fields = load.as_ref().map_or(&[][..], |load| load);
    let length = u8::try_from(fields.len()).map_err(|_| too_large())?;
    let header = MAGIC.into_iter().chain([1, length]).chain(fields.iter().copied());
    drop(bytes.splice(..0, header));
    Ok(())
}

/// What was stored under `key`, without a copy of the value.
///
/// # Errors
/// When there is an envelope that cannot be read: cut off, of another version, or with a field
/// that must be known and is not.
pub(crate) fn open(_key: &Key, bytes: Bytes) -> Result<Opened, Error> {
    let (envelope, value) = split(&bytes).ok_or_else(unreadable)?;
    let from = bytes.len() - value.len();
    Ok(Opened { envelope, value: Payload { bytes, from } })
}

/// The envelope, and the value behind it; `None` if it cannot be read.
fn split(bytes: &[u8]) -> Option<(Envelope, &[u8])> {
    match bytes.strip_prefix(&MAGIC) {
        None => Some((Envelope::default(), bytes)),
        Some([1, length, rest @ ..]) => {
            let (load, value) = rest.split_at_checked(usize::from(*length))?;
            let load = if load.is_empty() { None } else { Some(load_of(load)?) };
            Some((Envelope { load }, value))
        }
        Some([2, rest @ ..]) => {
            let (fields, value) = sized(rest)?;
            Some((fields_of(fields)?, value))
        }
        Some(_) => None,
    }
}

fn fields_of(mut fields: &[u8]) -> Option<Envelope> {
    let mut envelope = Envelope::default();
    while let Some((kind, rest)) = fields.split_first() {
        let (content, rest) = sized(rest)?;
        match *kind {
            LOAD => envelope.load = Some(load_of(content)?),
            MUST_BE_KNOWN.. => return None,
            _ => {}
        }
        fields = rest;
    }
    Some(envelope)
}

/// As many bytes as the first two say, and what follows them.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

fn load_of(content: &[u8]) -> Option<Duration> {
    content.try_into().ok().map(|nanos| Duration::from_nanos(u64::from_be_bytes(nanos)))
}

fn unreadable() -> Error {
    Error::Codec("an envelope that this version cannot read".into())
}

fn too_large() -> Error {
    Error::Codec("an envelope too large to be written".into())
}

#[cfg(test)]
mod tests;
