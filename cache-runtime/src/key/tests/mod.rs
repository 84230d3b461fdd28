//! What a key promises: different calls, different keys.

mod injective;
mod long;
mod renderings;

use super::{CacheKey, KeyWriter, render};
use proptest::prelude::*;

/// Characters that mean something to templates, renderings, Redis' patterns or terminals, and a
/// few that do not.
const NASTY: &[char] = &[
    ':', '/', '|', '~', '%', '{', '}', '(', ')', '[', ']', ',', '=', '*', '?', '\\', '\n',
    '\u{7f}', '\u{85}', ' ', '.', '-', '_', 'h', 'a', 'A', '0', '2', '5', 'é', 'ß', '日', '🦀',
];

fn nasty() -> impl Strategy<Value = String> {
    let short = proptest::collection::vec(proptest::sample::select(NASTY), 0..4)
        .prop_map(|chars| chars.into_iter().collect());
    prop_oneof![4 => short, 1 => any::<String>()]
}

/// A key of `render`ed parts under the prefix `p`, as generated code writes it.
fn key(write: impl FnOnce(&mut KeyWriter<'_>)) -> String {
    let mut key = KeyWriter::new("p", "crate.f", None);
    write(&mut key);
    key.finish("").whole().to_owned()
}
