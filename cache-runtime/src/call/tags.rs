//! What a call asks of its tags, where it has any.

use super::Active;
use super::tagged::Tagged;
use crate::codec::envelope::Opened;
use crate::key::tags::Tags;
use crate::plan::standing::{Standing, standing};
use crate::store::tag::{FillId, TagToken};

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
            None => standing(found, &[], now),
            Some(tagged) => {
                tagged.seen = found.envelope.fill;
                standing(found, &tagged.tags, now)
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
