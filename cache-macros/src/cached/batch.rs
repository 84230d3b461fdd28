//! `batch = "ids"`: which argument is the list, and what of the key is a member of it.

use crate::cached::list::Written;
use crate::cached::options::Options;
use crate::key::names::Names;
use crate::key::template::{self, Part};
use crate::shared::errors::Errors;
use crate::shared::form::Form;
use crate::shared::item::{Binding, Item};
use crate::shared::suggest::{did_you_mean, list};
use crate::shared::tokens::{bare_type, mentions, text_of};
use proc_macro2::{Ident, Span};
use syn::{
    FnArg, GenericArgument, LitStr, Pat, PatIdent, PathArguments, ReceiverKind, Type, TypePath,
};

/// What is known of a function of many keys.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) list: PatIdent,
    /// Which of the function's inputs the list is.
    pub(crate) input: usize,
    /// Whether it is a `Vec`, and not a slice.
    pub(crate) is_owned: bool,
    pub(crate) element: Type,
    /// What the key calls an element.
    pub(crate) member: Ident,
    /// Whether what it returns for an element can be seen to have a `None`, or a failure, of its own.
    pub(crate) values_say_none: bool,
}

/// Finds the list and its members. `None` too where there is an error.
pub(super) fn find(
    options: &Options,
    item: &Item,
    (form, output): (Form, &Type),
    bindings: &[Binding],
    errors: &mut Errors,
) -> Option<Batch> {
    let written = options.batch.as_ref()?;
    let names = Names::new(item, bindings, Vec::new());
    let can_run_again = can_run_again(options, item, form, errors);
    let (input, list, element, is_owned) = find_list(written, &names, errors)?;
    let member = find_member(written, options, &names, errors)?;
    if let Some(cache) = &options.cache
        && mentions(cache, &|name| name == text_of(&written.list))
    {
        errors.on(cache, "all members of a batch are in one cache: do not take it from the list");
    }
    let values_say_none = value_of(output).is_some_and(says_none);
    can_run_again.then_some(Batch { list, input, is_owned, element, member, values_say_none })
}

/// The body may run twice, in a loop around an `async` block.
fn can_run_again(options: &Options, item: &Item, form: Form, errors: &mut Errors) -> bool {
    let Some(option) = options.given.get("batch") else { return false };
    if form != Form::Async {
        errors.at(
            option.name.span(),
            "`batch` needs an `async fn` that is written as one: no plain `fn`, not under \
             `#[async_trait]`, and no function that returns a future. Cache an `async fn` that this \
             one calls",
        );
    }
    let receiver = item.sig.receiver().filter(|own| match &own.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
        ReceiverKind::Typed(_, ty) => !is_shared_reference(ty),
        _ => true,
    });
    if let Some(own) = receiver {
        errors.on(
            own,
            "the body of a function with `batch` may run twice: write `&self`, or `self: \
             &Arc<Self>`",
        );
    }
    form == Form::Async && receiver.is_none()
}

/// Whose each value is must be told. What a name stands for only the compiler knows; what can be seen
/// to be no map is said here, once.
pub(super) fn returns_a_map(output: &Type, errors: &mut Errors) -> bool {
    let map = in_result(output);
    let is_one = match map {
        Type::Path(path) => {
            let (name, first) = named(path);
            match (name.as_str(), first.first()) {
                ("Vec", Some(Type::Tuple(pair))) => pair.elems.len() == 2,
                ("Vec" | "Option" | "String", _) => false,
                _ => true,
            }
        }
        _ => false,
    };
    if !is_one {
        errors.on(
            map,
            "this does not say whose each value is: return `HashMap<K, V>`, `BTreeMap<K, V>` or \
             `Vec<(K, V)>`, bare or in a `Result`, where `K` is the type of the list's elements",
        );
    }
    is_one
}

/// The value of a map, where that can be seen.
fn value_of(output: &Type) -> Option<&Type> {
    let Type::Path(path) = in_result(output) else { return None };
    match named(path).1.as_slice() {
        [Type::Tuple(pair)] => pair.elems.get(1),
        [_, value, ..] => Some(value),
        _ => None,
    }
}

/// Whether it can be seen that a value is an `Option` or a `Result`.
fn says_none(value: &Type) -> bool {
    match bare_type(value) {
        Type::Path(path) => {
            let name = named(path).0;
            name == "Option" || name.ends_with("Result")
        }
        _ => false,
    }
}

/// What is in a `Result`, or is none.
fn in_result(output: &Type) -> &Type {
    let output = bare_type(output);
    let Type::Path(path) = output else { return output };
    match named(path) {
        (name, arguments) if name.ends_with("Result") => {
            arguments.first().map_or(output, |inner| in_result(inner))
        }
        _ => output,
    }
}

/// The last name of a path, and the types that it has.
fn named(path: &TypePath) -> (String, Vec<&Type>) {
    let Some(last) = path.path.segments.last() else { return (String::new(), Vec::new()) };
    let types = match &last.arguments {
        PathArguments::AngleBracketed(own) => own.args.iter().filter_map(|own| match own {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        }),
        _ => return (last.ident.to_string(), Vec::new()),
    };
    (last.ident.to_string(), types.collect())
}

/// The entries are of members, and the companion knows one alone.
pub(super) fn tags_are_of_members<'t>(
    batch: &Batch,
    tags: impl Iterator<Item = &'t LitStr>,
    errors: &mut Errors,
) {
    let (all, one) = (text_of(&batch.list.ident), text_of(&batch.member));
    let is_all = |part: &Part| matches!(part, Part::Placeholder(place) if place.root == all);
    for tag in tags.filter(|tag| template::parse(&tag.value()).0.iter().any(is_all)) {
        let message =
            format!("`{{{all}}}` is the whole list, and a tag is of one member: write `{{{one}}}`");
        errors.on(tag, message);
    }
}

