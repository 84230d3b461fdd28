//! The look at what is kept in this process, before anything else is begun (`l1`).

use super::rendering::Render;
use super::{Call, asked, bypassed, pass_by, record};
use crate::cache::context::{Context, Mode};
use crate::cache::{Cache, Handle};
use crate::figures::counters::Outcome;
use crate::function::Function;
use crate::key::KeyWriter;
use crate::l1::{Look, Value};
use crate::plan::Plan;
use crate::plan::keeper::Keeping;
use crate::plan::shape::Shape;

/// What is kept of a call's value in this process, or else the call, which only asks its cache where
/// its option `when` `holds`.
///
/// # Errors
/// The call, which goes on as any other.
#[inline]
#[allow(clippy::result_large_err)] // it is no error
pub fn local<S: Shape>(
    holds: bool,
    function: &'static Function,
    explicit: Option<Cache>,
    render: impl Fn(&mut KeyWriter<'_>),
    plan: &Plan<S>,
) -> Result<S::Output, Call> {
    let mut output = None;
    if !holds {
        return Err(pass_by(function, explicit));
    }
    let call = begin(function, explicit, &render, &mut |value| {
        // What another function of this key keeps may be of another type.
        let stored = plan.hooks.keeping.keeper().and_then(|keeper| (keeper.take)(value));
        output = stored.filter(|stored| plan.hooks.knows(stored)).map(S::join);
        output.is_some()
    });
    match (output, call) {
        (Some(output), _) => Ok(output),
        (None, call) => Err(call),
    }
}

/// Hands what is kept to `take`, which says whether it is of use. Answers the call where it is not.
#[inline(never)]
fn begin(
    function: &'static Function,
    explicit: Option<Cache>,
    render: Render<'_>,
    take: &mut dyn FnMut(Value) -> bool,
) -> Call {
    let mut context = Context::current();
    let cache = Handle::choose(explicit, context.cache.take());
    let Some(key) = asked(function, &context, &cache, render) else {
        return bypassed(function, &cache, context.observer.as_deref());
    };
    let mut early = false;
    if let Some(l1) = cache.l1()
        && context.mode == Mode::Normal
        // While an invalidation waits, what is said of keys is not looked at one by one.
        && cache.flights().trusts_all()
        && !context.computes(&cache, key.text_so_far())
    {
        match l1.look(key.text_so_far()) {
            Look::Kept(value) => {
                if take(value) {
                    let observer = context.observer.as_deref();
                    record(function, &cache, observer, Outcome::MemoryHit, key.text_so_far());
                    return Call(None);
                }
            }
            Look::Early => early = true,
            Look::Absent => {}
        }
    }
    let key = key.completed();
    let mut call = Call::of(function, context, cache, key);
    if let Some(call) = &mut call.0 {
        call.early = early;
    }
    call
}
