//! The tags of a call. A tag is a [`Key`] whose value is a token: `shop:~tag:org:7`.

use super::whole::Key;
use std::ops::Deref;
use std::sync::Arc;

/// The tags of one call, each once. Those of a call without any cost nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tags(Option<Arc<[Key]>>);

impl Tags {
    pub(crate) const NONE: &Self = &Self(None);
}

impl Deref for Tags {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<Vec<Key>> for Tags {
    fn from(tags: Vec<Key>) -> Self {
        Self((!tags.is_empty()).then(|| tags.into()))
    }
}
