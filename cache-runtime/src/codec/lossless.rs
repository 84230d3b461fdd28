//! Finds what a format could write but not read back unchanged.
//!
//! On encoding alone: a miss can afford it.

use super::refused;
use super::walk::{Format, Notes, Refusal, Walked, walk};
use crate::error::Error;

/// How deep a value of the binary formats may nest, counting every level that is a call when it is
/// read.
pub(super) const LEVELS: u16 = 256;

pub(super) const JSON: Format = Format {
    human_readable: true,
    finite: true,
    null_is_none: true,
    unit_struct_is_null: true,
    positional: false,
    wrappers: Some(LEVELS),
    levels: 127, // what serde_json reads
    digest: false,
};

#[cfg(feature = "msgpack")]
pub(super) const MESSAGE_PACK: Format = Format {
    human_readable: false,
    finite: false,
    null_is_none: true,
    unit_struct_is_null: false, // an empty array
    positional: false,
    wrappers: None,
    levels: LEVELS,
    digest: false,
};

#[cfg(feature = "postcard")]
pub(super) const POSTCARD: Format = Format {
    human_readable: false,
    finite: false,
    null_is_none: false,
    unit_struct_is_null: false,
    positional: true,
    wrappers: None,
    levels: LEVELS,
    digest: false,
};

/// Refuses a value that `format` would not give back unchanged; answers how many empty values
/// it holds, of which some formats write nothing.
pub(super) fn check(value: &dyn Walked, format: &Format) -> Result<usize, Error> {
    let mut notes = Notes::default();
    walk(value, format, &mut notes).map_err(because)?;
    Ok(notes.empties)
}

#[cold]
#[inline(never)]
fn because(Refusal(why): Refusal) -> Error {
    refused(why)
}
