//! The tags of a call. A tag is a [`Key`] whose value is a token: `shop:~tag:org:7`.

use super::whole::Key;
use std::ops::Deref;
use std::sync::Arc;

/// The tags of one call, each once. Those of a call without any cost nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Tags {
    known: Option<Arc<[Key]>>,
    /// What is computed has further ones, which are known only then.
    has_own: bool,
}

impl Tags {
    pub(crate) const NONE: &Self = &Self { known: None, has_own: false };

    /// The same, where what is computed has further ones of its own.
    pub(crate) fn and_own(self) -> Self {
        Self { has_own: true, ..self }
    }

    pub(crate) fn has_own(&self) -> bool {
        self.has_own
    }

    /// Whether what is computed has no tags at all.
    pub(crate) fn is_none(&self) -> bool {
        self.known.is_none() && !self.has_own
    }
}

impl Deref for Tags {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        self.known.as_deref().unwrap_or_default()
    }
}

impl From<Vec<Key>> for Tags {
    fn from(tags: Vec<Key>) -> Self {
        Self { known: (!tags.is_empty()).then(|| tags.into()), has_own: false }
    }
}
