//! What is read from a store.

use super::tag::Tokens;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::l1::{Noted, Reading};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// The bytes of a value, wherever they lie.
#[derive(Clone)]
pub(crate) enum Bytes {
    Own(Vec<u8>),
    Shared(Arc<[u8]>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len()) // a value does not belong into a log
    }
}

/// What is to be known of a value beside what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want<'t> {
    /// How many bytes it is expected to have, zero if nobody knows: a large one is not fetched
    /// together with others.
    pub(crate) about: usize,
    /// How long it has left, read in one step with it. One that never expires counts as none:
    /// nobody knows how old it is.
    pub(crate) life: bool,
    /// The tokens of these tags.
    pub(crate) tags: &'t Tags,
    /// What must be known to keep it in this process, if it may be kept.
    pub(crate) keep: bool,
}

impl Want<'_> {
    /// Nothing: a plain `GET`.
    pub(crate) const PLAIN: Self = Self { about: 0, life: false, tags: Tags::NONE, keep: false };
    /// How long it has left.
    #[cfg(test)]
    pub(crate) const LIFE: Self = Self { life: true, ..Self::PLAIN };

    pub(crate) fn is_plain(&self) -> bool {
        !self.life && !self.keep && self.tags.is_empty()
    }
}

/// What is asked when a value is read: in one place, for each future within another would have a copy
/// of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'q> {
    pub(crate) key: &'q Key,
    pub(crate) want: Want<'q>,
    /// How long the answer is waited for.
    pub(crate) within: Duration,
}

/// A value in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) bytes: Bytes,
    /// How long it had left when it was read, where that was asked for.
    pub(crate) left: Option<Duration>,
    /// The tokens of the tags that were asked for with it.
    pub(crate) tokens: Tokens,
}

impl Found {
    /// A value of which nothing more was asked.
    pub(crate) fn plain(bytes: Bytes) -> Self {
        Self { bytes, left: None, tokens: Tokens::default() }
    }
}

/// What must be known of a value that was read and may be kept in this process.
#[derive(Debug)]
pub(crate) struct ToKeep {
    pub(crate) reading: Reading,
    /// What was noted of its tags.
    pub(crate) noted: Option<Noted>,
    /// What was left of its life, where that has an end.
    pub(crate) left: Option<Duration>,
}

impl ToKeep {
    /// With what was noted of tags that were read apart from the value. Says whether it may be kept:
    /// where nobody tracks the value, it would outlive its tags.
    pub(crate) fn with(&mut self, apart: Noted) -> bool {
        if let Some(noted) = &mut self.noted {
            noted.add(apart);
        }
        self.noted.is_some() && !self.reading.is_untracked()
    }
}

/// What reading a key came to.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) found: Option<Found>,
    /// Of what may be kept. Boxed: few are.
    pub(crate) to_keep: Option<Box<ToKeep>>,
    /// Which connection answered: those made again later have a higher number. Zero where there
    /// are none.
    #[cfg_attr(not(test), expect(dead_code, reason = "nothing that is read depends on it yet"))]
    pub(crate) generation: u64,
}

impl Read {
    /// What was found, and is not to be kept.
    pub(crate) fn of(found: Option<Found>) -> Self {
        Self { found, to_keep: None, generation: 0 }
    }
}
