//! The rules of `#[redis_invalidate]` and `#[redis_put]`: one function for each, with its reason.

use crate::shared::errors::Errors;
use crate::shared::form::is_nameable;
use crate::shared::item::{Binding, Item};
use crate::shared::tokens::{text_of, tidy};
use crate::writers::calls::Call;
use crate::writers::kind::Kind;
use crate::writers::model::Methods;
use crate::writers::options::Options;
use crate::writers::results::{OfResult, argument_of_its_name, taken_out_twice};
use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{Expr, ReceiverKind, ReturnType, Type};

/// Nothing would be written otherwise. What could not be read may have been something.
pub(super) fn names_something(kind: Kind, options: &Options, errors: &mut Errors) {
    if errors.is_empty() && options.entries.is_empty() && !options.names_keys() {
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

/// There must be a result, of a type that can be asked what it is, and nothing else of its name.
pub(super) fn can_be_of_the_result(
    kind: Kind,
    name: &Ident,
    item: &Item,
    output: &Type,
    bindings: &[Binding],
    errors: &mut Errors,
) {
    if argument_of_its_name(bindings).is_some() {
        return errors.at(
            name.span(),
            "`result` stands for what this function returns, and one of its arguments is called \
             `result` too: rename the argument",
        );
    }
    if kind == Kind::Put {
        return errors.at(
            name.span(),
            "`#[redis_put]` holds the lease of its key while the body runs, and there is no result \
             before that has ended: name a key of the arguments, or write \
             `#[redis_invalidate(…)]` with this call, which looks at the result",
        );
    }
    let nothing = "this function returns nothing, so there is no `result` to name";
    match output {
        Type::Tuple(tuple) if tuple.elems.is_empty() => errors.at(name.span(), nothing),
        Type::Never(_) => errors.at(name.span(), nothing),
        output if !is_nameable(output) => errors.at(
            name.span(),
            format!(
                "`result` is of a type without a name here, which tells nothing of its fields: \
                 return a type with a name from `{}`",
                item.sig.ident
            ),
        ),
        _ => {}
    }
}

/// `result` is what is inside of the `Ok` or the `Some`; of those that are nested, of the inner one.
pub(super) fn is_not_taken_out_twice(entry: &Call, output: &Type, errors: &mut Errors) {
    let depth = |word: &str| tidy(&output.to_token_stream().to_string()).matches(word).count();
    if depth("Option<") > 1 || depth("Result<") > 1 {
        return;
    }
    if let Some(twice) = taken_out_twice(&entry.expr) {
        errors.on(
            twice,
            "`result` is the value inside of the `Ok` or `Some` that the function returns, and without \
             one nothing is invalidated: write `result` alone",
        );
    }
}

/// The body has what is not shared, and may have changed it.
pub(super) fn needs_no_receiver(entry: &OfResult, item: &Item, errors: &mut Errors) {
    let Some(receiver) = item.sig.receiver() else { return };
    let is_shared = match &receiver.kind {
        ReceiverKind::Reference(_, _, mutable) => mutable.is_none(),
        ReceiverKind::Typed(_, ty) => {
            matches!(&**ty, Type::Reference(reference) if reference.mutability.is_none())
        }
        _ => false,
    };
    if !is_shared && entry.needs(&|name| name == "self") {
        errors.on(
            &entry.call.expr,
            "a key of the result is made when the body has ended, and the body has `self`: take \
             `&self`, or name a function that needs no `self`",
        );
    }
}

/// A call of a method as if it were a function. What is no method of this block's may be a function of the module.
pub(super) fn is_not_a_method_without_self(
    entry: &Call,
    methods: &Methods,
    item: &Item,
    errors: &mut Errors,
) {
    let Expr::Call(call) = &entry.expr else { return };
    let Expr::Path(path) = &*call.func else { return };
    let name = &entry.function;
    let is_method = methods.cached.iter().any(|method| text_of(method) == *name);
    if path.path.get_ident().is_none() || !is_method {
        return;
    }
    let instead = match item.sig.receiver() {
        Some(_) => format!(
            "write `self.{name}(…)`, with the arguments that its key uses, or `Self::{name}(…)` if that uses \
             no `self`"
        ),
        None => format!("write `Self::{name}(…)`, with the arguments that its key uses"),
    };
    errors.on(
        path,
        format!(
            "`{name}` is a method of this `impl`: {instead} (a function of this module that is called so \
             too is `self::{name}(…)`)"
        ),
    );
}
