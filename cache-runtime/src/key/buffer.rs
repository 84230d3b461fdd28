//! The text that a key is rendered into.
//!
//! Each thread keeps one between two keys, so that rendering allocates nothing: what a key is
//! kept in is allocated once, when its length is known. A `String`, and not an array on the stack:
//! that would have to be cleared before, and checked to be UTF-8 again at each look at it.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

/// A text that has grown beyond this is not kept.
const MOST_KEPT: usize = 4096;

thread_local! {
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// An empty text at first, which its thread has back when this is dropped.
pub(super) struct Buffer(String);

impl Buffer {
    /// The thread's text. Whoever asks while another has it gets one of its own.
    pub(super) fn new() -> Self {
        Self(SPARE.try_with(Cell::take).unwrap_or_default()) // a thread that ends has none
    }

    pub(super) fn into_string(mut self) -> String {
        std::mem::take(&mut self.0)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut text = std::mem::take(&mut self.0);
        if (1..=MOST_KEPT).contains(&text.capacity()) {
            text.clear();
            let _ = SPARE.try_with(|spare| spare.set(text));
        }
    }
}

impl Deref for Buffer {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_writes_into_one_text_again_and_again() {
        let mut first = Buffer::new();
        first.push_str("shop:user:7");
        let place = first.as_ptr();
        let nested = Buffer::new();
        assert_eq!(nested.capacity(), 0, "somebody writes already");
        drop(nested);
        drop(first);
        let second = Buffer::new();
        assert_eq!((second.as_str(), second.as_ptr()), ("", place));
    }

    #[test]
    fn a_long_one_is_not_kept() {
        let mut long = Buffer::new();
        long.push_str(&"x".repeat(MOST_KEPT + 1));
        drop(long);
        assert!(Buffer::new().capacity() <= MOST_KEPT);
    }
}
