//! A cached function of many keys: what it adds to its program is a shell around [`Members`] that
//! decodes, runs the body and encodes. The results are decoded as they come, and are held by
//! [`elements`] of the list.
//!
//! [`begin`] makes members of the list, [`members`] is the algorithm, and [`body`] what is around its
//! body; what is kept of members is in [`kept`], and what bodies need that may run twice is in [`again`].

pub(crate) mod again;
mod begin;
mod body;
mod elements;
mod kept;
mod members;

use crate::cache::Cache;
use crate::cache::context::{Held, Inside};
use crate::call::read_through::encode;
use crate::codec::envelope::Payload;
use crate::function::Function;
use crate::key::KeyWriter;
use crate::key::tagging::TagWriter;
use crate::plan::keeper::Keeping;
use crate::plan::many::{Elements, Many, Member, Pairs};
use crate::plan::shape::Shape;
use crate::plan::{Hooks, Plan};
use begin::Beginning;
use elements::List;
use members::{Members, Step};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A call of a cached function of many keys.
pub struct Batch<I, R, K, V, S: Shape> {
    /// `None` where the cache is not asked.
    members: Option<Members>,
    many: Many<R, K, V, S>,
    with: Elements<I, K>,
    list: List<I, V>,
    /// The members that the body runs for.
    running: Vec<usize>,
    /// What the body returned beyond what it was asked for.
    extras: Pairs<K, V>,
}

/// What a call of many keys does next.
#[derive(Debug)]
pub enum Next<I, R> {
    /// Runs its body for these.
    Run(Vec<I>),
    /// Returns this.
    Return(R),
}

