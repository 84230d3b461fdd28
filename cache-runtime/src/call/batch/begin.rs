//! A call of many keys before it begins: which cache it uses, and which members there are.

use super::members::Members;
use crate::cache::context::{Context, Mode};
use crate::cache::{Cache, Handle};
use crate::call::rendering::{Render, WriteTags, key_of, render_tags};
use crate::call::tagged::Tagged;
use crate::call::{Active, Counted, Waits, record};
use crate::figures::counters::Outcome;
use crate::function::Function;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::plan::rules::Rules;
use std::collections::HashMap;

/// More members than this would be a message that holds up others, and so are not cached.
const MOST: usize = 1000;

/// The members that a list comes to: each key once, or as often as its tags differ.
pub(super) struct Beginning {
    function: &'static Function,
    cache: Handle,
    context: Context,
    members: HashMap<(Key, Tags), usize>,
    calls: Vec<Active>,
}

impl Beginning {
    /// Of a call with so many elements. `None` where the cache is not asked, as where its option `when`
    /// does not hold.
    #[inline(never)]
    pub(super) fn new(
        holds: bool,
        function: &'static Function,
        explicit: Option<Cache>,
        elements: usize,
    ) -> Option<Self> {
        let mut context = Context::current();
        let cache = Handle::choose(explicit, context.cache.take());
        let beginning = Self {
            function,
            cache,
            context,
            members: HashMap::with_capacity(elements.min(MOST)),
            calls: Vec::with_capacity(elements.min(MOST)),
        };
        if !holds || beginning.context.mode == Mode::Bypass || beginning.cache.is_disabled() {
            beginning.bypasses(elements);
            return None;
        }
        Some(beginning)
    }

    /// The member whose key `render` writes, and its tags `tag`, and whether it is a new one.
    #[inline(never)]
    pub(super) fn member(
        &mut self,
        render: Render<'_>,
        tag: WriteTags<'_>,
    ) -> Result<(usize, bool), &'static str> {
        let Self { function, cache, context, members, calls } = self;
        let key = key_of(function, cache, render)?;
        let tags = render_tags(cache, tag)?;
        let next = members.len();
        let member = *members.entry((key.clone(), tags.clone())).or_insert(next);
        if member < next {
            return Ok((member, false));
        }
        if next == MOST {
            return Err("one of them had more than 1,000 members: split the list");
        }
        calls.push(Active {
            function,
            refresh: context.mode == Mode::Refresh,
            early: false,
            tagged: (!tags.is_none()).then(|| Box::new(Tagged::new(tags))),
            waits: if context.computes(cache, key.whole()) { Waits::Not } else { Waits::Long },
            cache: cache.again(),
            key,
            observer: context.observer.clone(),
            counted: Counted::Yes,
        });
        Ok((member, true))
    }

    /// The call is not cached, for this reason.
    #[inline(never)]
    pub(super) fn refused(&self, why: &'static str, elements: usize) {
        self.function.warn_of_refusal(why);
        self.bypasses(elements);
    }

    fn bypasses(&self, elements: usize) {
        for _ in 0..elements {
            let observer = self.context.observer.as_deref();
            record(self.function, &self.cache, observer, Outcome::Bypassed, "");
        }
    }

    #[inline(never)]
    pub(super) fn begin(self, rules: &Rules) -> Members {
        Members::new(self.function, self.cache, self.calls, rules)
    }
}
