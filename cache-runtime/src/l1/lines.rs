//! The connections that vouch for what is kept: one to each server, one after the other in a seat of
//! its own. What is kept says by its seat who read it, and is served for as long as that one vouches.

use crate::sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock};
use std::array;

/// More servers than this are never asked by one cache; those beyond have nothing kept of them.
const SEATS: usize = 256;
/// There is no connection.
const NONE: u64 = 0;

/// A connection to the server of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(super) seat: u8,
    /// Each has another; none: what was read is not tracked.
    pub(super) number: u64,
}

#[derive(Debug)]
pub(super) struct Lines {
    /// Until when something vouches for what was read from a seat, by the coarse clock. Each hit
    /// looks here, and nowhere else.
    vouched_until: [AtomicU64; SEATS],
    seats: Box<[Seat]>,
    last: AtomicU64,
}

/// What becomes of it is done in the steps of `change`, the first of which is first seen by others.
#[derive(Debug)]
struct Seat {
    /// The number of the connection that is in use.
    current: AtomicU64,
    /// How often that was lost which was read from it.
    losses: AtomicU64,
    /// The server cannot track, and what is kept is served for as long as functions say.
    untracked: AtomicBool,
    /// Whether somebody has it.
    change: Mutex<bool>,
}

impl Default for Lines {
    fn default() -> Self {
        let seat = |_| Seat {
            current: AtomicU64::new(NONE),
            losses: AtomicU64::new(0),
            untracked: AtomicBool::new(false),
            change: Mutex::new(false),
        };
        Self {
            vouched_until: array::from_fn(|_| AtomicU64::new(0)),
            seats: (0..SEATS).map(seat).collect(),
            last: AtomicU64::new(NONE),
        }
    }
}

impl Lines {
    /// A seat for one more server, if there is one.
    pub(super) fn take(&self) -> Option<u8> {
        let free = |seat: &Seat| !std::mem::replace(&mut *lock(&seat.change), true);
        u8::try_from(self.seats.iter().position(free)?).ok()
    }

    /// A new connection of a seat.
    pub(super) fn next(&self, seat: u8) -> Line {
        Line { seat, number: self.last.fetch_add(1, Ordering::Relaxed) + 1 }
    }

    #[inline]
    pub(super) fn vouched_until(&self, seat: u8) -> u64 {
        self.vouched_until.get(usize::from(seat)).map_or(0, |until| until.load(Ordering::Acquire))
    }

    fn vouch_until(&self, seat: u8, until: u64) {
        if let Some(vouched) = self.vouched_until.get(usize::from(seat)) {
            vouched.store(until, Ordering::Release);
        }
    }

    fn seat(&self, seat: u8) -> Option<&Seat> {
        self.seats.get(usize::from(seat))
    }

    /// How often that was lost which was read from a seat.
    pub(super) fn losses(&self, seat: u8) -> u64 {
        self.seat(seat).map_or(0, |seat| seat.losses.load(Ordering::Acquire))
    }

    pub(super) fn count_loss(&self, seat: u8) {
        if let Some(seat) = self.seat(seat) {
            seat.losses.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Whether what `line` reads may be kept: it is in use, or was never said to track.
    pub(super) fn is_current(&self, line: Line) -> bool {
        self.seat(line.seat).is_some_and(|seat| seat.current.load(Ordering::Acquire) == line.number)
    }

    /// `line` is in use from now on. What was kept without is taken away.
    pub(super) fn open<T>(&self, line: Line, take_all: impl FnOnce() -> T) -> Option<T> {
        let seat = self.seat(line.seat)?;
        let _change = lock(&seat.change);
        seat.current.store(line.number, Ordering::Release);
        seat.untracked.swap(false, Ordering::AcqRel).then(|| {
            self.vouch_until(line.seat, 0);
            take_all()
        })
    }

    /// `line` is of no use any more.
    pub(super) fn close<T>(&self, line: Line, take_all: impl FnOnce() -> T) -> Option<T> {
        let seat = self.seat(line.seat)?;
        let _change = lock(&seat.change);
        (line.number != NONE && self.is_current(line)).then(|| {
            seat.current.store(NONE, Ordering::Release);
            self.vouch_until(line.seat, 0);
            take_all()
        })
    }

    /// Nobody has the seat any more.
    pub(super) fn leave<T>(&self, number: u8, take_all: impl FnOnce() -> T) -> Option<T> {
        let seat = self.seat(number)?;
        let mut change = lock(&seat.change);
        seat.current.store(NONE, Ordering::Release);
        seat.untracked.store(false, Ordering::Release);
        self.vouch_until(number, 0);
        let taken = take_all();
        *change = false;
        Some(taken)
    }

    /// `line` vouches for what was read from its seat.
    pub(super) fn vouch(&self, line: Line, until: u64) {
        let Some(seat) = self.seat(line.seat) else { return };
        let _change = lock(&seat.change);
        if line.number != NONE
            && self.is_current(line)
            && let Some(vouched) = self.vouched_until.get(usize::from(line.seat))
        {
            vouched.fetch_max(until, Ordering::AcqRel);
        }
    }

    /// Nothing tracks what is read from a seat.
    pub(super) fn untrack(&self, number: u8) {
        let Some(seat) = self.seat(number) else { return };
        let _change = lock(&seat.change);
        seat.untracked.store(true, Ordering::Release);
        self.vouch_until(number, u64::MAX);
    }

    pub(super) fn is_untracked(&self, seat: u8) -> bool {
        self.seat(seat).is_some_and(|seat| seat.untracked.load(Ordering::Acquire))
    }

    /// Whether any connection is in use.
    pub(super) fn is_any_open(&self) -> bool {
        self.seats.iter().any(|seat| seat.current.load(Ordering::Acquire) != NONE)
    }
}

impl Line {
    /// For what is read from a seat of which nothing is tracked.
    pub(super) fn none(seat: u8) -> Self {
        Self { seat, number: NONE }
    }

    pub(super) fn is_none(self) -> bool {
        self.number == NONE
    }
}
