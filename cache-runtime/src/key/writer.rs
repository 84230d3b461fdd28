//! Where a key is rendered.

use super::encode::{Encoded, push_encoded, push_hash, push_plain};
use super::{Bucket, CacheKey, CaseFold, type_names};
use std::fmt::{self, Write as _};
use std::time::Duration;

/// The longest rendering that is kept whole, in bytes.
const LONGEST: usize = 1024;
/// What stands in for the rest of a longer one: `~h` and 32 hex digits.
const HASH_MARK: &str = "~h";
const HASH_DIGITS: usize = 32;

/// Where a key is rendered: what [`CacheKey::write_key`] writes to.
///
/// Its methods keep renderings apart from one another and from the template's own text, so an
/// implementation of [`CacheKey`] that writes each part by [`item`](Self::item) or
/// [`str`](Self::str) is injective when its parts are.
pub struct KeyWriter<'s> {
    text: String,
    /// Where the rendering begins, behind the prefix.
    start: usize,
    path: &'s str,
    secret: Option<&'s [u8; 32]>,
    ambiguous: bool,
    /// The path says nothing of the type that the function is a method of.
    type_is_open: bool,
}

impl fmt::Debug for KeyWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyWriter")
            .field("text", &self.text)
            .field("path", &self.path)
            .field("keyed", &self.secret.is_some()) // the secret itself stays out of logs
            .finish_non_exhaustive()
    }
}

impl<'s> KeyWriter<'s> {
    /// A key under `prefix`, of the function whose path (dots for colons) is `path`.
    pub(crate) fn new(prefix: &str, path: &'s str, secret: Option<&'s [u8; 32]>) -> Self {
        let mut key = Self { path, secret, ..Self::bare() };
        // One allocation for nearly every key, the version mark included.
        key.text.reserve(prefix.len() + path.len() + 96);
        key.text.push_str(prefix);
        key.text.push(':');
        key.start = key.text.len();
        key
    }

    /// Has [`self_type`](Self::self_type) write the type.
    pub(crate) fn leave_type_open(&mut self, open: bool) {
        self.type_is_open = open;
    }

    /// A rendering that belongs to no key.
    pub(super) fn bare() -> Self {
        Self {
            text: String::new(),
            start: 0,
            path: "",
            secret: None,
            ambiguous: false,
            type_is_open: false,
        }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The key in Redis: shortened when it is long, and with the version mark (`~2`, `~msgpack`
    /// or nothing) behind it.
    pub(crate) fn finish(mut self, mark: &str) -> String {
        let rendering = self.text.len().saturating_sub(self.start);
        if rendering > LONGEST {
            let hash = blake3::hash(self.text.get(self.start..).unwrap_or_default().as_bytes());
            let mut head = self.start + LONGEST - HASH_MARK.len() - HASH_DIGITS;
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
            self.text.shrink_to(self.text.len() + mark.len());
        }
        self.text.push_str(mark);
        self.text
    }

    /// Whether this key may stand for more than one call, so that it must not be used: one name
    /// for two types, or a `Display` that failed halfway.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.ambiguous
    }
}

/// What generated code calls.
#[doc(hidden)]
impl KeyWriter<'_> {
    /// The template's own text, as it is.
    pub fn text(&mut self, literal: &str) {
        self.text.push_str(literal);
    }

    /// The path of the function, as it is.
    pub fn path(&mut self) {
        self.text.push_str(self.path);
    }

    pub fn argument<T: CacheKey + ?Sized>(&mut self, value: &T) {
        value.write_key(self);
    }

    /// An argument of type `impl Trait`: its type, then its value, since values of two types may
    /// read the same.
    pub fn typed_argument<T: CacheKey>(&mut self, value: &T) {
        self.type_name::<T>();
        self.text.push('='); // encoded in the name, so the first one ends it
        value.write_key(self);
    }

    /// 128 bits of BLAKE3 over the value's rendering, keyed when there is a secret.
    pub fn hash<T: CacheKey + ?Sized>(&mut self, value: &T) {
        let from = self.text.len();
        value.write_key(self);
        let rendering = self.text.get(from..).unwrap_or_default().as_bytes();
        let hash = match self.secret {
            Some(secret) => blake3::keyed_hash(secret, rendering),
            None => blake3::hash(rendering),
        };
        self.text.truncate(from);
        push_hash(&mut self.text, &hash);
    }

    pub fn lower<T: CaseFold + ?Sized>(&mut self, value: &T) {
        value.write_folded(self, str::to_lowercase);
    }

    pub fn upper<T: CaseFold + ?Sized>(&mut self, value: &T) {
        value.write_folded(self, str::to_uppercase);
    }

    pub fn display<T: fmt::Display + ?Sized>(&mut self, value: &T) {
        if write!(Encoded(&mut self.text), "{value}").is_err() {
            self.ambiguous = true; // two values may share what was written before it failed
        }
    }

    pub fn bucket<T: Bucket + ?Sized>(&mut self, value: &T, size: Duration) {
        value.write_bucket(size, self);
    }

    /// The name of `T`, with dots for colons.
    pub fn type_name<T: ?Sized>(&mut self) {
        let name = std::any::type_name::<T>();
        self.ambiguous |= type_names::stands_for_two(name, typeid::of::<T>());
        for (i, segment) in name.split("::").enumerate() {
            if i > 0 {
                self.text.push('.');
            }
            push_encoded(&mut self.text, segment);
        }
    }

    /// The type of `self`, where the function's path leaves it open: in an `impl` of a generic
    /// type, and in a trait's own method.
    pub fn self_type<T: ?Sized>(&mut self) {
        if self.type_is_open {
            self.text.push(':');
            self.type_name::<T>();
        }
    }
}

/// What the implementations of this crate call.
impl KeyWriter<'_> {
    /// Writes what is known to need no encoding.
    pub(super) fn plain(&mut self, value: impl fmt::Display) {
        push_plain(&mut self.text, value);
    }

    /// The text so far, to append to.
    pub(super) fn raw(&mut self) -> &mut String {
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
