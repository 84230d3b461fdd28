//! A walk over a value with a serializer that writes nothing: it finds what a format would lose,
//! and takes a digest of what the value tells of itself.

use serde::ser::{self, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What a format loses.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) human_readable: bool,
    /// NaN and the infinities are written as null.
    pub(super) finite: bool,
    /// `None` is written as null, like whatever else is, so `Some` of that reads as `None`.
    pub(super) null_is_none: bool,
    /// `struct Unit;` is written as null.
    pub(super) unit_struct_is_null: bool,
    /// A field that is left out shifts those behind it.
    pub(super) positional: bool,
    pub(super) levels: u16,
    /// How many `Some`s and newtypes may lie in each other, where they do not count as levels.
    pub(super) wrappers: Option<u16>,
    /// Whether a digest is taken.
    pub(super) digest: bool,
}

/// Why a value is refused.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) &'static str);

const TOO_DEEP: Refusal = Refusal("it is nested too deep to be read back");

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

/// What is noted on the way.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// How many empty values there are, of which some formats write nothing.
    pub(super) empties: usize,
    /// Digests by field, where they are wanted.
    pub(super) fields: Option<Fields>,
}

/// Digests of the fields of structs. Those of all values that have one path, such as the elements
/// of a list, are added up. Keys of maps are no part of a path: they may be secret.
#[derive(Debug, Default)]
pub(super) struct Fields {
    path: Vec<&'static str>,
    pub(super) digests: BTreeMap<Vec<&'static str>, u64>,
}

/// Walks over `value`. Answers its digest, where `format` wants one.
///
/// What has no order of its own (maps) and what may have none (lists: a set is one, to serde) is
/// of one digest in every order.
pub(super) fn walk(value: &dyn Walked, format: &Format, notes: &mut Notes) -> Result<u64, Refusal> {
    let wrappers = format.wrappers.unwrap_or_default();
    let walk = Walk { format, notes, left: format.levels, wrappers, digest: 0, key: 0 };
    value.walked(walk).map(|seen| seen.digest)
}

/// A value without its type, so that one function of its own is all that it adds to a program.
pub(super) trait Walked {
    fn walked(&self, walk: Walk<'_>) -> Step;
}

impl<T: Serialize> Walked for T {
    fn walked(&self, walk: Walk<'_>) -> Step {
        self.serialize(walk)
    }
}

/// One level of the walk.
pub(super) struct Walk<'a> {
    format: &'a Format,
    notes: &'a mut Notes,
    left: u16,
    wrappers: u16,
    /// Of the parts so far.
    digest: u64,
    /// Of the key whose value comes next.
    key: u64,
}

/// What a step saw.
pub(super) struct Seen {
    /// Whether it is written as null.
    null: bool,
    digest: u64,
}

pub(super) type Step = Result<Seen, Refusal>;

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl<'a> Walk<'a> {
    fn deeper(self, levels: u16) -> Result<Self, Refusal> {
        let left = self.left.checked_sub(levels).ok_or(TOO_DEEP)?;
        Ok(Self { left, ..self })
    }

    fn through_wrapper(self) -> Result<Self, Refusal> {
        if self.format.wrappers.is_none() {
            return self.deeper(1);
        }
        let wrappers = self.wrappers.checked_sub(1).ok_or(TOO_DEEP)?;
        Ok(Self { wrappers, ..self })
    }

    fn compound(self, levels: u16, len: usize) -> Result<Self, Refusal> {
        if len == 0 {
            self.notes.empties += 1;
        }
        self.deeper(levels)
    }

    /// A value without parts; `kind` tells apart what is of one `value`.
    fn leaf(&self, kind: &str, value: impl Hash) -> Seen {
        let digest = if self.format.digest { hash((kind, value)) } else { 0 };
        Seen { null: false, digest }
    }

    fn float(&self, finite: bool, bits: u64) -> Step {
        if self.format.finite && !finite {
            return Err(Refusal("it holds a number that is not finite, which JSON has none of"));
        }
        Ok(self.leaf("float", bits))
    }

    /// The digest of a part.
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<u64, Refusal> {
        let Self { format, left, wrappers, .. } = *self;
        let part = Walk { format, notes: &mut *self.notes, left, wrappers, digest: 0, key: 0 };
        value.serialize(part).map(|seen| seen.digest)
    }

    /// A part whose place says what it is.
    fn next<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let digest = self.part(value)?;
        if self.format.digest {
            self.digest = hash((self.digest, digest));
        }
        Ok(())
    }

    /// A part in whatever place.
    fn any<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let digest = self.part(value)?;
        if self.format.digest {
            self.digest = self.digest.wrapping_add(hash(digest));
        }
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        self.enter(name);
        let digest = self.part(value)?;
        self.leave(name, digest);
        Ok(())
    }

    fn enter(&mut self, name: &'static str) {
        if let Some(fields) = &mut self.notes.fields {
            fields.path.push(name);
        }
    }

    fn leave(&mut self, name: &'static str, digest: u64) {
        if let Some(fields) = &mut self.notes.fields {
            let sum = fields.digests.entry(fields.path.clone()).or_default();
            *sum = sum.wrapping_add(digest);
            fields.path.pop();
        }
        if self.format.digest {
            self.digest = hash((self.digest, name, digest));
        }
    }

    fn skipped(&self) -> Result<(), Refusal> {
        if self.format.positional {
            return Err(Refusal("it leaves a field out, and fields are told apart by position"));
        }
        Ok(())
    }

    /// What the parts come to.
    fn whole(self) -> Step {
        Ok(Seen { null: false, digest: self.digest })
    }

    /// The same, as the variant of this number.
    fn variant(mut self, number: u32) -> Self {
        self.digest = u64::from(number).wrapping_add(1);
        self
    }
}

