//! A walk over a value with a serializer that writes nothing: it finds what a format would lose,
//! and takes a digest of what the value tells of itself.

mod serializer;

use crate::l1::block;
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
    /// How many bytes lie elsewhere than in the value itself, as far as it tells.
    pub(super) elsewhere: usize,
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
pub(super) fn walk(
    value: &dyn Walked,
    format: &Format,
    notes: &mut Notes,
) -> Result<Seen, Refusal> {
    let wrappers = format.wrappers.unwrap_or_default();
    let left = format.levels;
    let walk = Walk { format, notes, left, wrappers, digest: 0, key: 0, room: Room::default() };
    value.walked(walk)
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
    /// Of the parts so far.
    room: Room,
}

/// What a step saw.
pub(super) struct Seen {
    /// Whether it is written as null.
    null: bool,
    pub(super) digest: u64,
    /// How many bytes it has of itself, as far as it tells.
    pub(super) bytes: usize,
    /// How many it is taken to have, by what it is, where its type is not seen: in a list or a map.
    listed: usize,
}

/// What parts have of themselves that lie beside each other.
#[derive(Default)]
struct Room {
    bytes: usize,
    /// The most that any is aligned to.
    align: usize,
    /// Of a list or a map: how many elements or entries there were.
    entries: usize,
    /// The most that any of these has. An enum is as large as its largest variant.
    largest: usize,
}

impl Room {
    fn add(&mut self, bytes: usize, align: usize) {
        self.bytes += bytes;
        self.align = self.align.max(align);
    }

    /// The same of a part whose type is not seen: an alignment divides its type's size.
    fn add_listed(&mut self, bytes: usize) {
        self.add(bytes, 1 << bytes.trailing_zeros().min(3));
    }

    /// What was added since the last one is an element, or a key and its value.
    fn end_entry(&mut self) {
        self.largest = self.largest.max(self.of_struct());
        self.entries += 1;
        self.bytes = 0;
    }

    /// As a struct, whose parts are in the order in which they leave least room.
    fn of_struct(&self) -> usize {
        self.bytes.next_multiple_of(self.align.max(1))
    }

    /// As a list or a map, which has room for more: it has grown twofold each time, or is a map, of
    /// which an eighth is always free.
    fn of_many(&self) -> usize {
        if self.entries == 0 {
            return 0;
        }
        (self.entries + self.entries / 7).next_power_of_two().max(FEW) * (self.largest + 1)
    }
}

/// For fewer entries than this no list is made.
const FEW: usize = 4;

/// What a text or a list has of itself, and most enums that hold something.
const OWNER: usize = 24;

/// What a map has of itself.
const MAP: usize = 48;

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
    fn leaf(&self, kind: &str, listed: usize, value: impl Hash) -> Seen {
        let digest = if self.format.digest { hash((kind, value)) } else { 0 };
        Seen { null: false, digest, bytes: 0, listed }
    }

    fn float(&self, listed: usize, finite: bool, bits: u64) -> Step {
        if self.format.finite && !finite {
            return Err(Refusal("it holds a number that is not finite, which JSON has none of"));
        }
        Ok(self.leaf("float", listed, bits))
    }

    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Seen, Refusal> {
        let Self { format, left, wrappers, .. } = *self;
        let (notes, room) = (&mut *self.notes, Room::default());
        value.serialize(Walk { format, notes, left, wrappers, digest: 0, key: 0, room })
    }

    /// The digest of a part of a struct.
    fn inside<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<u64, Refusal> {
        let Seen { digest, bytes, .. } = self.part(value)?;
        self.room.add(size_of_val(value), align_of_val(value));
        if bytes > size_of_val(value) {
            self.notes.elsewhere += block(bytes); // in a box
        }
        Ok(digest)
    }

    /// The digest of a part of a list or a map, of which serde shows a reference: `value` is as
    /// large as that. What is in a box is counted as if it were not.
    fn listed<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<u64, Refusal> {
        let Seen { digest, listed, .. } = self.part(value)?;
        self.room.add_listed(listed);
        Ok(digest)
    }

    /// A part whose place says what it is.
    fn next<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let digest = self.inside(value)?;
        if self.format.digest {
            self.digest = hash((self.digest, digest));
        }
        Ok(())
    }

    /// A part in whatever place.
    fn any<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let digest = self.listed(value)?;
        self.room.end_entry();
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
        let digest = self.inside(value)?;
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

    /// A text, or bytes, which lie elsewhere.
    fn text(self, bytes: usize) -> Self {
        self.notes.elsewhere += block(bytes);
        self
    }

    /// What the parts come to.
    fn whole(self) -> Step {
        let bytes = self.room.of_struct();
        Ok(Seen { null: false, digest: self.digest, bytes, listed: bytes })
    }

    /// The same in an enum, other variants of which may hold more.
    fn whole_variant(self) -> Step {
        let tag = self.room.align;
        let seen = self.whole()?;
        Ok(Seen { listed: OWNER.max(seen.bytes + tag), ..seen })
    }

    /// The same of parts that lie elsewhere, owned by what has `listed` bytes of itself.
    fn many(self, listed: usize) -> Step {
        self.notes.elsewhere += block(self.room.of_many());
        Ok(Seen { null: false, digest: self.digest, bytes: 0, listed })
    }

    fn list(self) -> Step {
        self.many(OWNER)
    }

    /// The same, as the variant of this number.
    fn variant(mut self, number: u32) -> Self {
        self.digest = u64::from(number).wrapping_add(1);
        self
    }
}
