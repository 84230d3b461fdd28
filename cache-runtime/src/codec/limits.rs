//! What reading a value may take: levels, stack, and values that take no bytes.

use serde::de;
use std::cell::Cell;

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

/// Has `value` read one of so many bytes and at most so many levels from `bytes`, perhaps twice. It keeps
/// to the limits by reading through [`Guarded`](super::guard::Guarded). Compiled once, and not in each
/// cached function.
///
/// Values are shallow and stacks have room, as a rule. What turns out to need more is read again
/// on a stack of its own, and refused if that is too small as well.
pub(super) fn within(bytes: &[u8], levels: u16, size: usize, value: &mut dyn Read) {
    let here = Limits::of(bytes, levels.min(LEVELS_HERE));
    value.read(&here);
    if here.reached.get() {
        let room = OWN_STACK.saturating_add(COPIES.saturating_mul(size));
        stacker::grow(room, || value.read(&Limits::of(bytes, levels)));
    }
}

/// Reads a value, and keeps what it was. Not `FnMut`: a table of that one's functions has the closure's code
/// twice, since it can be called by value too.
pub(super) trait Read {
    fn read(&mut self, limits: &Limits);
}

impl<F: FnMut(&Limits)> Read for F {
    #[inline]
    fn read(&mut self, limits: &Limits) {
        self(limits);
    }
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
pub(super) struct Room {
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

    /// Goes one level deeper, to read a `T`, and says what is left above, for [`leave`](Self::leave).
    #[inline]
    pub(super) fn deeper<T, E: de::Error>(&self) -> Result<Room, E> {
        let before = self.room.get();
        match self.enter(const { RESERVE.saturating_add(COPIES.saturating_mul(size_of::<T>())) }) {
            true => Ok(before),
            false => Err(too_deep()),
        }
    }

    /// Ends a level, or what failed in it.
    #[inline]
    pub(super) fn leave(&self, before: Room) {
        self.room.set(before);
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
    #[inline]
    pub(super) fn empty<E: de::Error>(&self) -> Result<(), E> {
        if self.has_room_for_empty() { Ok(()) } else { Err(too_many()) }
    }

    fn has_room_for_empty(&self) -> bool {
        let left = self.empties.get().checked_sub(1);
        self.empties.set(left.unwrap_or_default());
        left.is_some()
    }

    /// A length that the input declares, unless it cannot be true: readers allocate by it.
    pub(super) fn plausible(&self, len: Option<usize>) -> Option<usize> {
        len.filter(|len| *len <= self.input)
    }
}

#[cold]
fn too_deep<E: de::Error>() -> E {
    E::custom("nested too deep")
}

#[cold]
fn too_many<E: de::Error>() -> E {
    E::custom("more values than bytes")
}
