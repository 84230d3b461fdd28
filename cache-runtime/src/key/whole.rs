//! A finished key: where its value is in Redis, and where its lease is.
//!
//! The only file that takes a key's text apart. It knows nothing of how keys are rendered.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

/// What stands between the prefix and what a lease is for.
const LEASE: &str = ":~lease:";
/// What stands between the prefix and what a computation has ended of without a value.
const ENDED: &str = ":~ended:";
/// What stands between the prefix and a tag. No argument renders as `~` with a letter behind it.
pub(crate) const TAG: &str = "~tag:";
/// The log of invalidated tags.
const LOG: &str = "~tags";
/// The slots of a Redis cluster.
pub(crate) const SLOTS: u16 = 16_384;

/// A key of one cache, with its prefix: `shop:user:7`. Clones share the text.
#[derive(Clone)]
pub(crate) struct Key {
    text: Arc<str>,
    /// The length of the prefix, its colon included.
    prefix: usize,
}

impl Key {
    /// The key `bare` under `prefix`.
    pub(crate) fn new(prefix: &str, bare: &str) -> Self {
        Self::rendered(&format!("{prefix}:{bare}"), prefix.len() + 1)
    }

    /// The key `text`, whose first `prefix` bytes are the prefix and its colon.
    pub(super) fn rendered(text: &str, prefix: usize) -> Self {
        Self { text: Arc::from(text), prefix }
    }

    /// The key that `whole` is, if it is one under `prefix`.
    pub(crate) fn parse(prefix: &str, whole: &str) -> Option<Self> {
        whole.strip_prefix(prefix)?.strip_prefix(':')?;
        Some(Self::rendered(whole, prefix.len() + 1))
    }

    /// The key whose lease is at `lease`.
    pub(crate) fn of_lease(prefix: &str, lease: &str) -> Option<Self> {
        let rest = lease.strip_prefix(prefix)?.strip_prefix(LEASE)?;
        let tagged = rest.strip_prefix('{').and_then(|rest| {
            // Either the whole key is the tag, or it follows one that is not a part of it.
            let whole = rest.strip_suffix('}').and_then(|whole| Self::parse(prefix, whole));
            whole.or_else(|| Self::parse(prefix, rest.split_once('}')?.1))
        });
        tagged.or_else(|| Self::parse(prefix, rest))
    }

    /// The key as it is in Redis: `shop:user:7`.
    pub(crate) fn whole(&self) -> &str {
        &self.text
    }

    /// The key without its prefix: `user:7`.
    pub(crate) fn bare(&self) -> &str {
        self.text.get(self.prefix..).unwrap_or_default()
    }

    /// The tag that this key holds the token of, if it does.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.bare().strip_prefix(TAG)
    }

    /// Where the token of the tag `name` is.
    pub(crate) fn of_tag(prefix: &str, name: &str) -> Self {
        Self::new(prefix, &[TAG, name].concat())
    }

    /// Where the invalidated tags of its cache are logged: `shop:~tags`.
    pub(crate) fn log(&self) -> Self {
        Self::new(self.text.get(..self.prefix.saturating_sub(1)).unwrap_or_default(), LOG)
    }

    /// Where the lease of this key is, in the same slot: `shop:~lease:{shop:user:7}`.
    ///
    /// A key with a hash tag of its own keeps it: `shop:~lease:shop:{eu}:7`. One that has none and
    /// holds a `}` cannot be a tag. It follows another tag of its slot: `shop:~lease:{ABCD}shop:a}b`.
    pub(crate) fn lease(&self) -> String {
        self.beside(LEASE)
    }

    /// Where it stands, in the same slot, that a computation of this key has ended without a value:
    /// `shop:~ended:{shop:user:7}`.
    pub(crate) fn ended(&self) -> String {
        self.beside(ENDED)
    }

    fn beside(&self, what: &str) -> String {
        let prefix = self.text.get(..self.prefix.saturating_sub(1)).unwrap_or_default();
        let key = self.whole();
        let tag;
        let parts = if hash_tag(key).is_some() {
            [key, "", "", ""]
        } else if key.contains('}') {
            tag = tag_of(self.slot());
            ["{", &tag, "}", key]
        } else {
            ["{", key, "}", ""]
        };
        let [one, two, three, four] = parts;
        [prefix, what, one, two, three, four].concat()
    }

    /// The slot of a Redis cluster that this key is in.
    pub(crate) fn slot(&self) -> u16 {
        slot_of(hash_tag(self.whole()).unwrap_or(self.whole()).as_bytes())
    }

    /// A hash of this key. Another process has another one.
    pub(crate) fn hash(&self) -> u64 {
        Self::hash_of(self.whole())
    }

    /// The hash of the key whose text this is.
    pub(crate) fn hash_of(whole: &str) -> u64 {
        static STATE: OnceLock<RandomState> = OnceLock::new();
        STATE.get_or_init(RandomState::new).hash_one(whole)
    }
}

