//! Which attribute of a writer it is, and what is particular to each.

/// Which attribute it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `#[redis_invalidate]`.
    Invalidate,
    /// `#[redis_put]`.
    Put,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Invalidate => "redis_invalidate",
            Self::Put => "redis_put",
        }
    }

    /// What is named, when nothing is.
    pub(super) fn subject(self) -> &'static str {
        match self {
            Self::Invalidate => "whose value changes",
            Self::Put => "whose value this one returns",
        }
    }
}
