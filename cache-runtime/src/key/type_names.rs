//! What the names that the compiler gives types can and cannot tell apart.

use once_cell::sync::Lazy;
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Each name seen in a key, with the type it stands for; `None` once it stood for two.
static SEEN: Lazy<RwLock<HashMap<&'static str, Option<TypeId>>>> = Lazy::new(RwLock::default);

/// Records that `name` stands for `id`, and answers whether it stands for another type too: two
/// versions of one crate, or two types of one name in two blocks of a function.
pub(super) fn stands_for_two(name: &'static str, id: TypeId) -> bool {
    let known = SEEN.read().unwrap_or_else(PoisonError::into_inner).get(name).copied();
    if let Some(known) = known
        && known.is_none_or(|known| known == id)
    {
        return known.is_none();
    }
    let mut seen = SEEN.write().unwrap_or_else(PoisonError::into_inner);
    let entry = seen.entry(name).or_insert(Some(id));
    if *entry != Some(id) {
        *entry = None;
    }
    entry.is_none()
}

/// Whether the path of a function leaves a type open, as in `crate.S(_).find`: the compiler
/// writes `_` there for every parameter of the `impl`.
pub(crate) fn leaves_type_open(path: &str) -> bool {
    let part_of_a_name = |c: char| c.is_alphanumeric() || c == '_';
    path.match_indices('_').any(|(at, _)| {
        let before = path.get(..at).and_then(|head| head.chars().next_back());
        let after = path.get(at + 1..).and_then(|tail| tail.chars().next());
        // `const _: () = { … }` shows as a level of its own, between dots.
        !before.is_some_and(|c| part_of_a_name(c) || c == '.') && !after.is_some_and(part_of_a_name)
    })
}
