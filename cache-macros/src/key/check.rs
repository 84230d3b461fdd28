//! The rules about keys: one function for each, with its reason. Those without which there is no key tell
//! whether they are kept.

use crate::key::model::{Key, PieceKind, SelfType};
use crate::key::names::{Names, did_you_mean_or_self};
use crate::key::template::left_open;
use crate::shared::errors::Errors;
use crate::shared::item::Binding;
use crate::shared::suggest::list;
use crate::shared::tokens::{mentions, text_of};
use proc_macro2::Ident;
use syn::{FnArg, LitStr, Pat, Type};

/// `skip` thins out the default key; a template says by itself what takes part. In both, a type
/// that makes no difference is named.
pub(super) fn skipped_names_exist(
    names: &Names<'_>,
    skip: &[Ident],
    has_template: bool,
    errors: &mut Errors,
) {
    let all = names.all();
    let mut seen: Vec<String> = Vec::new();
    for ident in skip {
        let name = text_of(ident);
        if seen.contains(&name) {
            errors.at(ident.span(), format!("`{name}` is skipped twice: remove one of them"));
        } else if name == "Self" || names.is_type(&name) {
        } else if name == "self" && !names.has_self() {
            errors.at(ident.span(), "there is no `self` to skip: this function has no receiver");
        } else if !all.contains(&name) {
            errors.at(
                ident.span(),
                format!(
                    "there is no argument `{name}` to skip; {}{}",
                    names.what_there_is(),
                    did_you_mean_or_self(&name, &all, "skip(Self)"),
                ),
            );
        } else if has_template {
            errors.at(
                ident.span(),
                format!(
                    "with `key`, the template decides which arguments take part: remove `{name}` \
                     from `skip` and do not name it in the template"
                ),
            );
        }
        seen.push(name);
    }
}

/// Two values of `Self` are two answers, and only the author knows which fields matter.
pub(super) fn receiver_is_skipped(names: &Names<'_>, errors: &mut Errors) -> bool {
    let receiver = names.item.sig.receiver().filter(|_| !names.is_skipped("self"));
    if let Some(receiver) = receiver {
        errors.on(
            receiver,
            "a method's key must say what of `self` matters: write `key = \"…:{self.field}\"`, or \
             `skip(self)` if nothing of it does",
        );
    }
    receiver.is_none()
}

/// A tag is invalidated by its whole name, and to name it twice changes nothing. Answers those that
/// are good.
pub(super) fn tags_can_be_named<'t>(
    tags: impl Iterator<Item = &'t LitStr>,
    errors: &mut Errors,
) -> Vec<&'t LitStr> {
    let mut good: Vec<&LitStr> = Vec::new();
    for tag in tags {
        let text = tag.value();
        if let Some(open) = left_open(&text) {
            errors.on(
                tag,
                format!(
                    "a tag is one tag, and `{open}` is text of none: give what is to be invalidated \
                     together a tag of its own, and name that"
                ),
            );
        } else if good.iter().any(|other| other.value() == text) {
            errors.on(tag, format!("`{text}` is here twice: remove one of them"));
        } else {
            good.push(tag);
        }
    }
    good
}

/// What has no name can neither be in the key nor be skipped knowingly.
pub(super) fn arguments_have_names(unnamed: &[Pat], errors: &mut Errors) -> bool {
    for pat in unnamed {
        errors.on(
            pat,
            "an argument without a name cannot be part of the key: name it, such as `_db`, and \
             write `skip(_db)` if it makes no difference, or write a `key`",
        );
    }
    unnamed.is_empty()
}

/// `f::<u32>` and `f::<String>` would share their entries, whose types differ.
pub(super) fn types_take_part(names: &Names<'_>, key: &Key, errors: &mut Errors) -> bool {
    let mut good = true;
    for ident in names.types.iter().chain(&names.consts) {
        let name = text_of(ident);
        let used = key.uses.contains(&name);
        let skipped = names.is_skipped(&name);
        if !used && !skipped {
            let bound = lacks_a_bound(names, key, ident).map(|argument| {
                format!(
                    "; `{{{argument}}}` is of this type, which needs the bound `{name}: CacheKey`"
                )
            });
            errors.at(
                ident.span(),
                format!(
                    "`{name}` is not in the key, so calls that differ in it would share one \
                     entry: put `:{{{name}}}` into `key`, or write `skip({name})` if they may{}",
                    bound.unwrap_or_default()
                ),
            );
        } else if used && skipped {
            errors.at(
                ident.span(),
                format!("`{name}` is both in `key` and in `skip`: remove it from one of them"),
            );
        }
        good &= used != skipped;
    }
    good
}

/// The argument in the key that is of this type parameter, where nothing in the signature says that a key can
/// hold it. The compiler would say so as soon as the parameter is in the key.
fn lacks_a_bound(names: &Names<'_>, key: &Key, parameter: &Ident) -> Option<String> {
    let sig = &names.item.sig;
    if mentions(sig, &|name| name == "CacheKey") {
        return None;
    }
    let is_parameter = |ty: &Type| matches!(ty, Type::Path(path) if path.path.is_ident(parameter));
    let is_of_it = |binding: &Binding| match sig.inputs.get(binding.input) {
        Some(FnArg::Typed(input)) => match &*input.ty {
            Type::Reference(reference) => is_parameter(&reference.elem),
            ty => is_parameter(ty),
        },
        _ => false,
    };
    let is_in_key = |name: &String| {
        key.pieces.iter().any(|piece| match &piece.kind {
            PieceKind::Value { root, transform: None, .. } => root.to_string() == *name,
            _ => false,
        })
    };
    let arguments = names.bindings.iter().filter(|binding| is_of_it(binding));
    arguments.map(|binding| text_of(&binding.ident)).find(is_in_key)
}

/// `Repo<A>::f` and `Repo<B>::f` would share their entries, whose types differ. Without the attribute on
/// the `impl` only the runtime sees that.
pub(super) fn self_takes_part(
    names: &Names<'_>,
    key: &Key,
    template: &LitStr,
    errors: &mut Errors,
) {
    if names.open.is_empty() || key.self_type != SelfType::Missing {
        return;
    }
    let open: Vec<_> = names.open.iter().map(text_of).collect();
    let (what, of_all) = match &*open {
        [one] if one == "Self" => (
            "this method is one of each type that has the trait, and the key does not say which"
                .into(),
            "",
        ),
        [one] => (format!("`{one}` is a parameter of the `impl` and not in the key"), ""),
        all => {
            let all = list(all.iter().map(String::as_str));
            (
                format!("{all} are parameters of the `impl` and not in the key"),
                ", which names them all",
            )
        }
    };
    errors.on(
        template,
        format!(
            "{what}, so calls of two types would share one entry: put `:{{Self}}` into `key`{of_all}, or \
             write `skip(Self)` if they may"
        ),
    );
}
