//! What is known of a writer once its items and its function have been looked at together.

use crate::key::model::Key;
use crate::shared::form::Form;
use crate::writers::calls::Call;
use crate::writers::results::OfResult;
use proc_macro2::Ident;
use syn::{Expr, Path, Type};

#[derive(Debug)]
pub(crate) struct Writer {
    /// The path of the runtime.
    pub(super) krate: Path,
    pub(super) form: Form,
    /// `None` for a type that cannot be written on a variable.
    pub(super) output: Option<Type>,
    /// Calls of companions.
    pub(super) entries: Vec<Call>,
    pub(super) keys: Vec<Key>,
    /// What more there is, and known once there is a result alone.
    pub(super) of_result: OfResults,
    pub(super) tags: Vec<Key>,
    pub(super) soft_tags: Vec<Key>,
    pub(super) cache: Option<Expr>,
    /// That of keys and tags, where it is another one.
    pub(super) cache_of_texts: Option<Expr>,
    /// What the block around is known to hold.
    pub(super) methods: Option<Methods>,
}

/// The methods of a block.
#[derive(Debug)]
pub(crate) struct Methods {
    /// Those whose companions are called like them.
    pub(super) cached: Vec<Ident>,
    /// Those that are not cached.
    pub(super) others: Vec<Ident>,
}

/// What is made of what the function returns.
#[derive(Debug, Default)]
pub(crate) struct OfResults {
    pub(super) entries: Vec<OfResult>,
    pub(super) keys: Vec<Key>,
    pub(super) tags: Vec<Key>,
    pub(super) soft_tags: Vec<Key>,
    /// `result`, as it was written first.
    pub(super) name: Option<Ident>,
}
