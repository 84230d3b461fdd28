//! Who reads from a node now, so that those who come then know whether there is anybody to join.

use super::node::Node;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts those who read now, while it lives.
pub(crate) struct Reading<'n>(&'n AtomicUsize);

impl<'n> Reading<'n> {
    /// Answers also whether others read at the same time. Alone there is nobody to wait for.
    pub(crate) fn begin(node: &'n Node) -> (Self, bool) {
        let others = node.readers.fetch_add(1, Ordering::Relaxed) > 0;
        (Self(&node.readers), others)
    }
}

/// The same of a node of its own.
pub(crate) struct OwnReading(Arc<Node>);

impl OwnReading {
    pub(crate) fn begin(node: Arc<Node>) -> Self {
        node.readers.fetch_add(1, Ordering::Relaxed);
        Self(node)
    }
}

impl Drop for OwnReading {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
