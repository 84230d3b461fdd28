//! One call before it begins: which cache it uses, and under which key.

pub(crate) mod background;
pub(crate) mod batch;
pub(crate) mod budget;
mod claim;
pub(crate) mod companion;
mod compute;
mod deadlines;
mod fill;
pub(crate) mod lease;
pub(crate) mod limits;
pub(crate) mod local;
mod lookup;
mod machine;
pub(crate) mod plain;
pub(crate) mod read_through;
mod rendering;
pub(crate) mod tagged;
pub(crate) mod tags;

use crate::cache::context::{Context, Mode};
use crate::cache::{Cache, Handle};
use crate::error::Error;
use crate::figures::counters::{Counters, Observer, Outcome};
use crate::function::Function;
use crate::key::KeyWriter;
use crate::key::tagging::TagWriter;
use crate::key::whole::Key;
use crate::store::{Reachability, Store as _};
use rendering::{Render, WriteTags, key_of, render_tags};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tagged::Tagged;

/// A call of a cached function.
#[derive(Debug)]
pub struct Call(pub(crate) Option<Active>);

/// A call that asks its cache.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) function: &'static Function,
    pub(crate) cache: Handle,
    pub(crate) key: Key,
    pub(crate) refresh: bool,
    /// Boxed: most calls have no tags.
    pub(crate) tagged: Option<Box<Tagged>>,
    /// What is kept of it is to be refreshed before its time.
    early: bool,
    waits: Waits,
    observer: Option<Arc<Observer>>,
    counted: Counted,
}

/// For how long a call waits for another's computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// As the settings say.
    Long,
    /// One store timeout.
    Short,
    /// It would wait for itself.
    Not,
}

/// Whether it counts what a call comes to.
#[derive(Debug)]
enum Counted {
    Yes,
    /// It is no call of anybody's.
    No,
    /// Its caller does, once it has left.
    UnlessLeft(Arc<AtomicBool>),
}

