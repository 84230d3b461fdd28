//! What a call knows of its tags; a call without any has none of this.

use crate::cache::Cache;
use crate::error::Error;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::store::Store;
use crate::store::tag::{FillId, TagToken};
use std::time::Duration;

/// What a call knows of its tags.
#[derive(Debug, Clone)]
pub(crate) struct Tagged {
    pub(super) tags: Tags,
    /// The value that was found last, and is to be replaced if anything is computed. Who asks for
    /// the lease names it: it is still there, whatever its tags say of it.
    pub(super) seen: Option<FillId>,
}

impl Tagged {
    pub(super) fn new(tags: Tags) -> Self {
        Self { tags, seen: None }
    }
}

/// The tags of what is computed, as they were before its body began.
pub(crate) type Stamp = Vec<(Key, TagToken)>;

/// Whether the tags still are what they were, asked now.
pub(super) async fn are_current(
    cache: &Cache,
    stamp: &Stamp,
    within: Duration,
) -> Result<bool, Error> {
    let tags: Vec<_> = stamp.iter().map(|(tag, _)| tag.clone()).collect();
    let now = cache.store().tokens(&tags, within).await?;
    // One that was invalidated softly is not what it was either.
    let then = stamp.iter().map(|(_, then)| Some(*then));
    Ok(then.eq(now.iter().copied()))
}
