//! Tags that the value itself says (`tags_with`).
//!
//! A tag is a text, the one that [`invalidate_tag`](crate::Cache::invalidate_tag) takes, or a name
//! with arguments: `("org", id)` is what the template `org:{id}` writes. So an argument is encoded
//! as there, and a tag is the same one whoever writes it.

use super::cache_key::CacheKey;
use super::tagging::TagWriter;
use super::writer::KeyWriter;
use std::borrow::Cow;

/// What a function says that `tags_with` names.
#[diagnostic::on_unimplemented(
    message = "`tags_with` returns a list of tags, and `{Self}` is none",
    label = "this is no list of tags",
    note = "return a `Vec`, an array, an `Option` or an iterator of tags, such as \
            `[(\"customer\", order.customer)]`; a tag is a text, or a name with \
            arguments that can be part of a key"
)]
pub trait OwnTags {
    fn write(self, tags: &mut TagWriter<'_>);
}

#[diagnostic::do_not_recommend] // the sentence above says it
impl<I: IntoIterator<Item: OwnTag>> OwnTags for I {
    fn write(self, tags: &mut TagWriter<'_>) {
        for tag in self {
            tags.tag(|key| tag.write(key));
        }
    }
}

/// One of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tag",
    label = "the list that `tags_with` returns is to be one of tags",
    note = "a tag is a text, such as `\"catalog\"`, or a name with its arguments, such as \
            `(\"customer\", order.customer)`, which the template `customer:{{id}}` writes alike"
)]
pub trait OwnTag {
    fn write(&self, key: &mut KeyWriter<'_>);
}

impl OwnTag for str {
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(self);
    }
}

impl OwnTag for String {
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(self);
    }
}

impl OwnTag for Cow<'_, str> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        key.text(self);
    }
}

impl<T: OwnTag + ?Sized> OwnTag for &T {
    fn write(&self, key: &mut KeyWriter<'_>) {
        (**self).write(key);
    }
}

macro_rules! with_arguments {
    ($($argument:ident)+) => {
        impl<Name: AsRef<str>, $($argument: CacheKey),+> OwnTag for (Name, $($argument),+) {
            #[allow(non_snake_case)] // one name for the type and its value
            fn write(&self, key: &mut KeyWriter<'_>) {
                let (name, $($argument),+) = self;
                key.text(name.as_ref());
                $(
                    key.text(":");
                    key.argument($argument);
                )+
            }
        }
    };
}

with_arguments!(A);
with_arguments!(A B);
with_arguments!(A B C);

/// Has `of` say the tags of a value. The value stands before it, so that the type of a closure's
/// argument is known.
#[inline]
pub fn own_tags<'v, V, T: OwnTags>(
    value: &'v V,
    tags: &mut TagWriter<'_>,
    of: impl FnOnce(&'v V) -> T,
) {
    of(value).write(tags);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tags::Tags;
    use proptest::prelude::*;

    fn written<T: OwnTags>(of: impl FnOnce(&()) -> T) -> Result<Vec<String>, &'static str> {
        let mut tags = TagWriter::new("p", None);
        own_tags(&(), &mut tags, of);
        let names =
            |tags: Tags| tags.iter().filter_map(|tag| Some(tag.tag()?.to_owned())).collect();
        tags.finish().map(names)
    }

    #[test]
    fn texts_and_names_with_arguments_are_tags() {
        assert_eq!(written(|()| ["a", "b:1", "a"]).unwrap(), ["a", "b:1"]);
        assert_eq!(written(|()| Some(("org", 7_u64))).unwrap(), ["org:7"]);
        assert_eq!(written(|()| vec![("a:b", "x:y", None::<u8>)]).unwrap(), ["a:b:x%3Ay:~"]);
        let names = [String::from("x"), String::from("~")];
        let of = |()| names.iter().map(|name| (Cow::Borrowed("n"), name, 1, 2));
        assert_eq!(written(|()| of(())).unwrap(), ["n:x:1:2", "n:%7E:1:2"]);
        assert_eq!(written(|()| None::<&str>).unwrap(), Vec::<String>::new());
        assert!(written(|()| ["a", ""]).is_err(), "an empty one names nothing");
    }

    proptest! {
        #[test]
        fn two_tags_with_one_name_are_one_only_if_their_arguments_are(
            one in any::<(String, Option<String>)>(), other in any::<(String, Option<String>)>()
        ) {
            let of = |(a, b): &(String, Option<String>)| {
                written(|()| [("n", a.clone(), b.clone())]).unwrap()
            };
            prop_assert_eq!(of(&one) == of(&other), one == other);
        }

        #[test]
        fn texts_are_one_tag_only_if_they_are_one(one in ".{1,2000}", other in ".{1,2000}") {
            let of = |text: &String| written(|()| [text]).unwrap();
            prop_assert_eq!(of(&one) == of(&other), one == other);
            prop_assert_eq!(of(&one), of(&one.clone()));
        }
    }
}
