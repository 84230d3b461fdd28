//! The tier in this process (`l1`): values as they are, kept for as long as Redis says that they
//! are what it has. State alone, no I/O.
//!
//! - [`stripes`]: how often keys were heard of, which a read looks at before it keeps anything;
//! - [`place`]: keys taken apart, so that one of a number is found without its text;
//! - [`tags`]: the same of tags, which a value is looked at for each time;
//! - [`lines`]: the connections that vouch for what they have read;
//! - [`reading`]: a read that is under way, and what is to be kept of it;
//! - [`look`]: whether what is kept may be served;
//! - [`room`]: how much memory a value takes; [`kept`]: one that is kept, and until when;
//! - [`table`]: all of them, bounded in bytes (feature `l1`);
//! - [`coarse`]: a clock that costs next to nothing.
//!
//! `tests/tests/model/l1` has the protocol, and what each of its rules is for.

mod coarse;
mod kept;
mod lines;
mod look;
mod place;
mod reading;
mod room;
mod stripes;
mod tags;
// What the feature adds, or the nothing that stands in its place.
#[cfg_attr(not(feature = "l1"), path = "table_off.rs")]
mod table;

use crate::clock::Clock;
use crate::figures::measure;
use crate::figures::stats::L1Stats;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::sync::{AtomicU64, Ordering};
use kept::{Kept, Rare, Until};
use lines::Lines;
use place::{Commons, split};
use std::sync::Arc;
use std::time::Duration;
use stripes::Stripes;
use table::{Gone, Table};
use tags::TagCounts;

pub(crate) use kept::Value;
pub(crate) use lines::Line;
pub(crate) use place::{Known, Place};
pub(crate) use reading::{Begun, Keeping, Reading};
pub(crate) use room::{Room, block};
pub(crate) use tags::Noted;

/// How late the coarse clock may be.
const LATE: Duration = Duration::from_millis(10);
/// What is kept was current when the request was sent that was answered last, and is served for a
/// second from then.
const VOUCHED: Duration = Duration::from_secs(1).saturating_sub(LATE);

/// Why there is no value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Missed {
    /// Nobody has looked.
    #[default]
    Unasked,
    Absent,
    /// It is time for a refresh: this caller is to see to it.
    Early,
}

/// The values that a cache keeps in this process.
pub(crate) struct L1 {
    /// Of all keys.
    prefix: Box<str>,
    table: Table,
    commons: Commons,
    stripes: Stripes,
    tags: TagCounts,
    clock: Clock,
    lines: Lines,
    pushes: AtomicU64,
    drops: AtomicU64,
}

