//! JSON, which every language reads.

use super::limits::{self, Limits};
use super::{Codec, guard, lossless, refused};
use crate::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::de::StrRead;
use serde_json::error::Category;

/// `serde_json` reads 127 lists and objects in each other; this counts `Some`s and newtypes too.
const LEVELS: u16 = 2 * lossless::LEVELS;

/// JSON: the default. `redis-cli GET` shows it, and any other language can share it.
///
/// Floats come back bit for bit. These values cannot be written and are returned without being
/// stored, since JSON would give back something else: NaN and infinities, a `Some` of what is
/// `null` (`Some(None)`, `Some(())`), maps whose keys are no text, number or `bool`, and values
/// nested more than 127 levels deep.
///
/// ```
/// use cache_runtime::{Codec, Json};
///
/// let mut bytes = vec![];
/// Json::encode(&("a", 0.1), &mut bytes)?;
/// assert_eq!(bytes, br#"["a",0.1]"#);
/// assert_eq!(Json::decode::<(String, f64)>(&bytes)?, ("a".to_owned(), 0.1));
///
/// assert!(Json::encode(&f64::NAN, &mut bytes).is_err());
/// # Ok::<(), cache_runtime::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

// `#[inline(never)]`, as in all codecs: what a value's type makes of it is compiled by the crate that
// defines the cached function, and not again by each one that calls it.
impl Codec for Json {
    const NAME: &'static str = "";

    #[inline(never)]
    fn encode<T: Serialize>(value: &T, bytes: &mut Vec<u8>) -> Result<(), Error> {
        lossless::check(value, &lossless::JSON)?;
        serde_json::to_writer(bytes, value).map_err(unwritable)
    }

    #[inline(never)]
    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
        let mut value = None;
        read(bytes, size_of::<T>(), &mut |reader: &mut Reader<'_>, limits: &Limits| {
            value = Some(T::deserialize(guard::Guarded::new(reader, limits))?);
            Ok(())
        })?;
        value.ok_or_else(nothing)
    }
}

// What is the same for all types is compiled once, and not in each cached function.

type Reader<'r> = serde_json::Deserializer<StrRead<'r>>;

/// Reads a value. Not `FnMut`: a table of that one's functions has the closure's code twice, since it can
/// be called by value too.
trait Read {
    fn read(&mut self, reader: &mut Reader<'_>, limits: &Limits) -> serde_json::Result<()>;
}

impl<F: FnMut(&mut Reader<'_>, &Limits) -> serde_json::Result<()>> Read for F {
    #[inline]
    fn read(&mut self, reader: &mut Reader<'_>, limits: &Limits) -> serde_json::Result<()> {
        self(reader, limits)
    }
}

/// Has `value` read one of so many bytes.
fn read(bytes: &[u8], size: usize, value: &mut dyn Read) -> Result<(), Error> {
    let mut outcome = Ok(());
    limits::within(bytes, LEVELS, size, &mut |limits: &Limits| {
        outcome = text(bytes).and_then(|text| {
            // As text it is looked at once, and not once for each string in it.
            let mut reader = Reader::from_str(text);
            let read = value.read(&mut reader, limits).and_then(|()| reader.end());
            read.map_err(unreadable)
        });
    });
    outcome
}

#[cold]
fn nothing() -> Error {
    refused("nothing was read") // it was, since nothing failed
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes).map_err(|error| {
        refused(format!("not JSON, which is UTF-8: it is none from byte {}", error.valid_up_to()))
    })
}

#[cold]
#[inline(never)]
#[allow(clippy::needless_pass_by_value)] // as `map_err` hands it over
fn unwritable(error: serde_json::Error) -> Error {
    match error.classify() {
        // Of writing it is about the keys of maps alone.
        Category::Syntax => refused(
            "JSON's maps have texts, numbers or `bool` for keys, and this value's has others: return a list of \
             pairs, or write `codec = MessagePack`",
        ),
        _ => refused("JSON cannot hold this value"),
    }
}

#[cold]
#[inline(never)]
#[allow(clippy::needless_pass_by_value)] // as `map_err` hands it over
fn unreadable(error: serde_json::Error) -> Error {
    // The error's own text may quote the value.
    let what = match error.classify() {
        Category::Io | Category::Eof => "JSON that ends too early",
        Category::Syntax => "not JSON",
        Category::Data => "JSON of another type",
    };
    refused(format!("{what}, at line {} column {}", error.line(), error.column()))
}
