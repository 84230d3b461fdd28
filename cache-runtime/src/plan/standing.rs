//! Whether a stored value counts for a call, by its tags: pure policy.

use crate::codec::envelope::Opened;
use crate::key::whole::Key;
use crate::store::tag::TagToken;

/// Whether a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It does, for as long as its life says.
    Good,
    /// It is stale, however fresh its life says it is.
    Stale,
    /// It does not.
    Gone,
}

/// Whether a value counts that was opened, `now` being the tokens of the call's `tags`.
///
/// It does if it has these tags and no others, and each is what it was when the value's computation
/// began; it is stale where one has been invalidated softly since. So what was stored before a tag
/// was added to a function, or removed from it, is replaced, as is what a function without tags, or
/// with others, has stored under the same key.
pub(crate) fn standing(opened: &Opened, tags: &[Key], now: &[Option<TagToken>]) -> Standing {
    let (mut own, mut standing) = (opened.tags(), Standing::Good);
    for (at, tag) in tags.iter().enumerate() {
        match (own.next(), now.get(at)) {
            (Some((name, then)), Some(Some(now)))
                if tag.tag() == Some(name) && then.is_same(now) =>
            {
                if then != *now {
                    standing = Standing::Stale;
                }
            }
            _ => return Standing::Gone,
        }
    }
    if own.next().is_some() { Standing::Gone } else { standing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::envelope::{Envelope, open, seal};
    use crate::store::Bytes;
    use crate::store::tag::{FillId, soft_half};

    fn tag(name: &str) -> Key {
        Key::new("p", &format!("~tag:{name}"))
    }

    fn stored(tags: &[(Key, TagToken)]) -> Opened {
        let (key, mut bytes) = (Key::new("p", "k"), b"[]".to_vec());
        let fill = FillId::random().filter(|_| !tags.is_empty());
        seal(&key, Envelope { load: None, fill, is_error: false }, tags, &mut bytes).unwrap();
        open(&key, Bytes::Own(bytes)).unwrap()
    }

    #[test]
    fn a_value_counts_with_all_of_its_tags_as_they_were() {
        let (a, b) = (TagToken::random().unwrap(), TagToken::random().unwrap());
        let both = stored(&[(tag("a"), a), (tag("b"), b)]);
        let tags = [tag("a"), tag("b")];
        let counts = |opened: &Opened, tags: &[Key], now: &[Option<TagToken>]| {
            standing(opened, tags, now) == Standing::Good
        };
        assert!(counts(&both, &tags, &[Some(a), Some(b)]));
        assert!(!counts(&both, &tags, &[Some(a), None]), "missing");
        assert!(!counts(&both, &tags, &[Some(b), Some(a)]), "others");
        assert!(!counts(&both, &tags, &[Some(a)]), "not told");
        assert!(!counts(&both, &tags[..1], &[Some(a)]), "more than the call's");
        assert!(!counts(&stored(&[(tag("a"), a)]), &tags, &[Some(a), Some(b)]), "fewer");
        assert!(!counts(&both, &[tag("a"), tag("c")], &[Some(a), Some(b)]), "another");
        assert!(!counts(&both, &[], &[]) && !counts(&stored(&[]), &tags, &[Some(a), Some(b)]));
        assert!(counts(&stored(&[]), &[], &[]));
        let soft = a.softened(&soft_half().unwrap());
        assert_eq!(standing(&both, &tags, &[Some(soft), Some(b)]), Standing::Stale);
        assert_eq!(standing(&both, &tags, &[Some(soft), None]), Standing::Gone);
    }
}