/// The part of a key that decides about its slot, where that is not the whole key: what stands
/// between the first `{` and the next `}`, unless that is nothing.
fn hash_tag(key: &str) -> Option<&str> {
    let (_, rest) = key.split_once('{')?;
    let (tag, _) = rest.split_once('}')?;
    (!tag.is_empty()).then_some(tag)
}

fn slot_of(tag: &[u8]) -> u16 {
    crc16(tag) % SLOTS
}

/// A text whose slot this is: of the 16,384 first ones in these letters each has another.
fn tag_of(slot: u16) -> String {
    const LETTERS: u8 = b'@'; // and the 15 behind it
    let tags = (0..SLOTS).map(|number| {
        let digits = [number >> 12, number >> 8, number >> 4, number];
        digits.map(|digit| LETTERS | (digit & 15) as u8)
    });
    let found = tags.into_iter().find(|tag| slot_of(tag) == slot).unwrap_or_default();
    found.into_iter().map(char::from).collect()
}

/// The CRC16 of Redis clusters: XMODEM's, with the polynomial 0x1021. Four bits at a time, since every
/// call of a cluster needs it.
fn crc16(bytes: &[u8]) -> u16 {
    /// What the first four bits come to.
    const STEPS: [u16; 16] = [
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50A5, 0x60C6, 0x70E7, //
        0x8108, 0x9129, 0xA14A, 0xB16B, 0xC18C, 0xD1AD, 0xE1CE, 0xF1EF,
    ];
    let step = |crc: u16, four: u8| {
        let first = usize::from((crc >> 12) as u8 ^ four) & 15;
        crc << 4 ^ STEPS.get(first).copied().unwrap_or(0)
    };
    bytes.iter().fold(0, |crc, byte| step(step(crc, byte >> 4), byte & 15))
}

// By the text alone, so that a map of keys can be asked by what Redis answers.
impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(bare: &str) -> Key {
        Key::new("shop", bare)
    }

    #[test]
    fn a_key_knows_its_prefix() {
        let key = key("user:7");
        assert_eq!((key.whole(), key.bare()), ("shop:user:7", "user:7"));
        assert_eq!(Key::parse("shop", "shop:user:7"), Some(key));
        assert_eq!(Key::parse("shop", "shop:eu:7").unwrap().bare(), "eu:7");
        for foreign in ["shops:7", "shop", "user:7", "", "shö:7"] {
            assert_eq!(Key::parse("shop", foreign), None);
        }
    }

    #[test]
    fn a_lease_has_the_place_that_others_know() {
        assert_eq!(key("user:7").lease(), "shop:~lease:{shop:user:7}");
        assert_eq!(key("{eu}:7").lease(), "shop:~lease:shop:{eu}:7");
        assert_eq!(key("a{b").lease(), "shop:~lease:{shop:a{b}");
    }

    #[test]
    fn a_tag_is_told_from_a_value() {
        assert_eq!(key("~tag:org:7").tag(), Some("org:7"));
        assert_eq!(key("tag:org:7").tag(), None);
    }

    #[test]
    fn what_is_no_lease_is_none_of_a_key() {
        for other in ["shop:user:7", "shop:~lease:", "shop:~lease:x", "shop:~lease:{x}", "shop:~l"]
        {
            assert_eq!(Key::of_lease("shop", other), None, "{other}");
        }
    }

    #[test]
    fn slots_are_those_of_redis() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        let slot = |key: &str| slot_of(hash_tag(key).unwrap_or(key).as_bytes());
        for (key, expected) in [("foo", 12_182), ("bar", 5_061), ("hello", 866), ("", 0)] {
            assert_eq!(slot(key), expected, "{key}");
        }
        // The rule for hash tags, by the examples of the cluster's specification.
        assert_eq!(slot("{user1000}.following"), slot("user1000"));
        assert_eq!(slot("foo{{bar}}zap"), slot("{bar"));
        assert_eq!(slot("foo{bar}{zap}"), slot("bar"));
        assert_eq!(hash_tag("foo{}{bar}"), None);
    }

    #[test]
    fn every_slot_has_a_tag() {
        for slot in (0..SLOTS).step_by(97).chain([1, SLOTS - 1]) {
            let tag = tag_of(slot);
            assert_eq!(slot_of(tag.as_bytes()), slot);
            assert_eq!(hash_tag(&format!("{{{tag}}}")), Some(&*tag));
        }
    }

    #[test]
    fn a_hash_is_the_texts() {
        assert_eq!(key("user:7").hash(), Key::parse("shop", "shop:user:7").unwrap().hash());
        assert_ne!(key("user:7").hash(), key("user:8").hash());
    }

    proptest! {
        #[test]
        fn a_lease_shares_its_keys_slot_and_names_it(bare in "[ab{}:~]{0,9}", prefix in "[a-f0-9]{1,4}") {
            let key = Key::new(&prefix, &bare);
            let lease = Key::parse(&prefix, &key.lease()).unwrap();
            prop_assert_eq!(lease.slot(), key.slot(), "{}", lease.whole());
            prop_assert_eq!(Key::of_lease(&prefix, lease.whole()), Some(key));
        }
    }
}
