//! What is known of a writer once its items and its function have been looked at together.

use crate::key::model::Key;
use crate::shared::form::Form;
use syn::{Expr, Path, Type};

#[derive(Debug)]
pub(crate) struct Writer {
    /// The path of the runtime.
    pub(super) krate: Path,
    pub(super) form: Form,
    /// `None` for a type that cannot be written on a variable.
    pub(super) output: Option<Type>,
    /// Calls of companions.
    pub(super) entries: Vec<Expr>,
    pub(super) keys: Vec<Key>,
    pub(super) cache: Option<Expr>,
}
