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
//!
//! What has tags names them, with the tokens that they had before its computation began. A reader
//! that knows no tags cannot use it: it would serve what was invalidated.

use crate::error::Error;
use crate::key::whole::Key;
use crate::store::Bytes;
use crate::store::tag::{FillId, TOKEN_BYTES, TagToken};
use std::ops::{Deref, Range};
use std::time::Duration;

/// JSON never begins with it: 0xFF is no byte of UTF-8.
const MAGIC: [u8; 4] = *b"\xFFrch";
/// The field with the load: nanoseconds, in eight bytes.
const LOAD: u8 = 1;
/// The field with the number of the fill, in eight bytes: the first one, so that scripts find it at
/// [`FILL_AT`](crate::store::tag::FILL_AT).
const FILL: u8 = 2;
/// The field with the tags: for each how long its name is (two bytes), the name, and its token.
const TAGS: u8 = 0x83;
/// The field that says that what follows is an error, and no value. It has no content.
const ERROR: u8 = 0x84;
/// The field that says that some of the tags are the value's own (`tags_with`), behind those that
/// its call has; perhaps none. It has no content.
const OWN_TAGS: u8 = 0x85;
/// Whoever does not know a field of this type or above cannot use the value.
const MUST_BE_KNOWN: u8 = 0x80;

/// What is stored before a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// How long the body ran.
    pub(crate) load: Option<Duration>,
    /// Which fill of its key a value with tags is.
    pub(crate) fill: Option<FillId>,
    /// Whether it is an error that follows.
    pub(crate) is_error: bool,
    /// Whether the value has tags of its own beside those of its call.
    pub(crate) has_own_tags: bool,
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
    /// Where its tags stand.
    tags: Range<usize>,
}

impl Opened {
    /// What has no envelope, as most that is stored.
    #[inline]
    fn bare(bytes: Bytes) -> Self {
        Self { envelope: Envelope::default(), value: Payload::bare(bytes), tags: 0..0 }
    }

    /// Whether it has any tags.
    #[inline]
    pub(crate) fn has_tags(&self) -> bool {
        !self.tags.is_empty()
    }

    /// The names of its tags, with the tokens that they had before its computation began.
    pub(crate) fn tags(&self) -> impl Iterator<Item = (&str, TagToken)> {
        let tags = self.value.bytes.get(self.tags.clone()).unwrap_or_default();
        TagList(tags).map_while(Result::ok)
    }
}

/// The content of a field with tags.
struct TagList<'b>(&'b [u8]);

impl<'b> Iterator for TagList<'b> {
    type Item = Result<(&'b str, TagToken), ()>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let tag = || {
            let (name, rest) = sized(self.0)?;
            let (token, rest) = rest.split_at_checked(TOKEN_BYTES)?;
            Some((std::str::from_utf8(name).ok()?, TagToken::read(token)?, rest))
        };
        let tag = tag();
        self.0 = tag.map_or(&[], |(.., rest)| rest);
        Some(tag.map(|(name, token, _)| (name, token)).ok_or(()))
    }
}

/// Puts `envelope` before the value of `key` that `bytes` are, if it says anything or has to be
/// there, and the tags with their tokens. What has tags has a number of its fill.
///
/// # Errors
/// When something in it is too large to be written.
// The key is what a signature will be for.
pub(crate) fn seal(
    _key: &Key,
    envelope: Envelope,
    tags: &[(Key, TagToken)],
    bytes: &mut Vec<u8>,
) -> Result<(), Error> {
    if envelope.is_error && envelope.fill.is_none() {
        let header = MAGIC.into_iter().chain([2, 0, 3, ERROR, 0, 0]);
        drop(bytes.splice(..0, header));
        return Ok(());
    }
    let load = match envelope.load {
        Some(load) => Some(u64::try_from(load.as_nanos()).map_err(|_| too_large())?.to_be_bytes()),
        None => None,
    };
    let mut header = MAGIC.to_vec();
    match (load, envelope.fill) {
        (None, None) if !bytes.starts_with(&MAGIC) => return Ok(()),
        (load, None) => {
            let fields = load.as_ref().map_or(&[][..], |load| load);
            header.extend([1, u8::try_from(fields.len()).map_err(|_| too_large())?]);
            header.extend(fields);
        }
        (load, Some(fill)) => {
            let mut list = Vec::new();
            for (tag, token) in tags {
                push_sized(&mut list, tag.tag().unwrap_or_default().as_bytes())?;
                list.extend(token.as_bytes());
            }
            let mut fields = vec![FILL];
            push_sized(&mut fields, &fill.0)?;
            if let Some(load) = load {
                fields.push(LOAD);
                push_sized(&mut fields, &load)?;
            }
            fields.push(TAGS);
            push_sized(&mut fields, &list)?;
            for (kind, given) in [(ERROR, envelope.is_error), (OWN_TAGS, envelope.has_own_tags)] {
                if given {
                    fields.push(kind);
                    push_sized(&mut fields, &[])?;
                }
            }
            header.push(2);
            push_sized(&mut header, &fields)?;
        }
    }
    drop(bytes.splice(..0, header));
    Ok(())
}

