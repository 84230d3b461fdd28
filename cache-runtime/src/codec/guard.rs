//! Bounds what bytes can make a reader do: the formats' own readers follow a recursive type, or a
//! declared length of values that take no bytes, as far as the bytes say.

use crate::error::Error;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;
use std::fmt;

/// What is nested no deeper than this is read on the stack of the caller.
const LEVELS_HERE: u16 = 32;
/// What else is read on a stack of its own, which takes no memory where it is not touched.
const OWN_STACK: usize = 16 << 20;
/// How much stack must be left for one more level, beside that for its value.
const RESERVE: usize = 128 << 10;
/// Without optimisation every function on the way has a copy of the value or two.
const COPIES: usize = 32;
/// What is left of the stack is asked for again at the latest when so much may have been used: a
/// type's own reader may go on on another stack, of which nothing is known until then.
const KNOWN: usize = 256 << 10;

/// Reads a value of at most so many levels from `bytes`. `read` keeps to the limits by reading
/// through [`Guarded`].
///
/// Values are shallow and stacks have room, as a rule. What turns out to need more is read again
/// on a stack of its own, and refused if that is too small as well.
pub(super) fn bounded<T>(
    bytes: &[u8],
    levels: u16,
    read: fn(&[u8], &Limits) -> Result<T, Error>,
) -> Result<T, Error> {
    let here = Limits::of(bytes, levels.min(LEVELS_HERE));
    let mut value = read(bytes, &here);
    if here.reached.get() {
        on_own_stack(bytes, levels, size_of::<T>(), &mut |limits| value = read(bytes, limits));
    }
    value
}

/// Reads a value of so many bytes again. Compiled once, and not in each cached function.
#[cold]
#[inline(never)]
fn on_own_stack(bytes: &[u8], levels: u16, size: usize, read: &mut dyn FnMut(&Limits)) {
    let room = OWN_STACK.saturating_add(COPIES.saturating_mul(size));
    stacker::grow(room, || read(&Limits::of(bytes, levels)));
}

/// What is left of the bounds while one value is read.
#[derive(Debug)]
pub(super) struct Limits {
    room: Cell<Room>,
    empties: Cell<usize>,
    /// The length of the input: no list of anything that takes bytes is longer.
    input: usize,
    /// Whether the levels or the stack did not suffice.
    reached: Cell<bool>,
}

/// What is left for the levels that follow.
#[derive(Debug, Clone, Copy)]
struct Room {
    levels: u16,
    /// So much of the stack is known to be left, at least: every level takes off what it may need.
    /// Asking costs more than all else that a level does.
    stack: usize,
}

/// How many values that may take no bytes can be read from an input of `len` bytes.
pub(super) fn most_empties(len: usize) -> usize {
    len.saturating_add(65_536)
}

impl Limits {
    fn of(bytes: &[u8], levels: u16) -> Self {
        Self {
            room: Cell::new(Room { levels, stack: 0 }),
            empties: Cell::new(most_empties(bytes.len())),
            input: bytes.len(),
            reached: Cell::new(false),
        }
    }

    /// Runs `read` one level deeper.
    fn deeper<T, E: de::Error>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let before = self.room.get();
        if !self.enter(const { RESERVE.saturating_add(COPIES.saturating_mul(size_of::<T>())) }) {
            return Err(E::custom("nested too deep"));
        }
        let value = read();
        self.room.set(before);
        value
    }

    /// Whether there is one level more, and `stack` for it.
    #[inline(never)]
    fn enter(&self, stack: usize) -> bool {
        let room = self.room.get();
        if room.levels > 0 && room.stack >= stack {
            self.room.set(Room { levels: room.levels - 1, stack: room.stack - stack });
            return true;
        }
        self.enter_asking(stack)
    }

    /// [`enter`](Self::enter), where it has to be asked how much of the stack is left.
    #[cold]
    #[inline(never)]
    fn enter_asking(&self, stack: usize) -> bool {
        let left = stacker::remaining_stack().unwrap_or(usize::MAX);
        let levels = self.room.get().levels.checked_sub(1);
        let deeper = levels.zip(left.checked_sub(stack));
        match deeper {
            Some((levels, left)) => self.room.set(Room { levels, stack: left.min(KNOWN) }),
            None => self.reached.set(true),
        }
        deeper.is_some()
    }

    /// Counts a value that may take no bytes.
    fn empty<E: de::Error>(&self) -> Result<(), E> {
        match self.empties.get().checked_sub(1) {
            Some(left) => {
                self.empties.set(left);
                Ok(())
            }
            None => Err(E::custom("more values than bytes")),
        }
    }

    /// A length that the input declares, unless it cannot be true: readers allocate by it.
    fn plausible(&self, len: Option<usize>) -> Option<usize> {
        len.filter(|len| *len <= self.input)
    }
}