/// Begins a call for the elements of `ids`, whose keys `render` writes, and their tags `tag`. It only
/// asks its cache where its option `when` `holds`.
pub fn batch<I, R, K, V, S>(
    holds: bool,
    function: &'static Function,
    explicit: Option<Cache>,
    many: Many<R, K, V, S>,
    ids: &[I],
    render: impl Fn(&mut KeyWriter<'_>, &I),
    tag: impl Fn(&mut TagWriter<'_>, &I),
) -> Batch<I, R, K, V, S>
where
    I: Member<K>,
    S: Shape,
{
    let mut list = List::with_room(ids.len());
    let beginning = Some(ids.len()).filter(|elements| *elements > 0);
    let beginning =
        beginning.and_then(|elements| Beginning::new(holds, function, explicit, elements));
    let members = beginning.and_then(|mut beginning| {
        let added = ids.iter().try_for_each(|id| {
            let (member, is_new) = beginning
                .member(&|key: &mut KeyWriter<'_>| render(key, id), &|tags| tag(tags, id))?;
            list.add(id, member, is_new);
            Ok(())
        });
        match added {
            Ok(()) => Some(beginning.begin(&many.plan.rules)),
            Err(why) => {
                beginning.refused(why, ids.len());
                None
            }
        }
    });
    if members.is_none() {
        list = List::as_given(ids.iter().cloned());
    }
    let mut batch =
        Batch { members, many, with: Elements::NEW, list, running: Vec::new(), extras: Vec::new() };
    batch.take_kept();
    batch
}

impl<I, R, K, V, S: Shape> Batch<I, R, K, V, S> {
    /// Takes what is kept in this process, if the function keeps anything.
    fn take_kept(&mut self) {
        let Self { members: Some(members), many: Many { plan, value, .. }, list, .. } = self else {
            return;
        };
        let Some(keeper) = plan.hooks.keeping.keeper() else { return };
        members.take_kept(&mut |member, kept| {
            let taken = list.each::<()>(member, |element| {
                // What another function of this key keeps may be of another type.
                let stored = (keeper.take)(kept.clone());
                let stored =
                    stored.filter(|stored| Hooks::<S>::knows(&plan.rules, stored)).ok_or(())?;
                element.value = value(S::join(stored));
                Ok(())
            });
            taken == Ok(())
        });
    }

    /// Goes on until the body is to run or there is a result.
    pub async fn next(&mut self) -> Next<I, R> {
        loop {
            let Some(members) = &mut self.members else { return self.bare() };
            match members.step() {
                None => members.advance().await,
                Some(Step::Serve(member, value)) => self.serve(member, &value),
                Some(Step::CopyError(member)) => {
                    if let Some(output) = self.copied(member) {
                        return Next::Return(output);
                    }
                }
                Some(Step::Run(running)) => return Next::Run(self.run_for(running)),
                Some(Step::Over) => return Next::Return(self.finish()),
            }
        }
    }

    /// What is done without a cache.
    fn bare(&mut self) -> Next<I, R> {
        if self.list.is_empty() {
            return Next::Return(self.finish());
        }
        Next::Run(self.list.take().map(|element| element.id).collect())
    }

    fn run_for(&mut self, running: Vec<usize>) -> Vec<I> {
        let elements = running.iter().flat_map(|member| self.list.of(*member));
        let ids = elements.filter_map(|at| self.list.get(at));
        let ids = ids.map(|element| (self.with.clone)(&element.id)).collect();
        self.running = running;
        ids
    }

    /// The body, as it is to be polled.
    pub fn run<B: Future>(&self, body: B) -> Running<B> {
        let held = self.members.as_ref().and_then(Members::held);
        Running { held, body: Box::pin(body) }
    }

    /// The body has returned `output`. What the call returns, if it is to return at once.
    pub fn done(&mut self, output: R) -> Option<R> {
        let Some(members) = &mut self.members else { return Some(output) };
        let count = members.returned();
        match (self.many.split)(output) {
            Ok(pairs) => {
                let ambiguous = self.place(pairs);
                self.store(&ambiguous);
                None
            }
            Err(failed) => self.failed(failed, count),
        }
    }

    /// Gives the elements that the body ran for their values. Answers the members of which there
    /// were several, so that nobody knows which is theirs.
    fn place(&mut self, pairs: Pairs<K, V>) -> Vec<usize> {
        let members = self.running.iter();
        let running = members.flat_map(|member| self.list.of(*member).map(|at| (at, *member)));
        let running: Vec<_> = running.collect();
        let ids = running.iter().filter_map(|(at, _)| Some(&self.list.get(*at)?.id));
        let keys: Vec<_> = pairs.iter().map(|(key, _)| key).collect();
        let places = (self.with.find)(&ids.collect::<Vec<_>>(), &keys);
        let mut ambiguous = Vec::new();
        for ((key, value), place) in pairs.into_iter().zip(places) {
            let place = place.and_then(|place| running.get(place));
            let place = place.and_then(|(at, member)| Some((self.list.get_mut(*at)?, *member)));
            match place {
                Some((element, _)) if element.value.is_none() => element.value = Some(value),
                place => {
                    ambiguous.extend(place.map(|(_, member)| member));
                    self.extras.push((key, value));
                }
            }
        }
        ambiguous
    }

    /// Encodes what the members that the body ran for have by now.
    fn store(&mut self, ambiguous: &[usize]) {
        for member in std::mem::take(&mut self.running) {
            if ambiguous.contains(&member) {
                self.members.iter().for_each(|members| members.is_ambiguous(member));
                continue;
            }
            let has_value = |at: &usize| self.list.get(*at).is_some_and(|own| own.value.is_some());
            let element = self.list.of(member).find(has_value);
            let element = element.and_then(|at| self.list.get_mut(at));
            let mut value = element.map(|element| &mut element.value);
            let taken = value.as_mut().and_then(|value| value.take());
            let Some(members) = &mut self.members else { return };
            let Some(output) = (self.many.output)(taken) else { continue };
            let hooks = &self.many.plan.hooks;
            let (output, instead) = match S::split(output) {
                Ok(stored) => {
                    if let Some(machine) = members.storing(member) {
                        encode(machine, hooks, &stored);
                    }
                    (S::join(stored), None)
                }
                Err(failed) => {
                    let instead = members.fails(member, (hooks.errors.pack)(&failed));
                    (failed, instead)
                }
            };
            if let Some(value) = value {
                *value = (self.many.value)(output);
            }
            if let Some(instead) = instead {
                self.serve(member, &instead);
            }
        }
    }

    /// The body has failed, for so many members.
    fn failed(&mut self, failed: R, count: usize) -> Option<R> {
        let error = if count == 1 { (self.many.errors.pack)(&failed) } else { None };
        let instead = self.members.as_mut()?.failed(error);
        let all = instead.filter(|instead| {
            instead.iter().all(|(member, value)| self.decode(*member, value).is_ok())
        });
        let members = self.members.as_mut()?;
        match all {
            Some(instead) => {
                instead.iter().for_each(|(member, value)| members.served(*member, value));
                None
            }
            None => {
                members.missed(&self.running);
                Some(failed)
            }
        }
    }

    fn serve(&mut self, member: usize, value: &Payload) {
        let decoded = self.decode(member, value);
        let Some(members) = &mut self.members else { return };
        match decoded {
            Ok(()) => members.served(member, value),
            Err(why) => members.refused(member, why),
        }
    }

    /// Decodes the value of a member for each of its elements. The error says why it cannot be read,
    /// or is none where the function does not store such a value.
    fn decode(
        &mut self,
        member: usize,
        value: &Payload,
    ) -> Result<(), Option<crate::error::Error>> {
        let Self { members: Some(members), many, list, .. } = self else { return Ok(()) };
        let Plan { rules, hooks } = &many.plan;
        let computed = members.serves_computed(member);
        list.each(member, |element| {
            let stored = (hooks.decode)(value).map_err(Some)?;
            if !computed && !Hooks::<S>::knows(rules, &stored) {
                return Err(None);
            }
            if let Some(keeper) = hooks.keeping.keeper() {
                let keep = || (keeper.keep)(&stored);
                members.keep(member, hooks.room(&stored), &keep);
            }
            element.value = (many.value)(S::join(stored));
            Ok(())
        })
    }

    /// A copy of the error that a member has come to: its own, which is what it comes to here, or that
    /// of a call, which this one returns.
    fn copied(&mut self, member: usize) -> Option<R> {
        let Self { members: Some(members), many, list, .. } = self else { return None };
        let mut output = None;
        members.copy_error(member, &mut |error| {
            let own = list.each::<()>(member, |element| {
                let failed = (many.plan.hooks.errors.unpack)(error).ok_or(())?;
                element.value = (many.value)(failed);
                Ok(())
            });
            output = if own == Ok(()) { None } else { (many.errors.unpack)(error) };
            own == Ok(()) || output.is_some()
        });
        output
    }

    fn finish(&mut self) -> R {
        let own = self.list.take();
        let own =
            own.filter_map(|element| Some(((self.with.into_key)(element.id), element.value?)));
        (self.many.join)(own.chain(self.extras.drain(..)).collect())
    }
}

impl<I, R, K, V, S: Shape> fmt::Debug for Batch<I, R, K, V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("elements", &self.list.len()).finish_non_exhaustive()
    }
}

/// A body whose cached calls know what it computes.
pub struct Running<B> {
    held: Option<Arc<Held>>,
    /// Boxed: it is moved, and would be a part of the call's future twice.
    body: Pin<Box<B>>,
}

impl<B: Future> Future for Running<B> {
    type Output = B::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<B::Output> {
        let _inside = self.held.as_ref().map(|held| Inside::enter(Some(held)));
        self.body.as_mut().poll(context)
    }
}

impl<B> fmt::Debug for Running<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
