//! Whether a value that was read back is the one that was written.

use super::refused;
use super::walk::{Fields, Format, Notes, Walked, walk};
use crate::error::Error;
use crate::l1::Room;
use serde::Serialize;
use std::collections::BTreeSet;

/// No format: whatever a value tells of itself is seen, and nothing is refused.
const ALL: Format = Format {
    human_readable: true,
    finite: false,
    null_is_none: false,
    unit_struct_is_null: false,
    positional: false,
    wrappers: None,
    levels: 1_000, // more than is read by any codec of ours
    digest: true,
};

/// As it would tell a program, which is nearer to how it lies in memory.
const AS_IT_LIES: Format = Format { human_readable: false, ..ALL };

/// What a value is asked, and what it tells of itself.
#[derive(Debug)]
pub(crate) struct Told {
    asked: &'static Format,
    /// `None` where it refuses to tell.
    digest: Option<u64>,
    /// How many bytes it has of itself.
    bytes: usize,
    notes: Notes,
}

impl Told {
    fn of(asked: &'static Format, fields: Option<Fields>) -> Self {
        Self { asked, digest: None, bytes: 0, notes: Notes { fields, ..Notes::default() } }
    }
}

/// Has `value` tell of itself what `told` asks for.
#[inline(never)] // as in the codecs
pub(crate) fn tell<T: Serialize>(value: &T, told: &mut Told) {
    tell_all(value, told);
}

fn tell_all(value: &dyn Walked, told: &mut Told) {
    if let Ok(seen) = walk(value, told.asked, &mut told.notes) {
        told.digest = Some(seen.digest);
        told.bytes = seen.bytes;
    }
}

/// How much memory a value takes, as far as it has `tell` tell of it.
pub(crate) fn room(tell: &dyn Fn(&mut Told)) -> Room {
    let mut told = Told::of(&AS_IT_LIES, None);
    tell(&mut told);
    Room { itself: told.bytes, elsewhere: told.notes.elsewhere }
}

/// Whether what was read back is what was written, by what the two tell of themselves: `tell` has
/// the written one (`true`) or the read one do so. `unequal`: by their type's own comparison they
/// are not.
///
/// # Errors
/// What differs: names of types and fields, and nothing of the values.
pub(crate) fn compare(
    type_name: &str,
    unequal: bool,
    tell: &dyn Fn(bool, &mut Told),
) -> Result<(), Error> {
    let differ =
        |what: String| refused(format!("`{type_name}` is not read back as it was written{what}"));
    let both = |fields: bool| {
        [true, false].map(|written| {
            let fields = fields.then(Fields::default);
            let mut told = Told::of(&ALL, fields);
            tell(written, &mut told);
            told
        })
    };
    let [written, read] = both(false);
    if written.digest == read.digest {
        return match unequal {
            true => Err(differ(": what differs is never written, as by `#[serde(skip)]`".into())),
            false => Ok(()),
        };
    }
    let fields = both(true).map(|told| told.notes.fields.unwrap_or_default());
    Err(differ(match different(&fields) {
        Some(path) => format!(": field `{}` differs", path.join(".")),
        None => String::new(),
    }))
}

/// Why a value whose own bytes are refused is not stored.
pub(crate) fn unreadable(type_name: &str, why: Error) -> Error {
    let why = match why {
        Error::Codec(why) => why,
        other => other.to_string(),
    };
    refused(format!("`{type_name}` cannot be read back from what it was written as: {why}"))
}

/// The innermost field that differs.
fn different([written, read]: &[Fields; 2]) -> Option<Vec<&'static str>> {
    let Fields { digests: written, .. } = written;
    let Fields { digests: read, .. } = read;
    // In order, so that what lies in a field comes after it.
    let paths: BTreeSet<_> = written.keys().chain(read.keys()).collect();
    let mut different = paths.into_iter().filter(|path| written.get(*path) != read.get(*path));
    let first = different.next()?;
    let innermost =
        different.fold(first, |outer, path| if path.starts_with(outer) { path } else { outer });
    Some(innermost.clone())
}
