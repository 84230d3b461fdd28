//! Whether a stored value counts for a call, by its tags: pure policy.

use crate::codec::envelope::Opened;
use crate::key::tags::Tags;
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
///
/// Where values have tags of their own, those stand behind the call's, and their tokens behind
/// those of the call's. A value of another function, which says nothing of that, does not count.
pub(crate) fn standing(opened: &Opened, tags: &Tags, now: &[Option<TagToken>]) -> Standing {
    if opened.envelope.has_own_tags != tags.has_own() {
        return Standing::Gone;
    }
    let (mut standing, mut count) = (Standing::Good, 0);
    for (at, (name, then)) in opened.tags().enumerate() {
        let of_call = tags.get(at);
        let is_expected = match of_call {
            Some(tag) => tag.tag() == Some(name),
            None => tags.has_own(),
        };
        match now.get(at) {
            Some(Some(now)) if is_expected && then.is_same(now) => {
                if then != *now {
                    standing = Standing::Stale;
                }
            }
            _ => return Standing::Gone,
        }
        count += 1;
    }
    if count < tags.len() { Standing::Gone } else { standing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::envelope::{Envelope, open, seal};
    use crate::key::whole::Key;
    use crate::store::Bytes;
    use crate::store::tag::{FillId, soft_half};

    fn tag(name: &str) -> Key {
        Key::new("p", &format!("~tag:{name}"))
    }

    fn stored(tags: &[(Key, TagToken)]) -> Opened {
        let (key, mut bytes) = (Key::new("p", "k"), b"[]".to_vec());
        let fill = FillId::random().filter(|_| !tags.is_empty());
        seal(&key, Envelope { fill, ..Envelope::default() }, tags, &mut bytes).unwrap();
        open(&key, Bytes::Own(bytes)).unwrap()
    }

    #[test]
    fn a_value_counts_with_all_of_its_tags_as_they_were() {
        let (a, b) = (TagToken::random().unwrap(), TagToken::random().unwrap());
        let both = stored(&[(tag("a"), a), (tag("b"), b)]);
        let tags = Tags::from(vec![tag("a"), tag("b")]);
        let counts = |opened: &Opened, tags: &Tags, now: &[Option<TagToken>]| {
            standing(opened, tags, now) == Standing::Good
        };
        assert!(counts(&both, &tags, &[Some(a), Some(b)]));
        assert!(!counts(&both, &tags, &[Some(a), None]), "missing");
        assert!(!counts(&both, &tags, &[Some(b), Some(a)]), "others");
        assert!(!counts(&both, &tags, &[Some(a)]), "not told");
        assert!(!counts(&both, &vec![tag("a")].into(), &[Some(a)]), "more than the call's");
        assert!(!counts(&stored(&[(tag("a"), a)]), &tags, &[Some(a), Some(b)]), "fewer");
        assert!(!counts(&both, &vec![tag("a"), tag("c")].into(), &[Some(a), Some(b)]), "another");
        assert!(
            !counts(&both, Tags::NONE, &[]) && !counts(&stored(&[]), &tags, &[Some(a), Some(b)])
        );
        assert!(counts(&stored(&[]), Tags::NONE, &[]));
        let soft = a.softened(&soft_half().unwrap());
        assert_eq!(standing(&both, &tags, &[Some(soft), Some(b)]), Standing::Stale);
        assert_eq!(standing(&both, &tags, &[Some(soft), None]), Standing::Gone);
    }

    #[test]
    fn a_value_with_tags_of_its_own_counts_with_them_alone() {
        let [a, b, c] = [(); 3].map(|()| TagToken::random().unwrap());
        let (key, mut bytes) = (Key::new("p", "k"), b"[]".to_vec());
        let envelope =
            Envelope { fill: FillId::random(), has_own_tags: true, ..Envelope::default() };
        seal(&key, envelope, &[(tag("a"), a), (tag("b"), b)], &mut bytes).unwrap();
        let opened = open(&key, Bytes::Own(bytes)).unwrap();
        let tags = Tags::from(vec![tag("a")]).and_own();
        let now = |tokens: &[TagToken]| tokens.iter().copied().map(Some).collect::<Vec<_>>();
        assert_eq!(standing(&opened, &tags, &now(&[a, b])), Standing::Good);
        assert_eq!(standing(&opened, &tags, &now(&[a])), Standing::Gone, "not told");
        for other in [[a, c], [c, b]] {
            assert_eq!(standing(&opened, &tags, &now(&other)), Standing::Gone);
        }
        let soft = b.softened(&soft_half().unwrap());
        assert_eq!(standing(&opened, &tags, &now(&[a, soft])), Standing::Stale);
        // Of a function that says nothing of it, and for one.
        let plain = Tags::from(vec![tag("a"), tag("b")]);
        assert_eq!(standing(&opened, &plain, &now(&[a, b])), Standing::Gone);
        let without = stored(&[(tag("a"), a)]);
        assert_eq!(standing(&without, &tags, &now(&[a])), Standing::Gone);
    }
}
