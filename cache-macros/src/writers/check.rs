//! The rules of `#[redis_invalidate]` and `#[redis_put]`: one function for each, with its reason.

use crate::shared::errors::Errors;
use crate::shared::form::is_nameable;
use crate::shared::item::Item;
use crate::writers::kind::Kind;
use crate::writers::options::Options;
use proc_macro2::Span;
use syn::{ReturnType, Type};

/// Nothing would be written otherwise. What could not be read may have been something.
pub(super) fn names_something(kind: Kind, options: &Options, errors: &mut Errors) {
    if errors.is_empty() && options.entries.is_empty() && options.keys.is_none() {
        let name = kind.name();
        errors.at(
            Span::call_site(),
            format!(
                "nothing is named: write the cached function {}, with the arguments of its key, \
                 such as `#[{name}(get_user(id))]`",
                kind.subject()
            ),
        );
    }
}

/// There must be a value, and its type must be one that can be compared with the reader's.
pub(super) fn returns_a_value_to_store(item: &Item, output: &Type, errors: &mut Errors) {
    let nothing = "this function returns nothing, so there is nothing to store: return the value, \
                   or use `#[redis_invalidate]`";
    match (&item.sig.output, output) {
        (ReturnType::Default, _) => errors.on(&item.sig.ident, nothing),
        (_, Type::Tuple(tuple)) if tuple.elems.is_empty() => errors.on(tuple, nothing),
        (_, Type::Never(_)) => errors.on(output, nothing),
        (_, output) if !is_nameable(output) => errors.on(
            output,
            "a type without a name is not one that a cached function stores: return the type \
             that it returns, or use `#[redis_invalidate]`",
        ),
        _ => {}
    }
}
