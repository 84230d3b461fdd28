//! The lease of a key: asked for, held while its value is computed, and given back.

use super::tagged::Stamp;
use crate::cache::Handle;
use crate::codec::envelope::{self, Envelope};
use crate::error::Error;
use crate::flight::leases::{Holding, LIFE};
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::store::log::Mark;
use crate::store::tag::{FillId, TagToken};
use crate::store::{Acquired, Act, Ask, Claim, LeftBehind, Store, Tagging, Token};
use crate::timers;
use crate::together::all;
use std::time::{Duration, Instant};

/// Why a value is computed that will not be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoLease {
    StoreInTrouble,
    /// Another call has the lease, and is not waited for, or not any longer.
    Theirs,
    /// The value there is one that a writer of this process has replaced.
    Distrusted,
}

/// The lease of a key, asked for or held. Dropped before it is settled, it is given back behind the
/// caller's back: it may have been given.
#[derive(Debug)]
pub(crate) struct Lease {
    cache: Handle,
    key: Key,
    token: Option<Token>,
    /// What it is for has ended without a value.
    ended: bool,
    /// Has it renewed for as long as it is held.
    held: Option<Holding>,
    /// Boxed: most keys have no tags.
    tagged: Option<Box<Tagged>>,
}

/// The tags of what is computed under a lease.
#[derive(Debug)]
struct Tagged {
    tags: Tags,
    /// What is stored is likely to live for so long.
    fill: Duration,
    /// The value that does not count, having been seen.
    seen: Option<FillId>,
    /// The tags as they are since the lease was given, before the body began; behind them those of
    /// the value.
    stamp: Stamp,
    /// Where the log of invalidated tags was then, if the value has tags of its own.
    mark: Option<Mark>,
}

impl Tagged {
    fn seeds(&self) -> Result<Vec<TagToken>, Error> {
        seeds_of(&self.tags)
    }

    fn claimed<'c>(&'c self, seeds: &'c [TagToken]) -> Tagging<'c> {
        let Self { tags, fill, seen, .. } = self;
        Tagging { seen: *seen, tags, seeds, fill: *fill, marks: tags.has_own() }
    }

    /// The lease was given, and these are the tokens of its tags.
    fn given(&mut self, tokens: &[TagToken], mark: Option<Mark>) {
        self.stamp = self.tags.iter().cloned().zip(tokens.iter().copied()).collect();
        self.mark = mark;
    }
}

/// What tags become that are none.
fn seeds_of(tags: &[Key]) -> Result<Vec<TagToken>, Error> {
    let seeds = tags.iter().map(|_| TagToken::random()).collect::<Option<_>>();
    seeds.ok_or(Error::Unavailable)
}

impl Lease {
    /// About to be asked for. The token is a new one each time: an earlier request that was given
    /// up may still arrive, and would be taken for this one.
    pub(crate) fn request(cache: Handle, key: Key) -> Self {
        Self { cache, key, token: Token::random(), ended: false, held: None, tagged: None }
    }

    /// What is stored under it has `tags`, and is likely to live for `fill`; the value that was
    /// `seen` does not count.
    pub(crate) fn of(mut self, tags: Tags, fill: Duration, seen: Option<FillId>) -> Self {
        if !tags.is_none() {
            let (stamp, mark) = (Vec::new(), None);
            self.tagged = Some(Box::new(Tagged { tags, fill, seen, stamp, mark }));
        }
        self
    }

    /// Asks for it.
    pub(crate) async fn acquire(&mut self, ask: Ask, within: Duration) -> Result<Acquired, Error> {
        let Self { cache, key, token: Some(token), held, tagged, .. } = self else {
            return Err(Error::Unavailable);
        };
        let seeds = tagged.as_deref().map(Tagged::seeds).transpose()?.unwrap_or_default();
        let sent = Instant::now();
        let over = cache.leases().left_behind(key);
        let tagging = tagged.as_deref().map(|tagged| tagged.claimed(&seeds));
        let claim = Claim { ask, token, over: &over, life: LIFE, tagged: tagging };
        let acquired = cache.store().acquire(key, &claim, within).await;
        match &acquired {
            Ok(Acquired::Ours { tokens, mark }) => {
                if let Some(tagged) = tagged {
                    tagged.given(tokens, *mark);
                }
                over.iter().for_each(|over| cache.leases().given_back(&over.token));
                *held = Some(cache.hold(key, token, sent));
                return acquired;
            }
            // It was not given.
            Ok(_) | Err(Error::Refused(_)) => {}
            // It may arrive there all the same. Nothing could be sent to follow it: what happened
            // has taken the connections down.
            Err(_) => {
                cache.leases().leave_behind(key, LeftBehind { token: *token, ended: false });
            }
        }
        self.token = None;
        acquired
    }

