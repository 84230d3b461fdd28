//! The look at the store: what a call finds there, and what that is good for when it is served.

use super::machine::{At, Machine, Serving, Stale, Step};
use crate::boxed::boxed;
use crate::codec::envelope::{self, Envelope};
use crate::error::Error;
use crate::key::tags::Tags;
use crate::l1::Keeping;
use crate::plan::standing::Standing;
use crate::plan::windows::{State, early, is_early};
use crate::store::{Found, Question, Read, Store, ToKeep, Want};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// When a value was asked for, by the cache's clock, and how much of its life was left then. Its
/// life counts from there: the reply may have been long on its way.
#[derive(Clone, Copy)]
struct Remaining {
    asked: Duration,
    left: Duration,
}

impl Remaining {
    fn end(self) -> Duration {
        self.asked.saturating_add(self.left)
    }
}

impl Machine {
    /// Looks the key up. `None`: there is nothing that can be served at once.
    // Not an `async fn`, whose future holds its arguments twice.
    #[allow(clippy::manual_async_fn)]
    pub(super) fn look(&mut self) -> impl Future<Output = Option<Step>> + Send {
        async move {
            self.at = At::Join;
            self.stale = None;
            if let Some(tagged) = &mut self.call.tagged {
                tagged.seen = None;
            }
            let call = &self.call;
            if !call.trusts() {
                return None;
            }
            let within = self.budget.left()?;
            let (store, sent) = (call.cache.store(), self.budget.sends());
            if let Some(most) = self.rules.max_size {
                store.reads_up_to(most);
            }
            let want = Want {
                about: call.function.expected_size(),
                life: self.rules.needs_life(),
                tags: call.tagged.as_ref().map_or(Tags::NONE, |tagged| &tagged.tags),
                keep: self.rules.l1.is_some(),
            };
            let question = Question { key: &call.key, want, within };
            let asked = if question.want.life { call.cache.clock().now() } else { Duration::ZERO };
            let read = if question.want.tags.has_own() {
                // In a box, as what is rarely needed.
                boxed(|| call.read_with_own(&question)).await
            } else {
                store.read(&question).await
            };
            let worked = read.is_ok();
            let step = match read {
                Ok(Read { found: Some(found), to_keep, .. }) => {
                    self.judge(found, to_keep, asked, sent)
                }
                Ok(_) => None,
                Err(error @ Error::WrongType) => {
                    self.call.codec_failed(&error);
                    None
                }
                Err(error) => {
                    self.call.store_failed(&error);
                    None
                }
            };
            // After a hit no command follows, so what this one took need not be known.
            if !matches!((&step, self.serving), (Some(_), Serving::Hit { .. })) {
                self.budget.charge(sent, worked);
            }
            step
        }
    }

    /// What is to be done with what was found.
    fn judge(
        &mut self,
        found: Found,
        to_keep: Option<Box<ToKeep>>,
        asked: Duration,
        sent: Option<Instant>,
    ) -> Option<Step> {
        let life = found.left.map(|left| Remaining { asked, left });
        let state = life.map_or(State::Fresh, |life| self.state(life.end()));
        if state == State::Expired {
            return None;
        }
        let opened = envelope::open(&self.call.key, found.bytes);
        let opened = opened.inspect_err(|error| self.call.codec_failed(error)).ok()?;
        let standing = self.call.standing(&opened, &found.tokens);
        let made_stale = standing == Standing::Stale;
        let state = match (standing, state) {
            (Standing::Gone, _) => return None,
            (Standing::Stale, State::Fresh) => self.rules.windows.made_stale(),
            (_, state) => state,
        };
        let takes = self.rules.takes(opened.value.len());
        if let Err(error) = takes {
            self.call.too_large(&error);
            self.budget.charge(sent, false); // as with what cannot be read at all
            return None;
        }
        if opened.envelope.is_error {
            self.serving = Serving::Hit { sent };
            return (state == State::Fresh).then(|| self.serve_error(&opened.value)).flatten();
        }
        let State::Stale { at_once, on_error } = state else {
            if let Some(life) = life
                && (self.call.early || self.is_early(opened.envelope, life))
            {
                self.refresh_above(life.left);
            }
            self.keeping = to_keep.and_then(|to_keep| self.keeping(*to_keep, opened.envelope));
            self.serving = Serving::Hit { sent };
            return Some(Step::Serve(opened.value));
        };
        let end = life.map_or(Duration::ZERO, Remaining::end);
        self.stale = Some(Arc::new(Stale { value: opened.value, end, made_stale }));
        let call = &self.call;
        let rests = || call.cache.slots().rests(&call.key, call.cache.clock().now());
        if !(at_once || on_error && rests()) {
            return None;
        }
        if at_once {
            self.refresh_above(self.rules.windows.longest());
        }
        self.serve_stale(Serving::Stale)
    }

    /// How a fresh value is kept in this process, if it may be.
    fn keeping(&self, read: ToKeep, envelope: Envelope) -> Option<Box<Keeping>> {
        let longest = self.rules.l1?;
        let call = &self.call;
        if longest == Duration::MAX && read.reading.is_untracked() {
            return None; // nobody says when it ends
        }
        let fresh = read
            .left
            .map_or(Duration::MAX, |left| left.saturating_sub(self.rules.windows.longest()));
        let load = self.rules.early().zip(envelope.load);
        let early = load.map(|(beta, load)| early(load, beta, call.cache.clock().random()));
        let (end, early) = match early {
            // Before the end of its time to live, and not before the end of its time here.
            Some(early) if fresh.saturating_sub(early) < longest => {
                (fresh.min(longest), fresh.saturating_sub(early))
            }
            _ => (fresh.min(longest), Duration::MAX),
        };
        Some(Box::new(Keeping { reading: read.reading, noted: read.noted, life: end, early }))
    }

    /// What a value whose life in the store ends at `end` is good for now.
    fn state(&self, end: Duration) -> State {
        self.rules.windows.state(end.saturating_sub(self.call.cache.clock().now()))
    }

    /// Whether this is the time to refresh a fresh value.
    fn is_early(&self, envelope: Envelope, life: Remaining) -> bool {
        let (Some(beta), Some(load)) = (self.rules.early(), envelope.load) else { return false };
        let clock = self.call.cache.clock();
        let left = life.end().saturating_sub(clock.now());
        is_early(load, left.saturating_sub(self.rules.windows.longest()), beta, clock.random())
    }

    /// The stale value in the place of a result that there is none of, if it may still be served.
    pub(super) fn instead(&mut self, serving: Serving) -> Option<Step> {
        let stale = self.stale.as_ref()?;
        let state = match self.state(stale.end) {
            State::Fresh if stale.made_stale => self.rules.windows.made_stale(),
            state => state,
        };
        match state {
            State::Stale { on_error: true, .. } => self.serve_stale(serving),
            _ => None,
        }
    }

    /// [`instead`](Self::instead) of going on to wait.
    #[inline(never)]
    pub(super) fn instead_of_waiting(&mut self) -> Option<Step> {
        self.instead(Serving::Stale)
    }

    fn serve_stale(&mut self, serving: Serving) -> Option<Step> {
        // It is served once, if at all.
        let stale = Arc::try_unwrap(self.stale.take()?);
        self.serving = serving;
        Some(Step::Serve(match stale {
            Ok(stale) => stale.value,
            Err(shared) => shared.value.clone(),
        }))
    }
}
