//! The look at the store: what a call finds there, and what that is good for when it is served.

use crate::call::Active;
use crate::call::budget::Budget;
use crate::codec::envelope::{Opened, open};
use crate::error::Error;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::plan::windows::{State, is_early};
use crate::store::{Store, Want};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A value past its time to live, and when the store drops it, by the cache's clock. Encoded,
/// since it is rarely needed.
pub(crate) struct Stale {
    opened: Opened,
    end: Duration,
}

/// What was left of a value's life when it was asked for, by the cache's clock.
#[derive(Clone, Copy)]
struct Life {
    asked: Duration,
    left: Duration,
}

impl Life {
    fn end(self) -> Duration {
        self.asked.saturating_add(self.left)
    }
}

/// What looking the key up came to.
pub(crate) enum Looked<T> {
    /// And whether it is time for an early refresh: then with the life that it had left.
    Fresh(T, Option<Duration>),
    Stale(Arc<Stale>),
    Absent,
}

/// Looks the key up: the value, if the store has one that can be read.
pub(crate) async fn find<S: Shape>(
    call: &Active,
    plan: &Plan<S>,
    budget: &mut Budget,
) -> Looked<S::Stored> {
    let Some(within) = budget.left() else { return Looked::Absent };
    let want = if plan.needs_life() { Want::Life } else { Want::Value };
    // Its life counts from here: the reply may have been long on its way.
    let (sent, asked) = (Instant::now(), call.cache.clock().now());
    let read = call.cache.store().read(&call.key, want, within).await;
    let worked = read.is_ok();
    let found = read.map(|read| {
        let found = read.found?;
        let opened = open(&call.key, found.bytes);
        let opened = opened.inspect_err(|error| call.codec_failed(error)).ok()?;
        Some((opened, found.left.map(|left| Life { asked, left })))
    });
    let looked = match found {
        Ok(None) => Looked::Absent,
        Ok(Some((opened, None))) => match decode(call, plan, &opened) {
            Some(stored) => Looked::Fresh(stored, None),
            None => Looked::Absent,
        },
        Ok(Some((opened, Some(life)))) => match state(call, plan, life.end()) {
            State::Fresh => match decode(call, plan, &opened) {
                Some(stored) => Looked::Fresh(stored, early(call, plan, &opened, life)),
                None => Looked::Absent,
            },
            State::Stale { .. } => Looked::Stale(Arc::new(Stale { opened, end: life.end() })),
            State::Expired => Looked::Absent,
        },
        Err(error @ Error::WrongType) => {
            call.codec_failed(&error);
            Looked::Absent
        }
        Err(error) => {
            call.store_failed(&error);
            Looked::Absent
        }
    };
    // After a hit no command follows, so what this one took need not be known.
    if !matches!(looked, Looked::Fresh(..)) {
        budget.charge(sent, worked);
    }
    looked
}

fn decode<S: Shape>(call: &Active, plan: &Plan<S>, opened: &Opened) -> Option<S::Stored> {
    plan.decode(&opened.value).unwrap_or_else(|error| {
        call.codec_failed(&error);
        None
    })
}

/// What a value whose life in the store ends at `end` is good for now.
fn state<S: Shape>(call: &Active, plan: &Plan<S>, end: Duration) -> State {
    plan.windows().state(end.saturating_sub(call.cache.clock().now()))
}

/// The life that a fresh value had left, if this is the time to refresh it.
fn early<S: Shape>(call: &Active, plan: &Plan<S>, opened: &Opened, life: Life) -> Option<Duration> {
    let beta = plan.early()?;
    let clock = call.cache.clock();
    let left = life.end().saturating_sub(clock.now()).saturating_sub(plan.windows().longest());
    is_early(opened.envelope.load?, left, beta, clock.random()).then_some(life.left)
}

/// The stale value, where no attempt is made before it is served, and whether to refresh it.
pub(crate) fn at_once<S: Shape>(
    call: &Active,
    plan: &Plan<S>,
    stale: Option<&Stale>,
) -> Option<(S::Stored, bool)> {
    let stale = stale?;
    let State::Stale { at_once, on_error } = state(call, plan, stale.end) else { return None };
    let rests = || call.cache.slots().rests(&call.key, call.cache.clock().now());
    if at_once || (on_error && rests()) {
        Some((decode(call, plan, &stale.opened)?, at_once))
    } else {
        None
    }
}

/// The stale value instead of a result that there is none of, if it may still be served.
pub(crate) fn instead<S: Shape>(
    call: &Active,
    plan: &Plan<S>,
    stale: Option<&Stale>,
) -> Option<S::Stored> {
    let stale = stale?;
    match state(call, plan, stale.end) {
        State::Stale { on_error: true, .. } => decode(call, plan, &stale.opened),
        _ => None,
    }
}
