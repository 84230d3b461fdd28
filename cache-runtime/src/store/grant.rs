//! Leases: the right to store what is being computed ("Scaling Memcache at Facebook", Nishtala et
//! al. 2013, the section on leases).
//!
//! A miss takes the key's lease before its body runs, and stores only while the lease is still its
//! own. An invalidation takes value and lease away together, so that whatever was begun before it
//! is stored nowhere. The lease is a key of its own beside the value, with a short life.

use super::found::Found;
use super::log::Mark;
use super::tag::{FillId, TagToken};
use crate::key::whole::Key;
use std::time::Duration;

/// The least life of a tag.
const LEAST: Duration = Duration::from_secs(60 * 60);
/// How long it stands that a computation has ended without a value: longer than anybody who waits
/// pauses before asking again.
pub(crate) const ENDED: Duration = Duration::from_secs(2);
/// No lease has more left than this.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// Proof of having been given a lease; random, so that no two are alike. From the system's entropy:
/// a generator's state is copied with the virtual machine that it runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token([u8; 32]);

impl Token {
    /// `None` where the system has no entropy.
    pub(crate) fn random() -> Option<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let mut random = u128::from_ne_bytes(random);
        let mut digits = [b'0'; 32];
        for digit in &mut digits {
            // Four bits make a hex digit.
            *digit = b"0123456789abcdef".get((random & 15) as usize).copied().unwrap_or(b'0');
            random >>= 4;
        }
        Some(Self(digits))
    }

    /// `None` where it is none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A lease that this process has left behind, and that may stand in the store still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LeftBehind {
    pub(crate) token: Token,
    /// What it was for has ended without a value, of which who takes it over leaves the mark.
    pub(crate) ended: bool,
}

/// When a lease is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Unless there is a value.
    IfAbsent,
    /// Unless there is a value with more than this left; one that never expires does not count.
    Above(Duration),
    /// Whoever has it, and whatever is there.
    Force,
}

/// What a lease is asked for with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim<'c> {
    pub(crate) ask: Ask,
    pub(crate) token: &'c Token,
    /// Whoever has one of these has left it behind. What has more than [`LONGEST`] left, or is no
    /// token, is no lease: these are taken over.
    pub(crate) over: &'c [LeftBehind],
    pub(crate) life: Duration,
    /// Where the key has tags.
    pub(crate) tagged: Option<Tagging<'c>>,
}

/// What a lease of a key with tags is asked for with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tagging<'c> {
    /// The value that does not count, having been seen. Any other one is found, whatever it has
    /// left: who asks judges by its tags and its life.
    pub(crate) seen: Option<FillId>,
    pub(crate) tags: &'c [Key],
    /// What those of the tags become that are none: as many as there are tags.
    pub(crate) seeds: &'c [TagToken],
    /// How long what is computed is likely to be stored.
    pub(crate) fill: Duration,
    /// It will have further tags, known only then.
    pub(crate) marks: bool,
}

impl Tagging<'_> {
    /// How long a tag lives that is made now: longer than its entries, which end with it.
    pub(crate) fn tags_last(&self) -> Duration {
        self.fill.saturating_mul(4).max(LEAST)
    }
}

/// What asking for a lease came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acquired {
    /// There is a value by now, and no lease was given. What it has left is known where
    /// [`Ask::Above`] was asked, or the key has tags.
    Found(Found),
    /// The lease is ours.
    Ours {
        /// What the key's tags have from now on, in their order.
        tokens: Vec<TagToken>,
        /// Where the log of invalidated tags is, where that was to be marked.
        mark: Option<Mark>,
    },
    /// Somebody else has it. What a computation of this key has ended of without a value, lately, is
    /// known by its lease's token: another one each time.
    Theirs(Option<Token>),
}

/// What is done under a lease, in the same atomic step that looks whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act<'v> {
    /// Stores the value for this long, and gives the lease back.
    Fill(&'v [u8], Duration),
    /// Gives the lease back.
    Release,
    /// Gives the lease back, and leaves the mark that what it was for has ended without a value:
    /// who waits for that is to wait for nothing else.
    End,
    /// The same, and removes the value: what was computed replaces it, and may not be stored.
    Discard,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clones of one machine have the same seed, and not the same entropy.
    #[test]
    fn a_seed_says_nothing_of_a_token() {
        let seeded = || {
            fastrand::seed(7);
            Token::random().unwrap()
        };
        assert_ne!(seeded(), seeded());
    }
}
