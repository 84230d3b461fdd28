//! The rules of `#[redis_cache]`: one function for each, with its reason.
//!
//! A rule is about options together, or about an option and the function. What a value must be by
//! itself is said where it is read (`values`), and what a key must be in [`key`](crate::key).

use crate::cached::model::Background;
use crate::cached::options::Options;
use crate::cached::options::table::TABLE;
use crate::cached::own::{Cannot, owned};
use crate::shared::errors::Errors;
use crate::shared::form::{Form, form_of};
use crate::shared::item::{Binding, Item};
use crate::shared::table::check_exclusions;
use crate::shared::times::Time;
use crate::shared::tokens::{has_impl_trait, mentions, names_self, text_of, tidy};
use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{
    Attribute, GenericArgument, LitStr, PathArguments, ReturnType, Safety, Type, TypePath,
    TypeReference,
};

/// All rules but [`returns_an_owned_value`] and [`makes_the_only_companion`], whose answers the
/// model needs.
pub(super) fn check(
    options: &Options,
    item: &Item,
    form: Form,
    bindings: &[Binding],
    background: Option<&Background>,
    errors: &mut Errors,
) {
    is_an_ordinary_function(item, errors);
    check_exclusions(TABLE, &options.given, errors);
    tags_are_few(options.tags.as_deref().unwrap_or_default(), errors);
    same_for_all_calls("none_ttl", options.none_ttl.as_ref(), bindings, errors);
    same_for_all_calls("err_ttl", options.err_ttl.as_ref(), bindings, errors);
    if options.err_ttl.is_some() {
        stores_an_owned_error(&form_of(&item.sig).1, errors);
    }
    let window = options.stale_while_revalidate.as_ref();
    same_for_all_calls("stale_while_revalidate", window, bindings, errors);
    same_for_all_calls("stale_if_error", options.stale_if_error.as_ref(), bindings, errors);
    let longest = options.l1.as_ref().and_then(|l1| l1.longest.as_ref());
    same_for_all_calls("l1", longest, bindings, errors);
    names_no_self_that_is_not_there(options, item, errors);
    if options.given.has("batch") {
        return; // what follows is of options that are errors beside it
    }
    soft_timeout_has_a_value_to_return(options, errors);
    soft_timeout_is_the_shorter_one(options, errors);
    if let Some(background) = background
        && runs_in_a_task(background, form, errors)
    {
        arguments_can_be_owned(background, item, errors);
    }
}

/// The compiler would say it of the companion too. What a whole `impl` says is said of all its methods.
fn names_no_self_that_is_not_there(options: &Options, item: &Item, errors: &mut Errors) {
    if item.sig.receiver().is_some() {
        return;
    }
    let given = [
        ("cache", options.cache.as_ref()),
        ("ttl", options.ttl_expr()),
        ("when", options.when.as_ref()),
    ];
    for (option, expr) in given {
        if let Some(expr) = expr.filter(|expr| names_self(expr, &|_| true)) {
            let name = &item.sig.ident;
            errors.on(
                expr,
                format!(
                    "`{name}` has no `self`, which this `{option}` asks: take `&self`, or give `{name}` a \
                     `{option}` of its own that asks none"
                ),
            );
        }
    }
}

/// Something must come out of the function that can be read back later.
pub(super) fn returns_an_owned_value(item: &Item, output: &Type, errors: &mut Errors) -> bool {
    let nothing = "this function returns nothing, so there is nothing to cache: return a value, \
                   or remove the attribute";
    match output {
        _ if matches!(item.sig.output, ReturnType::Default) => errors.on(&item.sig.ident, nothing),
        Type::Tuple(tuple) if tuple.elems.is_empty() => errors.on(output, nothing),
        Type::Never(_) => errors.on(output, nothing),
        ty if borrowed(ty).is_some() => match borrowed(ty) {
            Some(Borrowed::Path(path)) => errors.on(
                path,
                format!(
                    "`{}` has a lifetime, and what is borrowed cannot be read back from a cache: \
                     return an owned type, or write `'static` where all that it holds is owned",
                    tidy(&path.to_token_stream().to_string())
                ),
            ),
            Some(Borrowed::Reference(reference)) => errors.on(
                reference,
                "what is borrowed cannot be read back from a cache: return an owned value, such as \
                 `String` for `&str`",
            ),
            None => {}
        },
        ty if has_impl_trait(ty) => errors.on(
            ty,
            "a type without a name cannot be read back from a cache: return a named type that \
             is `Serialize` and `DeserializeOwned`",
        ),
        _ => return true,
    }
    false
}

