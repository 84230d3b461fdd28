//! Finds what a format could write but not read back unchanged.
//!
//! A walk over the value with a serializer that writes nothing, on encoding alone: a miss can
//! afford it.

use super::refused;
use crate::error::Error;
use serde::ser::{self, Serialize};
use std::fmt;

/// How deep a value of the binary formats may nest, counting every level that is a call when it is
/// read. A rich enum took less than 512 KiB of stack for it without optimisation, less than 128
/// with; a thread has 2 MiB.
#[cfg(any(feature = "msgpack", feature = "postcard"))]
pub(super) const LEVELS: u16 = 256;

/// What a format loses.
#[derive(Debug)]
pub(super) struct Format {
    human_readable: bool,
    /// NaN and the infinities are written as null.
    finite: bool,
    /// `None` is written as null, like whatever else is, so `Some` of that reads as `None`.
    null_is_none: bool,
    /// `struct Unit;` is written as null.
    unit_struct_is_null: bool,
    /// A field that is left out shifts those behind it.
    positional: bool,
    /// Whether `Some` and newtypes count as levels.
    wrappers_nest: bool,
    levels: u16,
}

pub(super) const JSON: Format = Format {
    human_readable: true,
    finite: true,
    null_is_none: true,
    unit_struct_is_null: true,
    positional: false,
    wrappers_nest: false,
    levels: 127, // what serde_json reads
};

#[cfg(feature = "msgpack")]
pub(super) const MESSAGE_PACK: Format = Format {
    human_readable: false,
    finite: false,
    null_is_none: true,
    unit_struct_is_null: false, // an empty array
    positional: false,
    wrappers_nest: true,
    levels: LEVELS,
};

#[cfg(feature = "postcard")]
pub(super) const POSTCARD: Format = Format {
    human_readable: false,
    finite: false,
    null_is_none: false,
    unit_struct_is_null: false,
    positional: true,
    wrappers_nest: true,
    levels: LEVELS,
};

/// Refuses a value that `format` would not give back unchanged; answers how many empty values
/// it holds, of which some formats write nothing.
pub(super) fn check<T: Serialize + ?Sized>(value: &T, format: &Format) -> Result<usize, Error> {
    let mut empties = 0;
    let walk = Walk { format, empties: &mut empties, left: format.levels };
    value.serialize(walk).map_err(because)?;
    Ok(empties)
}

#[cold]
#[inline(never)]
fn because(Refusal(why): Refusal) -> Error {
    refused(why)
}

/// Why a value is refused.
#[derive(Debug)]
struct Refusal(&'static str);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("its type refuses to be written") // and may quote the value in saying why
    }
}

/// One level of the walk. Every step answers whether what it saw is written as null.
struct Walk<'a> {
    format: &'a Format,
    empties: &'a mut usize,
    left: u16,
}

type Step = Result<bool, Refusal>;

impl<'a> Walk<'a> {
    fn deeper(self, levels: u16) -> Result<Self, Refusal> {
        match self.left.checked_sub(levels) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(Refusal("it is nested too deep to be read back")),
        }
    }

    fn through_wrapper(self) -> Result<Self, Refusal> {
        let levels = u16::from(self.format.wrappers_nest);
        self.deeper(levels)
    }

    fn number(self, finite: bool) -> Step {
        if self.format.finite && !finite {
            return Err(Refusal("it holds a number that is not finite, which JSON has none of"));
        }
        Ok(false)
    }

    fn compound(self, levels: u16, len: usize) -> Result<Self, Refusal> {
        if len == 0 {
            *self.empties += 1;
        }
        self.deeper(levels)
    }

    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let part = Walk { format: self.format, empties: &mut *self.empties, left: self.left };
        value.serialize(part).map(drop)
    }

    fn skipped(&self) -> Result<(), Refusal> {
        if self.format.positional {
            return Err(Refusal("it leaves a field out, and fields are told apart by position"));
        }
        Ok(())
    }
}

macro_rules! leaves {
    ($($method:ident($($type:ty)?))+) => {$(
        fn $method(self $(, _: $type)?) -> Step {
            Ok(false)
        }
    )+};
}

impl ser::Serializer for Walk<'_> {
    type Ok = bool;
    type Error = Refusal;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    fn is_human_readable(&self) -> bool {
        self.format.human_readable
    }

    leaves! {
        serialize_bool(bool) serialize_char(char) serialize_str(&str)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_i128(i128) serialize_u128(u128)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Step {
        Ok(false)
    }

    fn serialize_bytes(self, _: &[u8]) -> Step {
        self.deeper(1).map(|_| false) // an array, in JSON
    }

    fn serialize_f32(self, value: f32) -> Step {
        self.number(value.is_finite())
    }

    fn serialize_f64(self, value: f64) -> Step {
        self.number(value.is_finite())
    }

    fn serialize_none(self) -> Step {
        Ok(true)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Step {
        let format = self.format;
        let null = value.serialize(self.through_wrapper()?)?;
        if null && format.null_is_none {
            return Err(Refusal("it holds a `Some` of nothing, which reads back as `None`"));
        }
        Ok(null)
    }

    fn serialize_unit(self) -> Step {
        *self.empties += 1;
        Ok(true)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Step {
        *self.empties += 1;
        Ok(self.format.unit_struct_is_null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Step {
        Ok(false)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Step {
        value.serialize(self.through_wrapper()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Step {
        value.serialize(self.deeper(1)?).map(|_| false)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Refusal> {
        self.deeper(1)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self, Refusal> {
        self.compound(1, len)
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Self, Refusal> {
        self.compound(1, len)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Refusal> {
        self.deeper(2) // the variant, and the list in it
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, Refusal> {
        self.deeper(1)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Self, Refusal> {
        self.compound(1, len)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Refusal> {
        self.deeper(2)
    }
}

/// Compounds whose parts have no names.
macro_rules! unnamed {
    ($($compound:ident::$method:ident)+) => {$(
        impl ser::$compound for Walk<'_> {
            type Ok = bool;
            type Error = Refusal;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.part(value)
            }

            fn end(self) -> Step {
                Ok(false)
            }
        }
    )+};
}

unnamed! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

/// Compounds whose parts have names.
macro_rules! named {
    ($($compound:ident)+) => {$(
        impl ser::$compound for Walk<'_> {
            type Ok = bool;
            type Error = Refusal;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                _: &'static str,
                value: &T,
            ) -> Result<(), Refusal> {
                self.part(value)
            }

            fn skip_field(&mut self, _: &'static str) -> Result<(), Refusal> {
                self.skipped()
            }

            fn end(self) -> Step {
                Ok(false)
            }
        }
    )+};
}

named!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Walk<'_> {
    type Ok = bool;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.part(value)
    }

    fn end(self) -> Step {
        Ok(false)
    }
}