impl L1 {
    /// Room for so many bytes of what so many functions return, under keys with this prefix; `None` without
    /// the feature.
    pub(crate) fn new(
        capacity: u64,
        functions: usize,
        prefix: &str,
        clock: &Clock,
    ) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            prefix: prefix.into(),
            table: Table::new(capacity)?,
            commons: Commons::new(functions),
            stripes: Stripes::default(),
            tags: TagCounts::default(),
            clock: clock.clone(),
            lines: Lines::default(),
            pushes: AtomicU64::new(0),
            drops: AtomicU64::new(0),
        }))
    }

    /// Where the key of the call of `function` with the argument `number` is kept, if that is known.
    #[inline]
    pub(crate) fn known(&self, function: usize, number: u64) -> Option<Known<'_>> {
        self.commons.known(function, number)
    }

    /// The key at `place` is that of the call of `function` with the argument `number`.
    pub(crate) fn learn(&self, function: usize, number: u64, place: &Place<'_>) {
        self.commons.learn(function, number, place);
    }

    /// Where the key is kept whose text this is.
    pub(crate) fn place<'k>(&self, whole: &'k str) -> Place<'k> {
        let (before, number, behind) = split(whole);
        let hash = self.table.hash(before, behind);
        Place { texts: (before, behind), hash, number }
    }

    /// A read is about to be sent by `line`.
    pub(crate) fn begin(&self, key: &Key, line: Line) -> Reading {
        let at = coarse::now();
        let sent = Duration::from_nanos(self.clock.now_or(at));
        Reading { ticket: self.stripes.ticket(key.hash()), line, sent, at }
    }

    /// A read is about to be sent from a seat of which nothing is tracked.
    pub(crate) fn begin_untracked(&self, key: &Key, seat: u8) -> Reading {
        self.begin(key, Line::none(seat))
    }

    /// What is to be known of the tags of a read that is about to be sent.
    pub(crate) fn note(&self, tags: &Tags) -> Option<Noted> {
        (!tags.is_none()).then(|| self.tags.note(tags))
    }

    /// What is to be known of tags that are about to be read by `line`, apart from their value; `None`
    /// if that is lost.
    pub(crate) fn note_apart(&self, tags: &[Key], line: Line) -> Option<Noted> {
        self.tags.note_apart(tags, line, &self.lines)
    }

    /// Whether what a read that is under way brings answers a call with `tags` that begins now: it would,
    /// had it come and been kept already.
    pub(crate) fn answers(&self, reading: Reading, noted: Option<&Noted>, tags: &Tags) -> bool {
        noted.map_or(tags.is_empty(), |noted| noted.is_of(tags) && noted.is_current(&self.lines))
            && self.stripes.is_current(reading.ticket)
            && self.lines.is_current(reading.line)
            && coarse::now() < reading.at.saturating_add(nanos(VOUCHED))
    }

    /// For how long, at the longest, a read has been under way by now.
    pub(crate) fn age(&self, reading: Reading) -> Duration {
        let now = Duration::from_nanos(self.clock.now_or(coarse::now()));
        now.saturating_sub(reading.sent).saturating_add(LATE)
    }

    /// Keeps what a read has brought, unless its key was heard of since, or its connection
    /// is lost.
    pub(crate) fn keep(&self, key: &Key, keeping: Keeping, room: Room, value: Value) {
        let Keeping { reading, noted, life, early } = keeping;
        let end = nanos(reading.sent.saturating_add(life.saturating_sub(LATE)));
        let early = nanos(reading.sent.saturating_add(early)).min(end);
        let rare =
            (noted.is_some() || early < end).then(|| Rare { noted, end, value: value.clone() });
        let place = self.place(key.whole());
        let texts = self.commons.texts(&place);
        let weight = room.of_entry(&value, texts.as_ref().err(), rare.as_ref());
        let texts = texts.unwrap_or_else(Arc::new);
        let kept = Kept::new(value, rare, Until::new(early, reading.line.seat));
        // In the step of the insertion: who closes a connection counts after that, and then removes.
        let is_current = || self.lines.is_current(reading.line);
        let insert = || is_current().then(|| self.table.insert(&place, texts, weight, kept));
        drop(self.stripes.unless_counted(reading.ticket, insert));
    }

    /// Forgets `keys`, and what reads of them bring that are under way.
    pub(crate) fn forget(&self, keys: &[Key]) {
        for key in keys {
            self.forget_one(key.hash(), key.whole());
        }
    }

    fn forget_one(&self, hash: u64, key: &str) {
        self.tags.count(key);
        let place = self.place(key);
        drop(self.stripes.count(hash, || self.table.remove(&place)));
    }

    /// Forgets all keys that `matches` says.
    pub(crate) fn forget_matching(&self, matches: &dyn Fn(&Key) -> bool) {
        self.stripes.count_all();
        self.tags.count_matching(matches);
        let key = |place: &Place<'_>| Key::parse(&self.prefix, &place.to_string());
        self.table.remove_matching(&|place| key(place).is_none_or(|key| matches(&key)));
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        self.stripes.count_all();
        self.tags.count_matching(&|_| true);
        self.table.remove_matching(&|_| true);
    }

    /// Redis says that the key whose text this is has changed.
    pub(crate) fn changed(&self, key: &str) {
        self.count_push();
        self.forget_one(Key::hash_of(key), key);
    }

    /// The server of `line` says that everything has changed that it has.
    pub(crate) fn all_changed(&self, line: Line) {
        self.count_push();
        self.drop_of(line.seat);
    }

    fn count_push(&self) {
        self.pushes.fetch_add(1, Ordering::Relaxed);
        measure::l1_pushed();
    }

    /// Forgets what was read from a seat, and what reads bring that are under way.
    pub(crate) fn drop_of(&self, seat: u8) {
        drop(self.lose(seat));
    }

    fn lose(&self, seat: u8) -> Vec<Gone> {
        self.drops.fetch_add(1, Ordering::Relaxed);
        measure::l1_dropped();
        self.purge(seat)
    }

    /// What this answers is dropped when no lock is held.
    fn purge(&self, seat: u8) -> Vec<Gone> {
        self.stripes.count_all();
        self.lines.count_loss(seat);
        self.table.remove_of(seat)
    }

    /// A seat for the connections to one more server; `None` if there is none.
    pub(crate) fn seat(&self) -> Option<u8> {
        self.lines.take()
    }

    /// A new connection to the server of a seat.
    pub(crate) fn line(&self, seat: u8) -> Line {
        self.lines.next(seat)
    }

    /// The connection `line` is in use from now on; it tracks what it reads.
    pub(crate) fn opened(&self, line: Line) {
        drop(self.lines.open(line, || self.lose(line.seat)));
    }

    /// The connection `line` is lost: nobody would hear of a change of what it has read.
    pub(crate) fn closed(&self, line: Line) {
        drop(self.lines.close(line, || self.lose(line.seat)));
    }

    /// Nobody needs the seat any more. That is no loss, and is not counted as one.
    pub(crate) fn left(&self, seat: u8) {
        drop(self.lines.leave(seat, || self.purge(seat)));
    }

    /// What was sent by `line` at `begun` has been answered, and so all that was pushed before that
    /// has been heard.
    pub(crate) fn vouch(&self, line: Line, begun: Begun) {
        self.lines.vouch(line, begun.at.saturating_add(nanos(VOUCHED)));
    }

    /// There is nothing that tracks what is read from a seat: from now on what is kept of it is served
    /// for as long as functions say.
    pub(crate) fn untracked(&self, seat: u8) {
        self.lines.untrack(seat);
    }

    /// Whether functions that say for how long may keep what nobody tracks.
    pub(crate) fn is_untracked(&self, seat: u8) -> bool {
        self.lines.is_untracked(seat)
    }

    /// Whether there is anything to vouch for.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.len() == 0
    }

    pub(crate) fn figures(&self) -> L1Stats {
        L1Stats {
            tracked: self.lines.is_any_open(),
            entries: self.table.len(),
            bytes: self.table.bytes(),
            capacity: self.table.capacity(),
            pushes: self.pushes.load(Ordering::Relaxed),
            drops: self.drops.load(Ordering::Relaxed),
            evictions: self.table.evictions(),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl std::fmt::Debug for L1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("L1").field(&self.figures()).finish()
    }
}

#[cfg(all(test, feature = "l1"))]
mod tests;
