//! What is stored before a value of which more must be known than its life.
//!
//! Most values have no header: what is in Redis is what the codec wrote. What begins with
//! [`MAGIC`] has one, whichever function reads it, so that an option which needs headers can be
//! turned on and off. A value that by itself begins like that, as only those of binary codecs
//! can, gets an empty header, and is not taken for one.
//!
//! A header is the magic, a version, how many bytes follow, and these: none, or how long the
//! value's computation took, in nanoseconds, as eight bytes of which the highest is first.

use crate::error::Error;
use std::time::Duration;

/// JSON never begins with it: 0xFF is no byte of UTF-8.
const MAGIC: [u8; 4] = *b"\xFFrch";
const VERSION: u8 = 1;

/// What precedes a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// How long the body ran.
    pub(crate) load: Option<Duration>,
}

/// Puts `header` before the value that `bytes` are, if it says anything or has to be there.
pub(crate) fn prepend(header: Header, bytes: &mut Vec<u8>) {
    let load = header.load.map(|load| {
        let nanos = u64::try_from(load.as_nanos()).unwrap_or(u64::MAX);
        nanos.to_be_bytes()
    });
    let fields = load.as_ref().map_or(&[][..], |load| load);
    if fields.is_empty() && !bytes.starts_with(&MAGIC) {
        return;
    }
    let length = u8::try_from(fields.len()).unwrap_or(u8::MAX);
    let header = MAGIC.into_iter().chain([VERSION, length]).chain(fields.iter().copied());
    drop(bytes.splice(..0, header));
}

/// The header of what is stored, and the value behind it.
///
/// # Errors
/// When there is a header that cannot be read: cut off, or of another version.
pub(crate) fn split(bytes: &[u8]) -> Result<(Header, &[u8]), Error> {
    let Some(rest) = bytes.strip_prefix(&MAGIC) else { return Ok((Header::default(), bytes)) };
    let unreadable = || Error::Codec("a header that this version cannot read".into());
    let [VERSION, length, rest @ ..] = rest else { return Err(unreadable()) };
    let (fields, value) = rest.split_at_checked(usize::from(*length)).ok_or_else(unreadable)?;
    let load = match <[u8; 8]>::try_from(fields) {
        Ok(nanos) => Some(Duration::from_nanos(u64::from_be_bytes(nanos))),
        Err(_) if fields.is_empty() => None,
        Err(_) => return Err(unreadable()),
    };
    Ok((Header { load }, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stored(load: Option<Duration>, value: &[u8]) -> Vec<u8> {
        let mut bytes = value.to_vec();
        prepend(Header { load }, &mut bytes);
        bytes
    }

    /// Anything, and often what begins like a header.
    fn any_value() -> impl Strategy<Value = Vec<u8>> {
        let magic = prop_oneof![Just(vec![]), Just(MAGIC.to_vec()), Just(MAGIC[..3].to_vec())];
        (magic, any::<Vec<u8>>()).prop_map(|(magic, rest)| [magic, rest].concat())
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(value in any_value(), nanos: Option<u64>) {
            let load = nanos.map(Duration::from_nanos);
            let bytes = stored(load, &value);
            prop_assert_eq!(split(&bytes), Ok((Header { load }, &value[..])));
        }

        #[test]
        fn a_value_is_stored_as_it_is_wherever_it_can(value in any_value()) {
            if !value.starts_with(&MAGIC) {
                prop_assert_eq!(stored(None, &value), value);
            }
        }

        #[test]
        fn no_bytes_are_too_odd_to_be_looked_at(value in any_value()) {
            let _ = split(&value);
        }

        #[test]
        fn a_header_that_is_cut_off_is_no_value(nanos: u64, kept in 4_usize..14) {
            let bytes = stored(Some(Duration::from_nanos(nanos)), b"");
            prop_assert_eq!(bytes.len(), 14);
            prop_assert!(split(&bytes[..kept]).is_err());
        }
    }

    #[test]
    fn other_versions_and_lengths_are_refused() {
        assert!(split(b"\xFFrch\x02\x00[]").is_err());
        assert!(split(b"\xFFrch\x01\x03abc[]").is_err());
        assert_eq!(split(b"\xFFrch\x01\x00[]"), Ok((Header::default(), &b"[]"[..])));
        assert_eq!(split(b""), Ok((Header::default(), &b""[..])));
    }

    #[test]
    fn no_json_begins_like_a_header() {
        assert!(std::str::from_utf8(&MAGIC).is_err());
    }

    #[test]
    fn a_load_longer_than_centuries_is_cut() {
        let (header, _) =
            split(&stored(Some(Duration::MAX), b"1")).map(|(h, v)| (h, v.len())).unwrap();
        assert_eq!(header.load, Some(Duration::from_nanos(u64::MAX)));
    }
}
