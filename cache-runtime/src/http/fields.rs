//! Which parameters a type reads, asked of its `Deserialize`: a deserializer that reads nothing
//! and remembers what it was asked for.

use serde::de::{self, Deserializer, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// The parameters that a type reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fields {
    /// It is a map, a list of pairs or a struct with `#[serde(flatten)]`, which see every name.
    All,
    /// It is a struct with fields of these names.
    Only(&'static [&'static str]),
}

impl Fields {
    /// Of `T`.
    pub(super) fn of<T: de::DeserializeOwned>() -> Self {
        match T::deserialize(Asked) {
            // It read nothing at all, as `PhantomData` does.
            Ok(_) => Self::Only(&[]),
            Err(Answer(fields)) => fields,
        }
    }

    pub(super) fn contains(self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(&name),
        }
    }
}

/// Asked for anything, it fails with what it was asked for.
struct Asked;

/// The failure.
#[derive(Debug)]
struct Answer(Fields);

impl<'de> Deserializer<'de> for Asked {
    type Error = Answer;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer(Fields::All))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Answer> {
        Err(Answer(Fields::Only(fields)))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Answer> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Answer> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Answer> {
        Err(Answer(Fields::Only(&[])))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Answer> {
        Err(Answer(Fields::Only(&[])))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf seq
        tuple tuple_struct map enum identifier ignored_any
    }
}

impl de::Error for Answer {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(Fields::All)
    }
}

impl std::error::Error for Answer {}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
#[allow(dead_code)] // what is read is never looked at
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Deserialize)]
    struct Page {
        limit: u32,
        #[serde(rename = "from", alias = "start", default)]
        offset: u32,
        #[serde(skip)]
        total: u32,
    }

    #[derive(Deserialize)]
    struct Wrapped(Page);

    #[derive(Deserialize)]
    #[serde(try_from = "Page")]
    struct Checked;

    impl TryFrom<Page> for Checked {
        type Error = String;
        fn try_from(_: Page) -> Result<Self, String> {
            Ok(Self)
        }
    }

    #[derive(Deserialize)]
    struct Rest {
        limit: u32,
        #[serde(flatten)]
        rest: BTreeMap<String, String>,
    }

    #[test]
    fn a_struct_names_its_fields_as_serde_does() {
        for fields in [
            Fields::of::<Page>(),
            Fields::of::<Wrapped>(),
            Fields::of::<Checked>(),
            Fields::of::<Option<Page>>(),
        ] {
            assert!(fields.contains("limit") && fields.contains("from"), "{fields:?}");
            assert!(fields.contains("start"), "an alias is read as well: {fields:?}");
            assert!(!fields.contains("offset") && !fields.contains("total"), "{fields:?}");
        }
    }

    #[test]
    fn what_sees_every_name_has_all() {
        assert_eq!(Fields::of::<Rest>(), Fields::All);
        assert_eq!(Fields::of::<BTreeMap<String, String>>(), Fields::All);
        assert_eq!(Fields::of::<Vec<(String, String)>>(), Fields::All);
        assert_eq!(Fields::of::<()>(), Fields::Only(&[]));
    }
}
