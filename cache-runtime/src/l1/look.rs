//! Whether what is kept may be served, which each call of a function with `l1` asks first.

use super::kept::{Kept, Value};
use super::place::{Known, Place};
use super::{L1, Missed, coarse};
use crate::key::tags::Tags;

impl L1 {
    /// The value that is kept there, if it may be served; else `missed` says why not.
    pub(crate) fn look(
        &self,
        place: &Place<'_>,
        tags: &Tags,
        missed: &mut Missed,
    ) -> Option<Value> {
        *missed = Missed::Absent;
        let kept = self.table.get(place)?;
        self.look_closely(place, kept, tags, missed)
    }

    /// The same of a value without tags whose place is known. Where it finds none that may be served, a look by the
    /// text may: `missed` still says that nobody has looked.
    // A hit waits at each lock and count for all that was written to memory before: so what this answers fits
    // into two registers, and what is rare is elsewhere.
    #[inline(always)]
    pub(crate) fn look_at_known(&self, known: &Known<'_>, missed: &mut Missed) -> Option<Value> {
        let Kept { value, until } = self.table.get_known(known)?;
        if until.is_rare() {
            return self.look_closely(&known.place(), Kept { value, until }, Tags::NONE, missed);
        }
        // After the look: the process may have been stopped in between.
        let at = coarse::now();
        if at < self.lines.vouched_until(until.seat()) && self.clock.now_or(at) < until.time() {
            return Some(value);
        }
        None
    }

    /// Whether what was found there may be served.
    #[inline(never)]
    fn look_closely(
        &self,
        place: &Place<'_>,
        kept: Kept,
        tags: &Tags,
        missed: &mut Missed,
    ) -> Option<Value> {
        *missed = Missed::Absent;
        let rare = kept.rare();
        // Of one with other tags, or without any, the store says what becomes of it.
        let noted = rare.and_then(|rare| rare.noted.as_ref());
        if !noted.map_or(tags.is_none(), |noted| noted.is_of(tags)) {
            return None;
        }
        if noted.is_some_and(|noted| !noted.is_current(&self.lines)) {
            self.ended(place);
            return None;
        }
        // As there.
        let at = coarse::now();
        if at >= self.lines.vouched_until(kept.until.seat())
            || noted.is_some_and(|noted| at >= noted.vouched_until(&self.lines))
        {
            return None;
        }
        let now = self.clock.now_or(at);
        if now < kept.until.time() {
            let of_rare = rare.map(|rare| rare.value.clone());
            return Some(of_rare.unwrap_or(kept.value));
        }
        // Whoever comes next reads anew, and draws anew when to refresh.
        if self.ended(place) && rare.is_some_and(|rare| now < rare.end) {
            *missed = Missed::Early;
        }
        None
    }

    /// What is there is not to be served any more. Answers whether it was there.
    #[cold]
    fn ended(&self, place: &Place<'_>) -> bool {
        self.table.remove(place).was_there()
    }
}