/// A part of a reader, or of what it reads for, that keeps to the limits.
#[derive(Debug)]
pub(super) struct Guarded<'l, T> {
    inner: T,
    limits: &'l Limits,
}

impl<'l, T> Guarded<'l, T> {
    pub(super) fn new(inner: T, limits: &'l Limits) -> Self {
        Self { inner, limits }
    }
}

/// Reads of what cannot nest.
macro_rules! leaves {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )+};
}

/// Reads of what may nest.
macro_rules! compounds {
    ($($method:ident($($name:ident: $type:ty),*))+) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($name,)* Guarded::new(visitor, self.limits))
        }
    )+};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guarded<'_, D> {
    type Error = D::Error;

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    leaves! {
        deserialize_bool deserialize_char deserialize_identifier
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
    }

    compounds! {
        deserialize_any() deserialize_ignored_any() deserialize_option()
        deserialize_seq() deserialize_map()
        deserialize_newtype_struct(name: &'static str)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.limits.empty()?;
        self.inner.deserialize_unit(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.limits.empty()?;
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if len == 0 {
            self.limits.empty()?;
        }
        self.inner.deserialize_tuple(len, Guarded::new(visitor, self.limits))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if len == 0 {
            self.limits.empty()?;
        }
        self.inner.deserialize_tuple_struct(name, len, Guarded::new(visitor, self.limits))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if fields.is_empty() {
            self.limits.empty()?;
        }
        self.inner.deserialize_struct(name, fields, Guarded::new(visitor, self.limits))
    }
}

/// What a reader hands over as it is.
macro_rules! values {
    ($($method:ident($($type:ty)?))+) => {$(
        fn $method<E: de::Error>(self $(, value: $type)?) -> Result<V::Value, E> {
            values!(@call self $method $($type, value)?)
        }
    )+};
    (@call $self:ident $method:ident) => { $self.inner.$method() };
    (@call $self:ident $method:ident $type:ty, $value:ident) => { $self.inner.$method($value) };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Guarded<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    values! {
        visit_bool(bool) visit_char(char) visit_none() visit_unit()
        visit_i8(i8) visit_i16(i16) visit_i32(i32) visit_i64(i64) visit_i128(i128)
        visit_u8(u8) visit_u16(u16) visit_u32(u32) visit_u64(u64) visit_u128(u128)
        visit_f32(f32) visit_f64(f64)
        visit_str(&str) visit_borrowed_str(&'de str) visit_string(String)
        visit_bytes(&[u8]) visit_borrowed_bytes(&'de [u8]) visit_byte_buf(Vec<u8>)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let limits = self.limits;
        limits.deeper(|| self.inner.visit_some(Guarded::new(inner, limits)))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        let limits = self.limits;
        limits.deeper(|| self.inner.visit_newtype_struct(Guarded::new(inner, limits)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<V::Value, A::Error> {
        let limits = self.limits;
        limits.deeper(|| self.inner.visit_seq(Guarded::new(seq, limits)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let limits = self.limits;
        limits.deeper(|| self.inner.visit_map(Guarded::new(map, limits)))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        let limits = self.limits;
        limits.deeper(|| self.inner.visit_enum(Guarded::new(data, limits)))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Guarded<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Guarded::new(reader, self.limits))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Guarded::new(seed, self.limits))
    }

    fn size_hint(&self) -> Option<usize> {
        self.limits.plausible(self.inner.size_hint())
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(Guarded::new(seed, self.limits))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Guarded::new(seed, self.limits))
    }

    fn size_hint(&self) -> Option<usize> {
        self.limits.plausible(self.inner.size_hint())
    }
}

impl<'de, 'l, A: EnumAccess<'de>> EnumAccess<'de> for Guarded<'l, A> {
    type Error = A::Error;
    type Variant = Guarded<'l, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (variant, data) = self.inner.variant_seed(seed)?;
        Ok((variant, Guarded::new(data, self.limits)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Guarded<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Guarded::new(seed, self.limits))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Guarded::new(visitor, self.limits))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Guarded::new(visitor, self.limits))
    }
}
