//! What the macro knows of a cached function.

use super::path::path_of;

/// Where an attribute stands in the source, and which one it is: what a function and its companion
/// have in common.
#[derive(Debug, Clone, Copy)]
pub struct Location {
    pub module: &'static str,
    /// Which one of its crate.
    pub nth: u64,
    pub file: &'static str,
    pub line: u32,
    pub column: u32,
}

/// What the key of a method says of the type that its `impl` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelfType {
    /// The key holds it.
    InKey,
    /// The author wrote `skip(Self)`.
    Skipped,
    /// Neither.
    Missing,
}

/// What the macro knows of a cached function.
#[derive(Debug)]
pub struct Declared {
    pub location: Location,
    pub ident: &'static str,
    /// The `type_name` of an item inside the function: unlike `module_path!` it differs between
    /// two impls, two trait impls and two enclosing functions.
    pub item: fn() -> &'static str,
    pub template: Option<&'static str>,
    pub arguments: &'static [&'static str],
    pub version: Option<u64>,
    pub codec: &'static str,
    pub options: &'static [(&'static str, &'static str)],
    /// The templates of its tags.
    pub tags: &'static [&'static str],
    pub self_type: SelfType,
}

impl Declared {
    /// `crate.module.function`.
    pub(super) fn path(&self) -> String {
        path_of((self.item)(), self.ident)
    }
}
