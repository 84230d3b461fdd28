//! What the walk does at each kind of value.

use super::{MAP, OWNER, Refusal, Seen, Step, Walk};
use serde::ser::{self, Serialize};
use std::fmt;

/// Numbers, of which the value counts and not the width.
macro_rules! numbers {
    ($($method:ident($type:ty))+) => {$(
        fn $method(self, value: $type) -> Step {
            Ok(self.leaf("number", size_of::<$type>(), i128::from(value)))
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
            Err(_) => Ok(self.leaf("number", size_of::<u128>(), value)),
        }
    }

    fn serialize_bool(self, value: bool) -> Step {
        Ok(self.leaf("bool", size_of::<bool>(), value))
    }

    fn serialize_char(self, value: char) -> Step {
        Ok(self.leaf("char", size_of::<char>(), value))
    }

    fn serialize_str(self, value: &str) -> Step {
        Ok(self.text(value.len()).leaf("str", OWNER, value))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Step {
        if self.format.digest { self.serialize_str(&value.to_string()) } else { self.whole() }
    }

    fn serialize_bytes(self, value: &[u8]) -> Step {
        let inside = self.deeper(1)?; // an array, in JSON
        Ok(inside.text(value.len()).leaf("bytes", OWNER, value))
    }

    fn serialize_f32(self, value: f32) -> Step {
        self.float(size_of_val(&value), value.is_finite(), u64::from(value.to_bits()))
    }

    fn serialize_f64(self, value: f64) -> Step {
        self.float(size_of_val(&value), value.is_finite(), value.to_bits())
    }

    fn serialize_none(self) -> Step {
        Ok(Seen { null: true, digest: 1, bytes: 0, listed: 0 })
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Step {
        let format = self.format;
        let Seen { null, digest, bytes, .. } = value.serialize(self.through_wrapper()?)?;
        let bytes = bytes.max(size_of_val(value));
        if null && format.null_is_none {
            return Err(Refusal("it holds a `Some` of nothing, which reads back as `None`"));
        }
        let listed = bytes + align_of_val(value); // where no bits are left over to say `None`
        Ok(Seen { null, digest: digest.wrapping_add(2), bytes, listed })
    }

    fn serialize_unit(self) -> Step {
        self.notes.empties += 1;
        Ok(Seen { null: true, digest: 3, bytes: 0, listed: 0 })
    }

    fn serialize_unit_struct(self, _: &'static str) -> Step {
        self.notes.empties += 1;
        Ok(Seen { null: self.format.unit_struct_is_null, digest: 3, bytes: 0, listed: 0 })
    }

    fn serialize_unit_variant(self, _: &'static str, number: u32, _: &'static str) -> Step {
        let seen = self.variant(number).whole()?;
        Ok(Seen { listed: 1, ..seen })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Step {
        let seen = value.serialize(self.through_wrapper()?)?;
        let bytes = seen.bytes.max(size_of_val(value));
        Ok(Seen { bytes, listed: bytes, ..seen })
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
        inside.whole_variant()
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
    ($($compound:ident::$method:ident by $part:ident, $end:ident)+) => {$(
        impl ser::$compound for Walk<'_> {
            type Ok = Seen;
            type Error = Refusal;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.$part(value)
            }

            fn end(self) -> Step {
                self.$end()
            }
        }
    )+};
}

unnamed! {
    SerializeSeq::serialize_element by any, list
    SerializeTuple::serialize_element by next, whole
    SerializeTupleStruct::serialize_field by next, whole
    SerializeTupleVariant::serialize_field by next, whole_variant
}

/// Compounds whose parts have names.
macro_rules! named {
    ($($compound:ident by $end:ident)+) => {$(
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
                self.$end()
            }
        }
    )+};
}

named!(SerializeStruct by whole SerializeStructVariant by whole_variant);

impl ser::SerializeMap for Walk<'_> {
    type Ok = Seen;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.key = self.listed(key)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let digest = self.listed(value)?;
        self.room.end_entry();
        if self.format.digest {
            self.digest = self.digest.wrapping_add(super::hash((self.key, digest)));
        }
        Ok(())
    }

    fn end(self) -> Step {
        self.many(MAP)
    }
}
