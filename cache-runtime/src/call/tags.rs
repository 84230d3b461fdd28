//! What a call asks of its tags, where it has any.

use super::Active;
use super::budget::Budget;
use super::tagged::Tagged;
use crate::cache::Cache;
use crate::codec::envelope::{self, Opened};
use crate::error::Error;
use crate::key::tagging::TagWriter;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::plan::standing::{Standing, standing};
use crate::store::tag::{FillId, TagToken};
use crate::store::{Found, Question, Read, Store, ToKeep};
use std::time::{Duration, Instant};

/// Each look-up reads the tokens of all tags.
const MOST: usize = 16;

impl Active {
    /// The tags of the call.
    pub(super) fn tags(&self) -> Tags {
        self.tagged.as_ref().map(|tagged| tagged.tags.clone()).unwrap_or_default()
    }

    /// The value that was found last, where it has tags.
    pub(super) fn seen(&self) -> Option<FillId> {
        self.tagged.as_ref().and_then(|tagged| tagged.seen)
    }

    /// Whether a value that was found counts, by its tags.
    pub(super) fn standing(&mut self, found: &Opened, now: &[Option<TagToken>]) -> Standing {
        match &mut self.tagged {
            None if !found.has_tags() => Standing::Good, // nearly every one
            None => standing(found, Tags::NONE, now),
            Some(tagged) => {
                tagged.seen = found.envelope.fill;
                standing(found, &tagged.tags, now)
            }
        }
    }

    /// Reads what is wanted, and then the tokens of the tags that are the value's own: it names them
    /// by itself.
    pub(super) async fn read_with_own(&self, question: &Question<'_>) -> Result<Read, Error> {
        let begun = Instant::now();
        let mut read = self.cache.store().read(question).await?;
        if let Some(found) = &mut read.found {
            let (tags, left) =
                (question.want.tags, question.within.saturating_sub(begun.elapsed()));
            with_own_tokens(&self.cache, tags, found, &mut read.to_keep, left).await?;
        }
        Ok(read)
    }

    /// Adds the tokens of the tags that are its own to what was found in the place of a lease, where it
    /// may have any. Without them it does not count.
    pub(super) async fn add_own_tokens(&self, found: &mut Found, budget: &mut Budget) {
        let tags = self.tags();
        if tags.has_own() {
            let (cache, kept) = (&self.cache, &mut None);
            let asked = budget.spend(|within| with_own_tokens(cache, &tags, found, kept, within));
            if let Some(Err(error)) = asked.await {
                self.store_failed(&error);
            }
        }
    }

    /// Whether what the store has may be read: no invalidation of the key or of one of its tags
    /// waits to reach it.
    pub(super) fn trusts(&self) -> bool {
        let trusts_tags = |tagged: &Tagged| tagged.tags.iter().all(|tag| self.cache.trusts(tag));
        self.cache.trusts(&self.key) && self.tagged.as_deref().is_none_or(trusts_tags)
    }
}

/// Adds the tokens of the tags that what was found for a call with `tags` has of its own, also to what
/// is known so that it can be kept in this process.
///
/// # Errors
/// Why the store could not be asked.
pub(crate) async fn with_own_tokens(
    cache: &Cache,
    tags: &Tags,
    found: &mut Found,
    to_keep: &mut Option<Box<ToKeep>>,
    within: Duration,
) -> Result<(), Error> {
    let own = envelope::names_with_own(&found.bytes).skip(tags.len());
    let own: Vec<_> = own.map(|name| Key::of_tag(&cache.settings().prefix, name)).collect();
    // What has been invalidated here, and not there yet, is not asked: it does not count.
    if !own.is_empty() && own.iter().all(|tag| cache.trusts(tag)) {
        let tokens = cache.store().tokens_beside(&own, to_keep, within).await?;
        found.tokens = found.tokens.iter().chain(&tokens).copied().collect();
    }
    Ok(())
}

/// The tags of its own that a value has, as `write` says, beside the `tags` of its call.
pub(crate) fn tags_of_value(
    cache: &Cache,
    tags: &Tags,
    write: &dyn Fn(&mut TagWriter<'_>),
) -> Result<Tags, Error> {
    let mut own = cache.settings().tags();
    write(&mut own);
    let own = own.finish().map_err(|why| Error::Codec(why.into()))?;
    let own: Vec<_> = own.iter().filter(|tag| !tags.contains(tag)).cloned().collect();
    match tags.len() + own.len() {
        ..=MOST => Ok(own.into()),
        many => Err(Error::Codec(format!("{many} tags, and an entry has {MOST} at most"))),
    }
}
