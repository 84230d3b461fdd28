//! Tags: what entries have in common, so that all of them can be invalidated by one write.
//!
//! Each tag has a token of its own, a key beside the values. An entry carries its tags with the
//! tokens that they had before its computation began, and counts only while each of them still is
//! there and the same. To invalidate a tag is to remove its token; the next computation gives it a
//! new one. Nothing is ordered and no clock is compared: what is lost, by eviction say, is another
//! token or none, and so a miss. `tests/tests/model/tags` shows what each of these rules is for.

use std::ops::Range;

/// What a token's length is in Redis.
pub(crate) const TOKEN_BYTES: usize = 24;
/// How much of it an invalidation alone replaces.
pub(crate) const HARD: usize = 16;
/// What a soft invalidation replaces.
pub(crate) type SoftHalf = [u8; TOKEN_BYTES - HARD];

/// Where the number of its fill stands in a value with tags; the codec's envelope puts it there.
pub(crate) const FILL_AT: Range<usize> = 10..18;
const FILL_BYTES: usize = 8;
/// What a tag is until it is invalidated: random, from the system's entropy, so that none comes
/// back, not even in a clone of the virtual machine. Sixteen bytes of it are new after each
/// invalidation, the eight behind them also after one that makes entries stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TagToken([u8; TOKEN_BYTES]);

impl TagToken {
    /// `None` where the system has no entropy.
    pub(crate) fn random() -> Option<Self> {
        let mut random = [0; TOKEN_BYTES];
        getrandom::fill(&mut random).ok()?;
        Some(Self(random))
    }

    /// What is of another length is no token: somebody else wrote it.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether both are of one token, softened or not.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.split_at(HARD).0 == other.0.split_at(HARD).0
    }

    /// The same after a soft invalidation, for which `half` was drawn.
    pub(crate) fn softened(mut self, half: &SoftHalf) -> Self {
        self.0.split_at_mut(HARD).1.copy_from_slice(half);
        self
    }
}

/// What tokens have after a soft invalidation. `None` where the system has no entropy.
pub(crate) fn soft_half() -> Option<SoftHalf> {
    let mut random = SoftHalf::default();
    getrandom::fill(&mut random).ok()?;
    Some(random)
}

/// The tokens of some tags, in their order, so far as there are any.
pub(crate) type Tokens = Box<[Option<TagToken>]>;

/// Which fill of its key a value with tags is: a value that was seen not to count is told by it
/// from the one that replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FillId(pub(crate) [u8; FILL_BYTES]);

impl FillId {
    /// That of a stored value, if it is one with tags.
    pub(crate) fn is_of(&self, value: &[u8]) -> bool {
        value.get(FILL_AT) == Some(&self.0)
    }

    /// `None` where the system has no entropy.
    pub(crate) fn random() -> Option<Self> {
        let mut random = [0; FILL_BYTES];
        getrandom::fill(&mut random).ok()?;
        Some(Self(random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_of_its_kind_and_length() {
        let (one, other) = (TagToken::random().unwrap(), TagToken::random().unwrap());
        assert_ne!(one, other);
        assert!(!one.is_same(&other) && one.is_same(&one));
        assert_eq!(TagToken::read(one.as_bytes()), Some(one));
        assert_eq!(TagToken::read(&one.as_bytes()[1..]), None);
        let soft = one.softened(&soft_half().unwrap());
        assert!(one.is_same(&soft) && one != soft);
    }
}
