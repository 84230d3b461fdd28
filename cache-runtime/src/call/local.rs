//! The look at what is kept in this process, before anything else is begun (`l1`).

use super::rendering::{Render, WriteTags, render_key, render_tags};
use super::tagged::Tagged;
use super::{Call, asks, bypassed, pass_by, record};
use crate::cache::context::{Context, Mode};
use crate::cache::{Cache, Handle};
use crate::figures::counters::Outcome;
use crate::figures::lanes::Own;
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
    let mut looked = Looked::default();
    if let Some(number) = number {
        let explicit = explicit.as_ref();
        if let Some(value) = look_by_number(function, explicit, number, &mut looked) {
            if let Some(stored) = take(kept, stores_none, value) {
                match looked.own {
                    Some(own) => own.count(function),
                    None => count_within(function, explicit, number),
                }
                return Ok(S::join(stored));
            }
            looked.missed = Missed::Absent;
        }
    }
    // Moved, so that a hit has no place in memory for them.
    let (render, kept, stores_none, missed) = (render, kept, stores_none, looked.missed);
    let mut output = None;
    let call = begin(function, explicit, (number, missed), (&render, tags), &mut |value| {
        output = take(kept, stores_none, value).map(S::join);
        output.is_some()
    });
    output.ok_or(call)
}

/// What is kept, unless it is not the function's own: it may be of another type that has the same key, or a `None`
/// that this function does not store.
#[inline(always)]
fn take<S: Shape>(kept: Kept<S>, stores_none: bool, value: Value) -> Option<S::Stored> {
    (kept.0.take)(value).filter(|stored| stores_none || S::value(stored).is_some())
}

/// What a look by a number says beside the value.
#[derive(Default)]
struct Looked<'c> {
    /// Why there is none.
    missed: Missed,
    /// Where a hit is to be counted, where that is all there is to do.
    own: Option<OwnCounts<'c>>,
}

/// Where this thread counts the hits of a function, and of a cache.
struct OwnCounts<'c> {
    of_function: Own<'c>,
    of_cache: Own<'c>,
}

impl<'c> OwnCounts<'c> {
    /// Unless calls are logged too, or there has been no hit yet.
    #[inline]
    fn of(function: &'static Function, cache: &'c Cache) -> Option<Self> {
        if LevelFilter::current() >= LevelFilter::DEBUG {
            return None;
        }
        let of_function = function.counters.own_memory_hits()?;
        Some(Self { of_function, of_cache: cache.counters().own_memory_hits()? })
    }

    #[inline]
    fn count(self, function: &Function) {
        self.of_cache.add();
        function.count_memory_hit(self.of_function);
    }
}

/// The look of who has a number: where its key is kept is known from earlier calls, so that it need
/// not be rendered. If it is not, `looked` says that nobody has looked.
#[inline(never)]
fn look_by_number<'c>(
    function: &'static Function,
    explicit: Option<&'c Cache>,
    number: u64,
    looked: &mut Looked<'c>,
) -> Option<Value> {
    if Context::is_any() {
        return look_within(function, explicit, number, &mut looked.missed);
    }
    let cache = explicit.unwrap_or_else(|| Cache::global());
    let value = look(function, cache, number, &mut looked.missed);
    if value.is_some() {
        looked.own = OwnCounts::of(function, cache);
    }
    value
}

/// The same in a scope, under an observer, or in the body of another call.
#[cold]
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

#[inline(always)] // at both places: a hit pays for each call
fn look(function: &Function, cache: &Cache, number: u64, missed: &mut Missed) -> Option<Value> {
    let l1 = cache.l1()?;
    // While an invalidation waits, what is said of keys is not looked at one by one.
    if !cache.flights().trusts_all() {
        return None;
    }
    l1.look_at_known(&l1.known(function.number(), number)?, missed)
}

/// Counts what was found by a number, in a scope, under an observer, in the body of another call, where calls are
/// logged, or for the first time.
#[cold]
#[inline(never)]
fn count_within(function: &'static Function, explicit: Option<&Cache>, number: u64) {
    let context = Context::current();
    let cache = explicit.or(context.cache.as_ref()).unwrap_or_else(|| Cache::global());
    let is_logged = tracing::enabled!(target: "cache_runtime", tracing::Level::DEBUG);
    let l1 = cache.l1().filter(|_| is_logged);
    let known = l1.and_then(|l1| l1.known(function.number(), number));
    let key = known.map(|known| known.place().to_string()).unwrap_or_default();
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