fn is_shared_reference(ty: &Type) -> bool {
    matches!(ty, Type::Reference(reference) if reference.mutability.is_none())
}

/// The argument that is the list, and the type of its elements.
fn find_list(
    written: &Written,
    names: &Names<'_>,
    errors: &mut Errors,
) -> Option<(usize, PatIdent, Type, bool)> {
    let name = text_of(&written.list);
    let Some(binding) = names.bindings.iter().find(|binding| text_of(&binding.ident) == name)
    else {
        let arguments: Vec<_> = names.bindings.iter().map(|own| text_of(&own.ident)).collect();
        let suggestion = did_you_mean(&name, arguments.iter().map(String::as_str));
        let there_is = names.what_there_is();
        errors
            .on(&written.literal, format!("there is no argument `{name}`; {there_is}{suggestion}"));
        return None;
    };
    let FnArg::Typed(argument) = names.item.sig.inputs.get(binding.input)? else { return None };
    let Pat::Ident(pat) = &*argument.pat else {
        errors.on(
            &argument.pat,
            format!("`{name}` is a part of a pattern: take the list as an argument of its own"),
        );
        return None;
    };
    let Some((element, is_owned)) = element_of(&argument.ty) else {
        errors.on(
            &argument.ty,
            format!(
                "`{name}` is not written as a list, and the body gets one of those that are \
                 missing: take it as `&[K]` or `Vec<K>`"
            ),
        );
        return None;
    };
    Some((binding.input, pat.clone(), element.clone(), is_owned))
}

/// `K` of `&[K]` or `Vec<K>`, and whether it is a `Vec`.
fn element_of(ty: &Type) -> Option<(&Type, bool)> {
    match ty {
        Type::Group(group) => element_of(&group.elem),
        Type::Paren(paren) => element_of(&paren.elem),
        Type::Reference(reference) if reference.mutability.is_none() => match &*reference.elem {
            Type::Slice(slice) => Some((&slice.elem, false)),
            _ => None,
        },
        Type::Path(path) => {
            let last = path.path.segments.last().filter(|last| last.ident == "Vec")?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            match arguments.args.first()? {
                GenericArgument::Type(element) => Some((element, true)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What the key calls a member: its one placeholder that is no argument, unless the option says it.
fn find_member(
    written: &Written,
    options: &Options,
    names: &Names<'_>,
    errors: &mut Errors,
) -> Option<Ident> {
    let all = text_of(&written.list);
    let one = all.strip_suffix('s').filter(|one| one.len() > 1).unwrap_or("member");
    let Some(key) = &options.key else {
        if !options.given.has("key") {
            errors.on(
                &written.literal,
                format!(
                    "`batch` needs a `key` that names a member of `{all}`: write `key = \
                     \"…:{{{one}}}\"`"
                ),
            );
        }
        return None;
    };
    let (parts, mistakes) = template::parse(&key.value());
    let mut roots: Vec<&str> = Vec::new();
    for part in &parts {
        if let Part::Placeholder(place) = part
            && !roots.contains(&place.root.as_str())
        {
            roots.push(&place.root);
        }
    }
    if roots.contains(&all.as_str()) {
        errors.on(
            key,
            format!("`{{{all}}}` is the whole list, and a key is of one member: write `{{{one}}}`"),
        );
        return None;
    }
    let known = names.all();
    if let Some(member) = written.member.as_ref().filter(|_| !mistakes.is_empty()) {
        return Some(member.clone());
    }
    if let Some(member) = &written.member {
        let name = text_of(member);
        if known.contains(&name) {
            let message = format!("`{name}` is an argument: give a member of `{all}` another name");
            errors.on(&written.literal, message);
        } else if !roots.contains(&name.as_str()) {
            errors.on(
                key,
                format!(
                    "the key does not name `{name}`, so all members of `{all}` would share one \
                         entry: put `{{{name}}}` into it"
                ),
            );
        } else {
            return Some(member.clone());
        }
        return None;
    }
    let is_unknown = |root: &&str| {
        !(*root == "Self" || *root == "self" || known.iter().any(|name| name == root))
    };
    let unknown: Vec<&str> = roots.into_iter().filter(is_unknown).collect();
    if !mistakes.is_empty() {
        // Those are told where the key is made; what it names is not all known.
        return syn::parse_str(unknown.first().unwrap_or(&one)).ok();
    }
    let there_is = names.what_there_is();
    match unknown.as_slice() {
        [member] => match syn::parse_str::<Ident>(member) {
            Ok(mut member) => {
                member.set_span(Span::mixed_site().located_at(key.span()));
                return Some(member);
            }
            Err(_) => errors.on(
                key,
                format!(
                    "`{{{member}}}` cannot be a name: write `{{{one}}}` for a member of `{all}`"
                ),
            ),
        },
        [] => errors.on(
            key,
            format!(
                "the key names no member of `{all}`, so all of them would share one entry: put \
                 `{{{one}}}`, or another name that no argument has, into it ({there_is})"
            ),
        ),
        several => errors.on(
            key,
            format!(
                "{} are no arguments, and a member of `{all}` has one name; {there_is}: correct \
                 the others, or write `batch = \"{} in {all}\"` to say which one it is",
                list(several.iter().copied()),
                several.first().copied().unwrap_or(one),
            ),
        ),
    }
    None
}
