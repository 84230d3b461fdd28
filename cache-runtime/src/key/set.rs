//! Many keys that are not listed: what a pattern names, or a call of which arguments are left open.

use super::whole::Key;
use std::fmt;
use std::sync::Arc;

/// Keys that are told by a rule.
pub(crate) trait KeySet: fmt::Debug + Send + Sync {
    /// Whether `key` is one of them.
    fn holds(&self, key: &Key) -> bool;

    /// What all of them begin with, without the prefix.
    fn head(&self) -> String;

    /// A text that no other set has.
    fn id(&self) -> &str;
}

/// A set that is handed around.
pub(crate) type Keys = Arc<dyn KeySet>;

impl PartialEq for dyn KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for dyn KeySet {}
