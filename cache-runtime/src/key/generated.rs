//! What generated code calls: the parts of a template, one method each.

use super::cache_key::CacheKey;
use super::encode::{Encoded, push_encoded, push_hash};
use super::transforms::{Bucket, CaseFold};
use super::type_names;
use super::writer::KeyWriter;
use std::fmt::{self, Write as _};
use std::time::Duration;

/// What generated code calls.
#[doc(hidden)]
impl KeyWriter<'_> {
    /// The template's own text, as it is.
    pub fn text(&mut self, literal: &str) {
        self.raw().push_str(literal);
    }

    /// The template's own text right behind an argument. Behind the `~` of a `None` it would read as the
    /// mark of a version, or as a key of the cache's own.
    pub fn text_behind(&mut self, literal: &str) {
        if self.raw().ends_with('~') {
            self.raw().push(',');
        }
        self.text(literal);
    }

    /// The path of the function, as it is.
    pub fn path(&mut self) {
        let path = self.path;
        self.raw().push_str(path);
    }

    /// In the place of an argument that is left open. No argument and no template holds a star.
    pub fn hole(&mut self) {
        self.raw().push('*');
    }

    pub fn argument<T: CacheKey + ?Sized>(&mut self, value: &T) {
        value.write_key(self);
    }

    /// An argument of type `impl Trait`: its type, then its value, since values of two types may
    /// read the same.
    pub fn typed_argument<T: CacheKey>(&mut self, value: &T) {
        self.type_name::<T>();
        self.raw().push('='); // encoded in the name, so the first one ends it
        value.write_key(self);
    }

    /// 128 bits of BLAKE3 over the value's rendering, keyed when there is a secret.
    pub fn hash<T: CacheKey + ?Sized>(&mut self, value: &T) {
        let (from, secret) = (self.raw().len(), self.secret);
        value.write_key(self);
        let rendering = self.raw().get(from..).unwrap_or_default().as_bytes();
        let hash = match secret {
            Some(secret) => blake3::keyed_hash(secret, rendering),
            None => blake3::hash(rendering),
        };
        self.raw().truncate(from);
        push_hash(self.raw(), &hash);
    }

    pub fn lower<T: CaseFold + ?Sized>(&mut self, value: &T) {
        value.write_folded(self, str::to_lowercase);
    }

    pub fn upper<T: CaseFold + ?Sized>(&mut self, value: &T) {
        value.write_folded(self, str::to_uppercase);
    }

    pub fn display<T: fmt::Display + ?Sized>(&mut self, value: &T) {
        if write!(Encoded(self.raw()), "{value}").is_err() {
            self.refuse(
                "the `Display` of an argument failed, so two values may share what was written before",
            );
        }
    }

    /// An item of an open tuple, by its `Display`.
    pub fn display_item<T: fmt::Display + ?Sized>(&mut self, value: &T) {
        struct Displayed<'v, T: ?Sized>(&'v T);
        impl<T: fmt::Display + ?Sized> CacheKey for Displayed<'_, T> {
            fn write_key(&self, key: &mut KeyWriter<'_>) {
                key.display(self.0);
            }
        }
        self.item(&Displayed(value));
    }

    pub fn bucket<T: Bucket + ?Sized>(&mut self, value: &T, size: Duration) {
        value.write_bucket(size, self);
    }

    /// The name of `T`, with dots for colons.
    pub fn type_name<T: ?Sized>(&mut self) {
        let name = std::any::type_name::<T>();
        if type_names::stands_for_two(name, typeid::of::<T>()) {
            self.refuse(
                "two types of one name are in its key, so their entries would be one: give one of \
                 the types another name",
            );
        }
        for (i, segment) in name.split("::").enumerate() {
            if i > 0 {
                self.raw().push('.');
            }
            push_encoded(self.raw(), segment);
        }
    }

    /// The type of `self`, where the function's path leaves it open: in an `impl` of a generic
    /// type, and in a trait's own method.
    pub fn self_type<T: ?Sized>(&mut self) {
        if self.type_is_open {
            self.raw().push(':');
            self.type_name::<T>();
        }
    }
}
