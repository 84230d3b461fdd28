//! What `table.rs` is without the feature `l1`: nothing, and so there is no `L1`.

use super::kept::Kept;
use super::place::{Known, Place, Texts};
use std::sync::Arc;

pub(super) const ENTRY: usize = 0;

pub(super) enum Table {}

pub(super) struct Gone;

impl Gone {
    #[allow(clippy::unused_self)]
    pub(super) fn was_there(&self) -> bool {
        false
    }
}

// There it has one, and so is dropped by name.
impl Drop for Gone {
    fn drop(&mut self) {}
}

#[allow(clippy::unused_self, clippy::needless_pass_by_value)] // the same calls as with the feature
impl Table {
    pub(super) fn new(_: u64) -> Option<Self> {
        None
    }

    pub(super) fn hash(&self, _: &str, _: &str) -> u64 {
        match *self {}
    }

    pub(super) fn get(&self, _: &Place<'_>) -> Option<Kept> {
        match *self {}
    }

    pub(super) fn get_known(&self, _: &Known<'_>) -> Option<Kept> {
        match *self {}
    }

    pub(super) fn insert(&self, _: &Place<'_>, _: Arc<Texts>, _: u32, _: Kept) -> Gone {
        match *self {}
    }

    pub(super) fn remove(&self, _: &Place<'_>) -> Gone {
        match *self {}
    }

    pub(super) fn remove_matching(&self, _: &dyn Fn(&Place<'_>) -> bool) {
        match *self {}
    }

    pub(super) fn remove_of(&self, _: u8) -> Vec<Gone> {
        match *self {}
    }

    pub(super) fn len(&self) -> u64 {
        match *self {}
    }

    pub(super) fn bytes(&self) -> u64 {
        match *self {}
    }

    pub(super) fn capacity(&self) -> u64 {
        match *self {}
    }

    pub(super) fn evictions(&self) -> u64 {
        match *self {}
    }
}