/// What makes a value a borrowed one.
enum Borrowed<'t> {
    Reference(&'t TypeReference),
    Path(&'t TypePath),
}

/// What is borrowed in the value that is stored, the `E` of a `Result<T, E>` apart.
fn borrowed(ty: &Type) -> Option<Borrowed<'_>> {
    struct Found<'t>(Option<Borrowed<'t>>);
    impl<'t> Visit<'t> for Found<'t> {
        fn visit_type_reference(&mut self, reference: &'t TypeReference) {
            self.0.get_or_insert(Borrowed::Reference(reference));
        }
        fn visit_type_path(&mut self, path: &'t TypePath) {
            let Some(last) = path.path.segments.last() else { return };
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return };
            let is_result = last.ident.to_string().ends_with("Result");
            for argument in &arguments.args {
                match argument {
                    // A `Cow` is read back as an owned one.
                    GenericArgument::Lifetime(own)
                        if own.ident != "static" && last.ident != "Cow" =>
                    {
                        self.0.get_or_insert(Borrowed::Path(path));
                    }
                    GenericArgument::Type(ty) => {
                        self.visit_type(ty);
                        if is_result {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        }
        fn visit_type_fn_ptr(&mut self, _: &'t syn::TypeFnPtr) {}
        fn visit_type_impl_trait(&mut self, _: &'t syn::TypeImplTrait) {}
        fn visit_type_trait_object(&mut self, _: &'t syn::TypeTraitObject) {}
    }
    let mut found = Found(None);
    found.visit_type(ty);
    found.0
}

/// With `err_ttl` the `E` of a `Result<T, E>` is read back, too.
fn stores_an_owned_error(output: &Type, errors: &mut Errors) {
    let Type::Path(path) = output else { return };
    let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else {
        return;
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return };
    if let Some(GenericArgument::Type(error)) = arguments.args.iter().nth(1)
        && borrowed(error).is_some()
    {
        errors.on(
            error,
            "`err_ttl` stores the error too, and what is borrowed cannot be read back from a cache: \
             return an owned error, such as `String` for `&str`, or remove `err_ttl`",
        );
    }
}

/// Two `#[redis_cache]` that make a companion would give it one name.
pub(super) fn makes_the_only_companion(item: &Item, errors: &mut Errors) -> bool {
    let is_another = |attr: &&Attribute| {
        let name = attr.path().segments.last();
        name.is_some_and(|name| name.ident == "redis_cache")
            && !attr.to_token_stream().into_iter().any(|tree| has_option(tree, "entry"))
    };
    let another = item.attrs.iter().find(is_another);
    if let Some(another) = another {
        errors.on(
            another,
            "`#[redis_cache]` is here twice: put all options into one (or write `entry = false` \
             in one of them, if two caches are meant)",
        );
    }
    another.is_none()
}

fn has_option(tree: TokenTree, option: &str) -> bool {
    match tree {
        TokenTree::Group(group) => group.stream().into_iter().any(|tree| has_option(tree, option)),
        tree => tree.to_string() == option,
    }
}

/// On a hit the body does not run, so it must not be what upholds an unsafe contract; and a
/// foreign caller cannot await.
fn is_an_ordinary_function(item: &Item, errors: &mut Errors) {
    let sig = &item.sig;
    if let Safety::Unsafe(token) = &sig.safety {
        errors.on(
            token,
            "an unsafe function is not cached, since a hit would skip its body: cache a safe \
             function that calls it",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.on(
            abi,
            "a function with a foreign ABI is not cached: cache a Rust function that it calls",
        );
    }
    if let Some(token) = &sig.constness {
        errors.on(token, "a `const fn` is not cached: remove `const`");
    }
    if let Some(variadic) = &sig.variadic {
        errors.on(variadic, "a variadic function is not cached: name its arguments");
    }
}

/// Each look-up reads the tokens of all tags.
fn tags_are_few(tags: &[LitStr], errors: &mut Errors) {
    const MOST: usize = 16;
    if let Some(tag) = tags.get(MOST) {
        errors.on(
            tag,
            format!("an entry has {MOST} tags at most, and these are {}: remove some", tags.len()),
        );
    }
}

/// The companion writes values too, and it does not know every argument.
fn same_for_all_calls(
    option: &str,
    time: Option<&Time>,
    bindings: &[Binding],
    errors: &mut Errors,
) {
    let Some(Time::Expr(expr)) = time else { return };
    let is_argument =
        |name: &str| name == "self" || bindings.iter().any(|b| text_of(&b.ident) == name);
    if mentions(expr, &is_argument) {
        errors.on(
            expr,
            format!(
                "`{option}` is the same for all calls, so it cannot use arguments: write whole \
                 seconds (`{option} = 5`), a duration (`{option} = \"5s\"`) or a constant"
            ),
        );
    }
}

/// After the soft timeout a call returns a stale value, so one must be kept.
fn soft_timeout_has_a_value_to_return(options: &Options, errors: &mut Errors) {
    if let Some(option) = options.given.get("soft_timeout")
        && !options.given.has("stale_if_error")
    {
        errors.at(
            option.name.span(),
            "after `soft_timeout` a call returns the stale value that `stale_if_error` keeps, and \
             nothing keeps one here: add `stale_if_error = \"1h\"`, or write `hard_timeout` to \
             return an error instead",
        );
    }
}

/// At the hard timeout a stale value is returned too, so a soft one that is not before it changes
/// nothing.
fn soft_timeout_is_the_shorter_one(options: &Options, errors: &mut Errors) {
    if let (Some(soft), Some(hard)) = (&options.soft_timeout, &options.hard_timeout)
        && let (Time::Fixed(after), Time::Fixed(latest)) = (&soft.after, &hard.after)
        && after >= latest
    {
        errors.on(
            &soft.written,
            "`soft_timeout` is not shorter than `hard_timeout`, which serves a stale value as \
             well, so it changes nothing: write a shorter one, or remove it",
        );
    }
}

/// A body goes on in the background in a task of its own, which needs a future that is the body
/// and nothing else.
fn runs_in_a_task(background: &Background, form: Form, errors: &mut Errors) -> bool {
    let option = &background.option;
    let why = match form {
        Form::Async => return true,
        Form::Plain => {
            "and the body of a plain `fn` runs on its caller's thread to its end: make it an \
             `async fn`, or remove the option"
        }
        Form::Boxed | Form::Opaque => {
            "which needs an `async fn` that is written as one: not under `#[async_trait]`, and \
             not a function that returns a future. Cache an `async fn` that this one calls"
        }
    };
    errors.at(option.span(), format!("`{option}` runs the body in the background, {why}"));
    false
}

/// What is borrowed from the caller may be gone while the body still runs.
fn arguments_can_be_owned(background: &Background, item: &Item, errors: &mut Errors) {
    let option = &background.option;
    for input in &item.sig.inputs {
        if let Err(Cannot { what, instead }) = owned(input) {
            errors.on(
                input,
                format!(
                    "`{option}` runs the body in the background on copies of its arguments, and \
                     {what} cannot be copied: {instead}, or remove the option"
                ),
            );
        }
    }
}
