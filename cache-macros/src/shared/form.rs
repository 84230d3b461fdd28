//! How a function becomes a future, told by its signature alone.

use crate::shared::errors::Errors;
use crate::shared::tokens::{has_impl_trait, tidy};
use quote::ToTokens;
use syn::{
    GenericArgument, Path, PathArguments, ReturnType, Signature, Type, TypeParamBound, parse_quote,
};

/// How the function becomes a future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `async fn`.
    Async,
    /// A plain function that returns `Pin<Box<dyn Future>>`, as `#[async_trait]` writes them.
    Boxed,
    /// A plain function that returns `impl Future`.
    Opaque,
    /// A plain function that returns the value.
    Plain,
}

/// How the function becomes a future, and what that gives: `()` where nothing is written.
pub(crate) fn form_of(sig: &Signature) -> (Form, Type) {
    match (&sig.asyncness, &sig.output) {
        (Some(_), ReturnType::Default) => (Form::Async, parse_quote!(())),
        (Some(_), ReturnType::Type(_, ty)) => (Form::Async, (**ty).clone()),
        (None, ReturnType::Default) => (Form::Plain, parse_quote!(())),
        (None, ReturnType::Type(_, ty)) => {
            future_output(ty).unwrap_or_else(|| (Form::Plain, (**ty).clone()))
        }
    }
}

/// What `async fn` gives must be the value: a future in its place would be what is stored, or would run
/// behind what a writer invalidates.
pub(crate) fn is_awaited_once(sig: &Signature, errors: &mut Errors) -> bool {
    let (Some(_), ReturnType::Type(_, ty)) = (&sig.asyncness, &sig.output) else { return true };
    let Some((_, output)) = future_output(ty) else { return true };
    let output = tidy(&output.to_token_stream().to_string());
    errors.on(
        ty,
        format!(
            "an `async fn` that returns a future has no value when it is awaited: return `{output}` and await \
             the future inside, or remove `async`"
        ),
    );
    false
}

/// Whether a variable can be declared to be of this type.
pub(crate) fn is_nameable(ty: &Type) -> bool {
    !matches!(ty, Type::Never(_)) && !has_impl_trait(ty)
}

/// Whether `#[async_trait]` wrote this signature.
pub(crate) fn is_async_trait(sig: &Signature) -> bool {
    sig.generics.lifetimes().any(|param| param.lifetime.ident == "async_trait")
}

/// `R` of `Pin<Box<dyn Future<Output = R> + …>>`, of the `BoxFuture<'_, R>` and
/// `LocalBoxFuture<'_, R>` of the crate `futures`, and of `impl Future<Output = R> + …`. Other names
/// of a future are found by type (`ShapeOfFuture` of the runtime), and are an error.
fn future_output(ty: &Type) -> Option<(Form, Type)> {
    match ty {
        Type::Group(group) => future_output(&group.elem),
        Type::Paren(paren) => future_output(&paren.elem),
        Type::ImplTrait(opaque) => Some((Form::Opaque, output_of(&opaque.bounds)?)),
        Type::Path(path) => {
            let alias = ["BoxFuture", "LocalBoxFuture"];
            if let Some(output) = alias.iter().find_map(|name| only_argument(&path.path, name)) {
                return Some((Form::Boxed, output.clone()));
            }
            let boxed = only_argument(&path.path, "Pin")?;
            let Type::Path(boxed) = boxed else { return None };
            let Type::TraitObject(object) = only_argument(&boxed.path, "Box")? else { return None };
            Some((Form::Boxed, output_of(&object.bounds)?))
        }
        _ => None,
    }
}

/// The only type in the brackets of `name<'_, T>`.
fn only_argument<'p>(path: &'p Path, name: &str) -> Option<&'p Type> {
    let last = path.segments.last().filter(|last| last.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let mut types =
        arguments.args.iter().filter(|argument| !matches!(argument, GenericArgument::Lifetime(_)));
    match (types.next()?, types.next()) {
        (GenericArgument::Type(ty), None) => Some(ty),
        _ => None,
    }
}

fn output_of<'b>(bounds: impl IntoIterator<Item = &'b TypeParamBound>) -> Option<Type> {
    bounds.into_iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => {
                Some(output.ty.clone())
            }
            _ => None,
        })
    })
}
