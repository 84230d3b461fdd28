//! The look at what is kept in this process, before anything else is begun (`l1`).

use super::rendering::{Render, WriteTags, render_key, render_tags};
use super::tagged::Tagged;
use super::{Call, asks, bypassed, pass_by, record};
use crate::cache::context::{Context, Mode};
use crate::cache::{Cache, Handle};
use crate::figures::counters::Outcome;
use crate::function::Function;
use crate::key::tags::Tags;
use crate::key::{CacheKey, KeyWriter};
use crate::l1::{Missed, Value};
use crate::plan::in_memory::Kept;
use crate::plan::shape::Shape;
use tracing::level_filters::LevelFilter;

/// The number that `value` is in a key, if it is one.
#[must_use]
#[inline]
pub fn number<T: CacheKey + ?Sized>(value: &T) -> Option<u64> {
    value.__number()
}

/// What is kept of a call's value in this process, or else the call, which only asks its cache where
/// its option `when` `holds`. Its key is a text, the same for all calls, and then `number`, if there
/// is one. Without the plan, which takes longer to be made than a value to be found.
///
/// # Errors
/// The call, which goes on as any other.
#[inline]
#[allow(clippy::result_large_err, clippy::too_many_arguments)] // it is no error, and no person's call
pub fn local<S: Shape>(
    holds: bool,
    function: &'static Function,
    explicit: Option<Cache>,
    number: Option<u64>,
    render: impl Fn(&mut KeyWriter<'_>),
    tags: Option<WriteTags<'_>>,
    kept: Kept<S>,
    stores_none: bool,
) -> Result<S::Output, Call> {
    if !holds {
        return Err(pass_by(function, explicit));
    }
    // Of what another function of this key keeps, which may be a `None` that this one does not store.
    let is_known = |stored: &S::Stored| stores_none || S::value(stored).is_some();
    let mut missed = Missed::Unasked;
    if let Some(number) = number
        && let Some(value) = look_by_number(function, explicit.as_ref(), number, &mut missed)
    {
        // It may be of another type, too.
        if let Some(stored) = (kept.0.take)(value)
            && is_known(&stored)
        {
            count(function, explicit.as_ref(), number);
            return Ok(S::join(stored));
        }
        missed = Missed::Absent;
    }
    let mut output = None;
    let call = begin(function, explicit, (number, missed), (&render, tags), &mut |value| {
        output = (kept.0.take)(value).filter(is_known).map(S::join);
        output.is_some()
    });
    output.ok_or(call)
}

/// The look of who has a number: where its key is kept is known from earlier calls, so that it need
/// not be rendered. If it is not, `missed` stays as it is.
#[inline(never)]
fn look_by_number(
    function: &Function,
    explicit: Option<&Cache>,
    number: u64,
    missed: &mut Missed,
) -> Option<Value> {
    if Context::is_any() {
        return look_within(function, explicit, number, missed);
    }
    look(function, explicit.unwrap_or_else(|| Cache::global()), number, missed)
}

/// The same in a scope, under an observer, or in the body of another call.
#[inline(never)]
fn look_within(
    function: &Function,
    explicit: Option<&Cache>,
    number: u64,
    missed: &mut Missed,
) -> Option<Value> {
    let context = Context::current();
    // Whether that computes this very key is told by its text.
    if context.mode != Mode::Normal || context.is_inside() {
        return None;
    }
    let cache = explicit.or(context.cache.as_ref()).unwrap_or_else(|| Cache::global());
    look(function, cache, number, missed)
}

#[inline]
fn look(function: &Function, cache: &Cache, number: u64, missed: &mut Missed) -> Option<Value> {
    let l1 = cache.l1()?;
    // While an invalidation waits, what is said of keys is not looked at one by one.
    if !cache.flights().trusts_all() {
        return None;
    }
    l1.look(&l1.place_of(function.number(), number)?, Tags::NONE, missed)
}

/// Counts what was found by a number.
// What is rare is called in its place and not beside it, so that this has nothing to keep for later.
#[inline(never)]
fn count(function: &'static Function, explicit: Option<&Cache>, number: u64) {
    if !Context::is_any()
        && LevelFilter::current() < LevelFilter::DEBUG
        && let Some(cache) = explicit.or(Cache::made())
        && let Some(of_function) = function.counters.own_memory_hits()
        && let Some(of_cache) = cache.counters().own_memory_hits()
    {
        of_cache.add();
        function.count_memory_hit(of_function);
    } else {
        count_within(function, explicit, number);
    }
}

/// The same in a scope, under an observer, in the body of another call, where calls are logged, or for the
/// first time.
#[cold]
#[inline(never)]
fn count_within(function: &'static Function, explicit: Option<&Cache>, number: u64) {
    let context = Context::current();
    let cache = explicit.or(context.cache.as_ref()).unwrap_or_else(|| Cache::global());
    let is_logged = tracing::enabled!(target: "cache_runtime", tracing::Level::DEBUG);
    let place = cache.l1().filter(|_| is_logged);
    let place = place.and_then(|l1| l1.place_of(function.number(), number));
    let key = place.map(|place| place.to_string()).unwrap_or_default();
    record(function, cache, context.observer.as_deref(), Outcome::MemoryHit, &key);
}

/// Looks by the text of the key, unless that has been done by the number. Answers the call where
/// nothing was taken.
#[inline(never)]
fn begin(
    function: &'static Function,
    explicit: Option<Cache>,
    (number, mut missed): (Option<u64>, Missed),
    (render, write_tags): (Render<'_>, Option<WriteTags<'_>>),
    take: &mut dyn FnMut(Value) -> bool,
) -> Call {
    let mut context = Context::current();
    let cache = Handle::choose(explicit, context.cache.take());
    if !asks(&context, &cache) {
        return bypassed(function, &cache, context.observer.as_deref());
    }
    let rendered = render_key(function, &cache, render);
    let key = match rendered {
        Ok(key) => key,
        Err(why) => {
            function.warn_of_refusal(why);
            return bypassed(function, &cache, context.observer.as_deref());
        }
    };
    let tags = match write_tags.map(|write| render_tags(&cache, write)).transpose() {
        Ok(tags) => tags,
        Err(why) => {
            function.warn_of_refusal(why);
            return bypassed(function, &cache, context.observer.as_deref());
        }
    };
    if missed == Missed::Unasked
        && let Some(l1) = cache.l1()
        && context.mode == Mode::Normal
        // While an invalidation waits, what is said of keys is not looked at one by one.
        && cache.flights().trusts_all()
        && !context.computes(&cache, key.text_so_far())
    {
        let place = l1.place(key.text_so_far());
        if let Some(number) = number {
            l1.learn(function.number(), number, &place);
        }
        let value = l1.look(&place, tags.as_ref().unwrap_or(Tags::NONE), &mut missed);
        if value.is_some_and(take) {
            let observer = context.observer.as_deref();
            record(function, &cache, observer, Outcome::MemoryHit, key.text_so_far());
            return Call(None);
        }
    }
    let key = key.completed();
    let mut call = Call::of(function, context, cache, key);
    if let Some(call) = &mut call.0 {
        call.early = missed == Missed::Early;
        call.tagged = tags.map(|tags| Box::new(Tagged::new(tags)));
    }
    call
}
