//! Functions, and keys, that could be taken for those of others, and so are not cached.

use super::Function;
use super::declared::SelfType;
use super::registry::registry;
use crate::key::KeyWriter;
use std::borrow::Cow;

impl Function {
    /// Why the calls of this function are not cached, if they are not.
    pub(crate) fn refused(&'static self) -> Option<&'static str> {
        if self.is_open() && self.declared.self_type == SelfType::Missing {
            return Some(
                "it stands in a generic impl, or is a trait's own method, and its key does not \
                 tell the types apart: put `{Self}` into the key, or write `skip(Self)` if one \
                 entry may serve them all",
            );
        }
        if self.trait_is_open() && self.declared.self_type == SelfType::InKey {
            return Some(
                "its trait has parameters, and its key does not tell which they are: put \
                 `#[redis_cache]` on the whole `impl` too, which sees whether `Self` tells them, or write \
                 `skip(Self)` if one entry may serve all types",
            );
        }
        self.refused.get_or_init(|| self.reason_to_refuse()).as_deref()
    }

    fn reason_to_refuse(&self) -> Option<Cow<'static, str>> {
        if self.declared.template.is_none() && registry().count(self.path()) > 1 {
            return Some(
                "another cached function has the same path, so their default keys would be one: \
                 give each a `key`"
                    .into(),
            );
        }
        if registry().at(self.declared.location, self.declared.ident).is_none() {
            return Some(
                "its companion cannot tell it from another cached function of its name, so nothing \
                 that names it would invalidate it: give it another name"
                    .into(),
            );
        }
        let (other, option) = registry().disagrees(self)?;
        let other = other.path();
        Some(Cow::Owned(format!(
            "its entries are those of `{other}`, and it differs from that in `{option}`: give both the \
             same, or another `key`"
        )))
    }

    /// Whether the key can begin with whatever an argument says.
    fn begins_with_argument(&self) -> bool {
        self.declared.template.is_some_and(|key| key.starts_with('{') && !key.starts_with("{{"))
    }

    /// Whether `key` reads like a default key of another function, which no argument may bring about.
    #[inline] // every key is asked
    pub(crate) fn is_forged(&self, key: &KeyWriter<'_>) -> bool {
        self.begins_with_argument() && reads_like_a_path(key.rendering())
    }
}

#[inline(never)]
fn reads_like_a_path(key: &str) -> bool {
    registry().count(key.split(':').next().unwrap_or_default()) > 0
}
