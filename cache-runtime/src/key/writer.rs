//! Where a key is rendered.

use super::buffer::Buffer;
use super::encode::{push_hash, push_number, push_plain};
use super::ending::{HASH_MARK, HEAD, LONGEST};
use super::whole::Key;
use std::fmt;

/// Where a key is rendered: what [`CacheKey::write_key`](crate::CacheKey::write_key) writes to.
///
/// Its methods keep renderings apart from one another and from the template's own text, so an
/// implementation of [`CacheKey`](crate::CacheKey) that writes each part by [`item`](Self::item) or
/// [`str`](Self::str) is injective when its parts are.
pub struct KeyWriter<'s> {
    text: Buffer,
    /// Where the rendering begins, behind the prefix.
    start: usize,
    pub(super) path: &'s str,
    pub(super) secret: Option<&'s [u8; 32]>,
    /// This key may stand for more than one call.
    refused: Option<&'static str>,
    /// The path says nothing of the type that the function is a method of.
    pub(super) type_is_open: bool,
}

impl fmt::Debug for KeyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyWriter")
            .field("text", &self.text.as_str())
            .field("path", &self.path)
            .field("keyed", &self.secret.is_some()) // the secret itself stays out of logs
            .finish_non_exhaustive()
    }
}

/// Writes a key's arguments. Not `Fn`: a table of that one's functions has the closure's code twice, since
/// it can be called by value too.
pub(crate) trait Renders {
    fn render(&self, key: &mut KeyWriter<'_>);
}

impl<F: Fn(&mut KeyWriter<'_>)> Renders for F {
    #[inline]
    fn render(&self, key: &mut KeyWriter<'_>) {
        self(key);
    }
}

impl<'s> KeyWriter<'s> {
    /// A key under `prefix`, of the function whose path (dots for colons) is `path`.
    #[inline]
    pub(crate) fn new(prefix: &str, path: &'s str, secret: Option<&'s [u8; 32]>) -> Self {
        let mut text = Buffer::new();
        // At once for nearly every key, the version mark included.
        text.reserve(prefix.len() + path.len() + 96);
        text.push_str(prefix);
        text.push(':');
        let start = text.len();
        Self { text, start, path, secret, refused: None, type_is_open: false }
    }

    /// Has [`self_type`](Self::self_type) write the type.
    pub(crate) fn leave_type_open(&mut self, open: bool) {
        self.type_is_open = open;
    }

    /// A rendering that belongs to no key.
    pub(super) fn bare() -> Self {
        Self {
            text: Buffer::new(),
            start: 0,
            path: "",
            secret: None,
            refused: None,
            type_is_open: false,
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text.into_string()
    }

    /// The key with this mark.
    pub(super) fn finish(mut self, mark: &str) -> Key {
        self.complete(mark);
        self.completed()
    }

    /// The key, to be kept, of a text that is [`complete`](Self::complete).
    pub(crate) fn completed(self) -> Key {
        Key::rendered(&self.text, self.start)
    }

    /// All of the text so far.
    pub(crate) fn text_so_far(&self) -> &str {
        &self.text
    }

    /// The rendering so far, without the prefix.
    pub(crate) fn rendering(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// The keys that this rendering has with each of `marks`.
    pub(crate) fn finish_with<'m>(mut self, marks: impl Iterator<Item = &'m str>) -> Vec<Key> {
        let prefix = self.start;
        let text = self.complete("");
        marks.map(|mark| Key::rendered(&format!("{text}{mark}"), prefix)).collect()
    }

    /// The text of the key as it is in Redis, to be looked at: shortened when it is long, and with
    /// the version mark (`~2`, `~msgpack` or nothing) behind it.
    #[inline]
    pub(crate) fn complete(&mut self, mark: &str) -> &str {
        let rendering = self.text.len().saturating_sub(self.start);
        if rendering > LONGEST {
            self.shorten();
        }
        // Nearly every function has none, and every hit comes by here.
        if !mark.is_empty() {
            self.text.push_str(mark);
        }
        &self.text
    }

    #[cold]
    fn shorten(&mut self) {
        let hash = blake3::hash(self.text.get(self.start..).unwrap_or_default().as_bytes());
        let mut head = self.start + HEAD;
        while !self.text.is_char_boundary(head) {
            head -= 1;
        }
        self.text.truncate(head);
        // Half a `%XX` would read as something else.
        if let Some(percent) = self.text.rfind('%')
            && percent + 3 > head
            && percent >= self.start
        {
            self.text.truncate(percent);
        }
        // Arguments encode `~`, and that of `None` is never followed by a letter.
        self.text.push_str(HASH_MARK);
        push_hash(&mut self.text, &hash);
    }

    /// Why this key may stand for more than one call, so that it must not be used.
    pub(crate) fn refused(&self) -> Option<&'static str> {
        self.refused
    }
}

/// What the implementations of this crate call.
impl KeyWriter<'_> {
    /// Writes what is known to need no encoding.
    pub(super) fn plain(&mut self, value: impl fmt::Display) {
        push_plain(&mut self.text, value);
    }

    /// Writes an integer.
    pub(super) fn number(&mut self, is_negative: bool, absolute: u64) {
        push_number(&mut self.text, is_negative, absolute);
    }

    /// Says why this key may stand for more than one call.
    pub(super) fn refuse(&mut self, why: &'static str) {
        self.refused.get_or_insert(why);
    }

    /// The text so far, to append to.
    pub(crate) fn raw(&mut self) -> &mut String {
        &mut self.text
    }

    /// Writes an option whose value `write` writes.
    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(T, &mut Self)) {
        let from = self.text.len();
        match value {
            None => self.text.push('~'),
            Some(value) => {
                write(value, self);
                // Only a `None` within starts so; one more tells `Some(None)` from `None`.
                if self.text.get(from..).is_some_and(|rendering| rendering.starts_with('~')) {
                    self.text.insert(from, '~');
                }
            }
        }
    }
}