/// Appends how long `content` is, and `content`.
fn push_sized(bytes: &mut Vec<u8>, content: &[u8]) -> Result<(), Error> {
    let length = u16::try_from(content.len()).map_err(|_| too_large())?;
    bytes.extend(length.to_be_bytes());
    bytes.extend(content);
    Ok(())
}

/// What was stored under `key`, without a copy of the value.
///
/// # Errors
/// When there is an envelope that cannot be read: cut off, of another version, or with a field
/// that must be known and is not.
#[inline] // a part of every hit
pub(crate) fn open(_key: &Key, bytes: Bytes) -> Result<Opened, Error> {
    if bytes.starts_with(&MAGIC) { open_sealed(bytes) } else { Ok(Opened::bare(bytes)) }
}

fn open_sealed(bytes: Bytes) -> Result<Opened, Error> {
    let split = split(&bytes).ok_or_else(unreadable)?;
    let (envelope, tags) = (split.envelope, split.tags(&bytes));
    let from = bytes.len() - split.value.len();
    Ok(Opened { envelope, value: Payload { bytes, from }, tags })
}

/// The names of all tags of what was stored, if some of them are its own.
pub(crate) fn names_with_own(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let split = split(bytes).filter(|split| split.envelope.has_own_tags);
    let tags = split.and_then(|split| bytes.get(split.tags(bytes))).unwrap_or_default();
    TagList(tags).map_while(Result::ok).map(|(name, _)| name)
}

struct Split<'b> {
    envelope: Envelope,
    /// How long the tags are, and how much of the envelope is behind them.
    tags: Option<(usize, usize)>,
    value: &'b [u8],
}

impl Split<'_> {
    /// Where the tags stand in all of the `bytes`.
    fn tags(&self, bytes: &[u8]) -> Range<usize> {
        // The fields end where the value begins, and the tags are within them.
        self.tags.map_or(0..0, |(tags, behind)| {
            let end = (bytes.len() - self.value.len()).saturating_sub(behind);
            end.saturating_sub(tags)..end
        })
    }
}

/// The envelope, and the value behind it; `None` if it cannot be read.
fn split(bytes: &[u8]) -> Option<Split<'_>> {
    match bytes.strip_prefix(&MAGIC) {
        None => Some(Split { envelope: Envelope::default(), tags: None, value: bytes }),
        Some([1, length, rest @ ..]) => {
            let (load, value) = rest.split_at_checked(usize::from(*length))?;
            let load = if load.is_empty() { None } else { Some(load_of(load)?) };
            Some(Split { envelope: Envelope { load, ..Envelope::default() }, tags: None, value })
        }
        Some([2, rest @ ..]) => {
            let (fields, value) = sized(rest)?;
            let (envelope, tags) = fields_of(fields)?;
            Some(Split { envelope, tags, value })
        }
        Some(_) => None,
    }
}

/// What the fields say, and which part of them the tags are: how long, and how much is behind.
fn fields_of(mut fields: &[u8]) -> Option<(Envelope, Option<(usize, usize)>)> {
    let (mut envelope, mut tags) = (Envelope::default(), None);
    while let Some((kind, rest)) = fields.split_first() {
        let (content, rest) = sized(rest)?;
        match *kind {
            LOAD => envelope.load = Some(load_of(content)?),
            FILL => envelope.fill = Some(FillId(content.try_into().ok()?)),
            // Twice would be tags of which some are not looked at.
            TAGS if tags.is_some() || !TagList(content).all(|tag| tag.is_ok()) => return None,
            TAGS => tags = Some((content.len(), rest.len())),
            ERROR => envelope.is_error = true,
            OWN_TAGS => envelope.has_own_tags = true,
            MUST_BE_KNOWN.. => return None,
            _ => {}
        }
        fields = rest;
    }
    Some((envelope, tags))
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
