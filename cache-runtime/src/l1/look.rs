//! Whether what is kept may be served, which each call of a function with `l1` asks first.

use super::kept::{Kept, Value};
use super::place::Place;
use super::{L1, Missed, coarse};
use crate::key::tags::Tags;

impl L1 {
    /// The value that is kept there, if it may be served; else `missed` says why not.
    // Answered in two registers, which is all that an `Option` of it needs: to move it by memory takes
    // longer than all that is asked of it here. What is rare is elsewhere, for the same reason.
    #[inline]
    pub(crate) fn look(
        &self,
        place: &Place<'_>,
        tags: &Tags,
        missed: &mut Missed,
    ) -> Option<Value> {
        *missed = Missed::Absent;
        let Kept { value, rare, until } = self.table.get(place)?;
        if rare.is_some() || !tags.is_none() {
            return self.look_closely(place, Kept { value, rare, until }, tags, missed);
        }
        // After the look: the process may have been stopped in between.
        let at = coarse::now();
        if at >= self.lines.vouched_until(until.seat()) {
            return None;
        }
        if self.clock.now_or(at) < until.time() {
            return Some(value);
        }
        self.ended(place);
        None
    }

    /// The same where it has more to it than most.
    #[inline(never)]
    fn look_closely(
        &self,
        place: &Place<'_>,
        Kept { value, rare, until }: Kept,
        tags: &Tags,
        missed: &mut Missed,
    ) -> Option<Value> {
        // Of one with other tags, or without any, the store says what becomes of it.
        let noted = rare.as_ref().and_then(|rare| rare.noted.as_ref());
        if !noted.map_or(tags.is_none(), |noted| noted.is_of(tags)) {
            return None;
        }
        if noted.is_some_and(|noted| !noted.is_current(&self.lines)) {
            self.ended(place);
            return None;
        }
        // As there.
        let at = coarse::now();
        if at >= self.lines.vouched_until(until.seat())
            || noted.is_some_and(|noted| at >= noted.vouched_until(&self.lines))
        {
            return None;
        }
        let now = self.clock.now_or(at);
        if now < until.time() {
            return Some(value);
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