    /// What it is for has ended without a value. Who waits for that elsewhere is told when it is given
    /// back.
    pub(crate) fn ends(&mut self) {
        self.ended = true;
    }

    /// Whether what is stored under it has tags of its own beside those that it was asked for with.
    pub(crate) fn has_own_tags(&self) -> bool {
        self.tagged.as_ref().is_some_and(|tagged| tagged.tags.has_own())
    }

    /// What is stored under it for `life` has these tags of its own too. Says whether it is known
    /// that none of them was invalidated since the lease was given; else it may not be stored.
    pub(crate) async fn tag(
        &mut self,
        own: &Tags,
        life: Duration,
        within: Duration,
    ) -> Result<bool, Error> {
        if own.is_empty() {
            return Ok(true);
        }
        let Some(tagged) = &mut self.tagged else { return Ok(false) };
        let Some(mark) = &tagged.mark else { return Ok(false) };
        // What waits here for the store is not in its log yet.
        if !own.iter().all(|tag| self.cache.trusts(tag)) {
            return Ok(false);
        }
        let seeds = seeds_of(own)?;
        let tagging = Tagging { seen: None, tags: own, seeds: &seeds, fill: life, marks: false };
        let tokens = self.cache.store().seed(&tagging, mark, within).await?;
        let Some(tokens) = tokens else { return Ok(false) };
        tagged.stamp.extend(own.iter().cloned().zip(tokens));
        Ok(true)
    }

    /// Whether it was not renewed in time, so that it is not to be had any more.
    pub(crate) fn has_run_out(&self) -> bool {
        self.held.as_ref().is_some_and(Holding::has_run_out)
    }

    /// Puts before a value what is stored with it: how long its body ran, where that is to be
    /// known, and its tags. Answers how long that is.
    ///
    /// # Errors
    /// When something in it is too large to be written.
    pub(crate) fn seal(&self, load: Option<Duration>, bytes: &mut Vec<u8>) -> Result<usize, Error> {
        self.put_before(load, false, bytes)
    }

    /// [`seal`](Self::seal) for an error in the place of a value.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn seal_error(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        self.put_before(None, true, bytes).map(drop)
    }

    fn put_before(
        &self,
        load: Option<Duration>,
        is_error: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<usize, Error> {
        let length = bytes.len();
        let stamp = self.tagged.as_ref().map_or(&[][..], |tagged| &tagged.stamp);
        let fill = match &self.tagged {
            None => None,
            Some(_) => Some(FillId::random().ok_or(Error::Unavailable)?),
        };
        let envelope = Envelope { load, fill, is_error, has_own_tags: self.has_own_tags() };
        envelope::seal(&self.key, envelope, stamp, bytes)?;
        Ok(bytes.len() - length)
    }

    /// Takes the tags out, as they were when it was given.
    pub(crate) fn take_stamp(&mut self) -> Stamp {
        self.tagged.take().map(|tagged| tagged.stamp).unwrap_or_default()
    }

    /// Does `act` if the lease is still this call's, and ends it either way.
    pub(crate) async fn settle(mut self, act: Act<'_>, within: Duration) -> Result<bool, Error> {
        self.ended |= matches!(act, Act::Discard | Act::End);
        let Some(token) = &self.token else { return Ok(false) };
        let settled = self.cache.store().settle(&self.key, token, act, within).await;
        // Else, and where this is dropped meanwhile, it may be ours still: `drop` gives it back.
        if settled.is_ok() {
            self.token = None;
        }
        settled
    }
}

impl Lease {
    /// What is left of it where it is dropped before it is settled.
    fn left(&mut self) -> Option<Left> {
        let lease = LeftBehind { token: self.token.take()?, ended: self.ended };
        self.cache.leases().leave_behind(&self.key, lease);
        Some(Left { cache: self.cache.again(), key: self.key.clone(), lease })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(left) = self.left() {
            give_all_back(vec![left]);
        }
    }
}

/// Gives leases back behind the caller's back, all at once.
pub(super) fn give_back(leases: Vec<Lease>) {
    let left: Vec<_> = leases.into_iter().filter_map(|mut lease| lease.left()).collect();
    if !left.is_empty() {
        give_all_back(left);
    }
}

/// A lease that may stand in the store still.
struct Left {
    cache: Handle,
    key: Key,
    lease: LeftBehind,
}

impl Left {
    async fn release(self) {
        let Self { cache, key, lease: LeftBehind { token, ended } } = self;
        let (act, within) = (if ended { Act::End } else { Act::Release }, cache.settings().timeout);
        if cache.store().settle(&key, &token, act, within).await.is_ok() {
            cache.leases().given_back(&token);
        }
    }
}

fn give_all_back(left: Vec<Left>) {
    // Without a runtime they run out, or are taken over by the next calls of this process.
    if timers::available() {
        drop(tokio::spawn(async move {
            all(left.into_iter().map(Left::release)).await;
        }));
    }
}