/// Finds the call's cache and renders its key, unless there is nothing to look up.
#[inline]
pub fn call(
    function: &'static Function,
    explicit: Option<Cache>,
    render: impl Fn(&mut KeyWriter<'_>),
) -> Call {
    begin(function, explicit, &render)
}

/// [`call`], which only asks its cache where its option `when` `holds`.
#[inline]
pub fn call_when(
    holds: bool,
    function: &'static Function,
    explicit: Option<Cache>,
    render: impl Fn(&mut KeyWriter<'_>),
) -> Call {
    if holds { begin(function, explicit, &render) } else { pass_by(function, explicit) }
}

/// What the option `when` says of a call.
#[must_use]
#[inline]
pub fn holds(when: bool) -> bool {
    when
}

#[inline(never)]
fn pass_by(function: &'static Function, explicit: Option<Cache>) -> Call {
    let context = Context::current();
    let cache = Handle::choose(explicit, context.cache);
    bypassed(function, &cache, context.observer.as_deref())
}

fn bypassed(function: &Function, cache: &Cache, observer: Option<&Observer>) -> Call {
    record(function, cache, observer, Outcome::Bypassed, "");
    Call(None)
}

#[inline(never)]
fn begin(function: &'static Function, explicit: Option<Cache>, render: Render<'_>) -> Call {
    let mut context = Context::current();
    let cache = Handle::choose(explicit, context.cache.take());
    if asks(&context, &cache) {
        match key_of(function, &cache, render) {
            Ok(key) => return Call::of(function, context, cache, key),
            Err(why) => function.warn_of_refusal(why),
        }
    }
    bypassed(function, &cache, context.observer.as_deref())
}

/// Whether there may be anything to look up.
#[inline]
fn asks(context: &Context, cache: &Cache) -> bool {
    context.mode != Mode::Bypass && !cache.is_disabled()
}

impl Call {
    #[inline(always)] // by itself it is moving what it is made of
    fn of(function: &'static Function, context: Context, cache: Handle, key: Key) -> Self {
        let held = context.computes(&cache, key.whole());
        Self(Some(Active {
            function,
            refresh: context.mode == Mode::Refresh,
            early: false,
            tagged: None,
            waits: if held { Waits::Not } else { Waits::Long },
            cache,
            key,
            observer: context.observer,
            counted: Counted::Yes,
        }))
    }

    /// What is stored has the tags that `write` writes.
    #[must_use]
    #[inline]
    pub fn tagged(self, write: impl Fn(&mut TagWriter<'_>)) -> Self {
        self.with_tags(&write)
    }

    #[inline(never)]
    fn with_tags(mut self, write: WriteTags<'_>) -> Self {
        let Some(call) = &mut self.0 else { return self };
        match render_tags(&call.cache, write) {
            Ok(tags) => call.tagged = Some(Box::new(Tagged::new(tags))),
            Err(why) => {
                call.function.warn_of_refusal(why);
                call.record(Outcome::Bypassed);
                self.0 = None;
            }
        }
        self
    }

    /// Of a plain function: while its caller is parked, the computation that it waits for may
    /// need the very thread. So it waits for one store timeout at the longest.
    #[must_use]
    pub fn plain(mut self) -> Self {
        if let Some(call) = self.0.as_mut().filter(|call| call.waits == Waits::Long) {
            call.waits = Waits::Short;
        }
        self
    }
}

impl Active {
    /// How long it waits for another's computation.
    pub(crate) fn wait(&self) -> Duration {
        let settings = self.cache.settings();
        match self.waits {
            Waits::Long => settings.wait,
            Waits::Short => settings.wait.min(settings.timeout),
            Waits::Not => Duration::ZERO,
        }
    }

    /// Whether it may have what is there without computing it.
    pub(crate) fn reads_at_once(&self) -> bool {
        !self.refresh && self.waits != Waits::Not
    }

    /// Whether it refreshes what its caller has got already.
    pub(crate) fn is_behind(&self) -> bool {
        matches!(self.counted, Counted::No)
    }

    /// Counts what the call came to.
    pub(crate) fn record(&self, outcome: Outcome) {
        match &self.counted {
            Counted::Yes => {}
            Counted::No => return,
            Counted::UnlessLeft(left) if left.load(Ordering::Relaxed) => return,
            Counted::UnlessLeft(_) => {}
        }
        record(self.function, &self.cache, self.observer.as_deref(), outcome, self.key.whole());
    }

    /// Counts a failure of the store; whoever failed has logged it.
    pub(crate) fn store_failed(&self, error: &Error) {
        tracing::debug!(
            target: "cache_runtime",
            function = self.function.path(),
            key = self.key.whole(),
            %error,
            "the store failed"
        );
        self.count_error();
    }

    /// Whether this process does not reach what has the key. Where it does, others can have invalidated the key
    /// meanwhile, though there was no lease to be had: Redis is full, or has something else there.
    pub(super) fn is_cut_off(&self) -> bool {
        self.cache.store().reachability_of(&self.key) != Reachability::Reachable
    }

    /// Counts what is in the store and could not be read, and says so once per function.
    pub(crate) fn codec_failed(&self, error: &Error) {
        self.function.warn_of_codec(self.key.whole(), error);
        self.count_error();
    }

    /// Counts a stored value that is larger than its function reads, and leaves it alone.
    #[inline(never)]
    pub(crate) fn too_large(&self, error: &Error) {
        self.codec_failed(error);
        self.cache.store().leave_alone(&self.key);
    }

    /// Counts a value that was computed for longer than its lease lasted, and is not stored
    /// therefore; says so once per function.
    pub(crate) fn lease_ran_out(&self) {
        self.function.warn_of_lease(self.key.whole());
        self.count(Counters::count_lease_lost);
    }

    /// Counts a value that cannot be stored, and says so once per function.
    pub(crate) fn not_storable(&self, error: &Error) {
        self.function.warn_of_value(self.key.whole(), error);
        self.count_error();
    }

    fn count_error(&self) {
        self.count(Counters::count_error);
        self.function.count_failure();
    }

    /// Counts something beside the outcome.
    pub(crate) fn count(&self, count: impl Fn(&Counters)) {
        count(self.function.counters.others());
        count(self.cache.counters().others());
        if let Some(observer) = &self.observer {
            observer.each(count);
        }
    }

    /// The same call, for a task of its own.
    pub(crate) fn again(&self) -> Self {
        Self {
            function: self.function,
            cache: self.cache.again(),
            key: self.key.clone(),
            refresh: self.refresh,
            tagged: self.tagged.clone(),
            early: false,
            waits: self.waits,
            observer: self.observer.clone(),
            counted: Counted::Yes,
        }
    }

    /// The same key, for a refresh in a task of its own.
    pub(crate) fn for_behind(&self) -> Self {
        Self { refresh: false, observer: None, counted: Counted::No, ..self.again() }
    }
}

fn record(
    function: &Function,
    cache: &Cache,
    observer: Option<&Observer>,
    outcome: Outcome,
    key: &str,
) {
    function.count(outcome);
    cache.counters().count(outcome);
    if let Some(observer) = observer {
        observer.count(outcome);
        #[cfg(feature = "axum")]
        observer.saw(&cache.settings().prefix);
    }
    tracing::debug!(
        target: "cache_runtime",
        function = function.path(),
        key,
        outcome = outcome.name(),
        "cached call"
    );
}