/// Numbers, of which the value counts and not the width.
macro_rules! numbers {
    ($($method:ident($type:ty))+) => {$(
        fn $method(self, value: $type) -> Step {
            Ok(self.leaf("number", i128::from(value)))
        }
    )+};
}

impl ser::Serializer for Walk<'_> {
    type Ok = Seen;
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

    numbers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_i128(i128)
    }

    fn serialize_u128(self, value: u128) -> Step {
        match i128::try_from(value) {
            Ok(value) => self.serialize_i128(value),
            Err(_) => Ok(self.leaf("number", value)),
        }
    }

    fn serialize_bool(self, value: bool) -> Step {
        Ok(self.leaf("bool", value))
    }

    fn serialize_char(self, value: char) -> Step {
        Ok(self.leaf("char", value))
    }

    fn serialize_str(self, value: &str) -> Step {
        Ok(self.leaf("str", value))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Step {
        if self.format.digest { self.serialize_str(&value.to_string()) } else { self.whole() }
    }

    fn serialize_bytes(self, value: &[u8]) -> Step {
        let inside = self.deeper(1)?; // an array, in JSON
        Ok(inside.leaf("bytes", value))
    }

    fn serialize_f32(self, value: f32) -> Step {
        self.float(value.is_finite(), u64::from(value.to_bits()))
    }

    fn serialize_f64(self, value: f64) -> Step {
        self.float(value.is_finite(), value.to_bits())
    }

    fn serialize_none(self) -> Step {
        Ok(Seen { null: true, digest: 1 })
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Step {
        let format = self.format;
        let Seen { null, digest } = value.serialize(self.through_wrapper()?)?;
        if null && format.null_is_none {
            return Err(Refusal("it holds a `Some` of nothing, which reads back as `None`"));
        }
        Ok(Seen { null, digest: digest.wrapping_add(2) })
    }

    fn serialize_unit(self) -> Step {
        self.notes.empties += 1;
        Ok(Seen { null: true, digest: 3 })
    }

    fn serialize_unit_struct(self, _: &'static str) -> Step {
        self.notes.empties += 1;
        Ok(Seen { null: self.format.unit_struct_is_null, digest: 3 })
    }

    fn serialize_unit_variant(self, _: &'static str, number: u32, _: &'static str) -> Step {
        self.variant(number).whole()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Step {
        value.serialize(self.through_wrapper()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        number: u32,
        _: &'static str,
        value: &T,
    ) -> Step {
        let mut inside = self.deeper(1)?.variant(number);
        inside.next(value)?;
        inside.whole()
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
        number: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Refusal> {
        Ok(self.deeper(2)?.variant(number)) // the variant, and the list in it
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
        number: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, Refusal> {
        Ok(self.deeper(2)?.variant(number))
    }
}

/// Compounds whose parts have no names.
macro_rules! unnamed {
    ($($compound:ident::$method:ident by $part:ident)+) => {$(
        impl ser::$compound for Walk<'_> {
            type Ok = Seen;
            type Error = Refusal;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.$part(value)
            }

            fn end(self) -> Step {
                self.whole()
            }
        }
    )+};
}

unnamed! {
    SerializeSeq::serialize_element by any
    SerializeTuple::serialize_element by next
    SerializeTupleStruct::serialize_field by next
    SerializeTupleVariant::serialize_field by next
}

/// Compounds whose parts have names.
macro_rules! named {
    ($($compound:ident)+) => {$(
        impl ser::$compound for Walk<'_> {
            type Ok = Seen;
            type Error = Refusal;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Refusal> {
                self.field(name, value)
            }

            fn skip_field(&mut self, _: &'static str) -> Result<(), Refusal> {
                self.skipped()
            }

            fn end(self) -> Step {
                self.whole()
            }
        }
    )+};
}

named!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Walk<'_> {
    type Ok = Seen;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.key = self.part(key)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let digest = self.part(value)?;
        if self.format.digest {
            self.digest = self.digest.wrapping_add(hash((self.key, digest)));
        }
        Ok(())
    }

    fn end(self) -> Step {
        self.whole()
    }
}
