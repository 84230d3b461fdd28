//! What implementations of [`CacheKey`] write: strings, tuples, lists, maps and variants.

use super::cache_key::CacheKey;
use super::encode::push_encoded;
use super::writer::KeyWriter;

/// What implementations of [`CacheKey`] call.
impl KeyWriter<'_> {
    /// Writes a string, percent-encoded where it must be.
    ///
    /// Write one string only, or several as [`item`](Self::item)s: `"ab"` and `"c"` one behind the
    /// other read like `"a"` and `"bc"`.
    ///
    /// ```
    /// use cache_runtime::key::{self, CacheKey, KeyWriter};
    ///
    /// struct Language(&'static str);
    ///
    /// impl CacheKey for Language {
    ///     fn write_key(&self, key: &mut KeyWriter<'_>) {
    ///         key.str(self.0);
    ///     }
    /// }
    ///
    /// assert_eq!(key::render(&Language("de/AT")), "de%2FAT");
    /// ```
    pub fn str(&mut self, value: &str) {
        push_encoded(self.raw(), value);
    }

    /// Opens a tuple: what has a fixed number of parts.
    ///
    /// ```
    /// use cache_runtime::key::{self, CacheKey, KeyWriter};
    ///
    /// struct Page { number: u32, size: u32 }
    ///
    /// impl CacheKey for Page {
    ///     fn write_key(&self, key: &mut KeyWriter<'_>) {
    ///         key.begin_tuple();
    ///         key.item(&self.number);
    ///         key.item(&self.size);
    ///         key.end_tuple();
    ///     }
    /// }
    ///
    /// assert_eq!(key::render(&Page { number: 2, size: 50 }), "(2,50)");
    /// ```
    pub fn begin_tuple(&mut self) {
        self.raw().push('(');
    }

    /// Closes what [`begin_tuple`](Self::begin_tuple) opened.
    pub fn end_tuple(&mut self) {
        self.raw().push(')');
    }

    /// Opens a list: what has any number of items. They must come in an order that equal values
    /// share.
    ///
    /// ```
    /// use cache_runtime::key::{self, CacheKey, KeyWriter};
    ///
    /// struct Words(&'static str);
    ///
    /// impl CacheKey for Words {
    ///     fn write_key(&self, key: &mut KeyWriter<'_>) {
    ///         key.begin_list();
    ///         for word in self.0.split(' ') {
    ///             key.item(word);
    ///         }
    ///         key.end_list();
    ///     }
    /// }
    ///
    /// assert_eq!(key::render(&Words("to be")), "[to,be]");
    /// ```
    pub fn begin_list(&mut self) {
        self.raw().push('[');
    }

    /// Closes what [`begin_list`](Self::begin_list) opened.
    pub fn end_list(&mut self) {
        self.raw().push(']');
    }

    /// Writes one item of an open tuple or list.
    pub fn item<T: CacheKey + ?Sized>(&mut self, value: &T) {
        // No item ends in a bracket that opens, so one at the end means that this is the first.
        if !self.raw().ends_with(['(', '[']) {
            self.raw().push(',');
        }
        self.filled(value);
    }

    /// Writes one entry of a map that is open as a list.
    ///
    /// ```
    /// use cache_runtime::key::{self, CacheKey, KeyWriter};
    ///
    /// struct Query(Vec<(String, String)>);
    ///
    /// impl CacheKey for Query {
    ///     fn write_key(&self, key: &mut KeyWriter<'_>) {
    ///         key.begin_list();
    ///         for (name, value) in &self.0 {
    ///             key.entry(name, value);
    ///         }
    ///         key.end_list();
    ///     }
    /// }
    ///
    /// assert_eq!(key::render(&Query(vec![("sort".into(), "name".into())])), "[sort=name]");
    /// ```
    pub fn entry<K, V>(&mut self, name: &K, value: &V)
    where
        K: CacheKey + ?Sized,
        V: CacheKey + ?Sized,
    {
        self.item(name);
        self.raw().push('=');
        self.filled(value);
    }

    /// Writes the name of an enum's variant; its fields follow as a tuple.
    ///
    /// ```
    /// use cache_runtime::key::{self, CacheKey, KeyWriter};
    ///
    /// enum Owner { Nobody, User(u64) }
    ///
    /// impl CacheKey for Owner {
    ///     fn write_key(&self, key: &mut KeyWriter<'_>) {
    ///         match self {
    ///             Owner::Nobody => key.variant("Nobody"),
    ///             Owner::User(id) => {
    ///                 key.variant("User");
    ///                 key.begin_tuple();
    ///                 key.item(id);
    ///                 key.end_tuple();
    ///             }
    ///         }
    ///     }
    /// }
    ///
    /// assert_eq!(key::render(&Owner::Nobody), "Nobody");
    /// assert_eq!(key::render(&Owner::User(7)), "User(7)");
    /// ```
    pub fn variant(&mut self, name: &str) {
        push_encoded(self.raw(), name);
    }

    /// Writes a value, and `%` when it renders as nothing: a percent sign is otherwise followed by
    /// two digits.
    fn filled<T: CacheKey + ?Sized>(&mut self, value: &T) {
        let from = self.raw().len();
        value.write_key(self);
        if self.raw().len() == from {
            self.raw().push('%');
        }
    }
}
