//! Makes the key of a function: by its template, or of its path and all its arguments.

use crate::key::check;
use crate::key::model::{Key, PieceKind, SelfType};
use crate::key::names::Names;
use crate::key::template::{self, Part, left_open};
use crate::shared::errors::Errors;
use crate::shared::item::{Arguments, Item};
use crate::shared::tokens::{mentions, text_of};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::LitStr;

/// The template of a cached function.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Template<'a> {
    Written(&'a LitStr),
    /// There is one that cannot be read, which is an error already.
    Unreadable,
    Default,
}

/// What is said of the types that a key does not name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Types<'a> {
    /// What makes no difference; in a default key arguments too.
    pub(crate) skip: &'a [Ident],
    /// What makes `Self` one of several types, where that is known.
    pub(crate) open: &'a [Ident],
}

/// The key of a cached function.
pub(crate) fn key_of_reader(
    template: Template<'_>,
    Types { skip, open }: Types<'_>,
    item: &Item,
    arguments: &Arguments,
    member: Option<&Ident>,
    errors: &mut Errors,
) -> Option<Key> {
    let skipped = skip.iter().map(text_of).collect();
    let names = Names { member, open, ..Names::new(item, &arguments.bindings, skipped) };
    let has_template = !matches!(template, Template::Default);
    check::skipped_names_exist(&names, skip, has_template, errors);
    match template {
        Template::Written(literal) => by_template(&names, literal, errors),
        Template::Unreadable => None,
        Template::Default => {
            let knows_self = check::receiver_is_skipped(&names, errors);
            let good = check::arguments_have_names(&arguments.unnamed, errors) && knows_self;
            good.then(|| default(&names))
        }
    }
}

/// A key that a writer names. Which types it depends on is known to its author alone.
pub(crate) fn key_of_writer(
    literal: &LitStr,
    item: &Item,
    arguments: &Arguments,
    errors: &mut Errors,
) -> Option<Key> {
    let written = literal.value();
    if let Some(open) = left_open(&written) {
        errors.on(
            literal,
            format!(
                "a key of `keys` is one key, and `{open}` is text of none: to leave an argument open, name \
                 the function with `_` in its place, such as `list(tenant, _)`; keys that no function here \
                 has are removed by `cache.invalidate_matching(\"list:*\")` after the commit"
            ),
        );
        return None;
    }
    by_name(literal, item, arguments, None, errors)
}

/// Tags, each once. Which types they depend on is known to their author alone.
pub(crate) fn tags<'t>(
    literals: impl Iterator<Item = &'t LitStr>,
    item: &Item,
    arguments: &Arguments,
    member: Option<&Ident>,
    errors: &mut Errors,
) -> Vec<Key> {
    let literals = check::tags_can_be_named(literals, errors);
    literals.into_iter().filter_map(|tag| by_name(tag, item, arguments, member, errors)).collect()
}

/// What is not a cached function's own key: a type that it does not name makes no difference.
fn by_name(
    literal: &LitStr,
    item: &Item,
    arguments: &Arguments,
    member: Option<&Ident>,
    errors: &mut Errors,
) -> Option<Key> {
    let (parts, _) = template::parse(&literal.value());
    let named = |name: &str| {
        parts.iter().any(|part| matches!(part, Part::Placeholder(place) if place.root == name))
    };
    let mut names = Names { member, ..Names::new(item, &arguments.bindings, Vec::new()) };
    names.skipped = names
        .types
        .iter()
        .chain(&names.consts)
        .copied()
        .map(text_of)
        .filter(|n| !named(n))
        .collect();
    by_template(&names, literal, errors)
}

fn by_template(names: &Names<'_>, literal: &LitStr, errors: &mut Errors) -> Option<Key> {
    let written = literal.value();
    let (parts, mistakes) = template::parse(&written);
    let readable = mistakes.is_empty();
    for mistake in mistakes {
        errors.on(literal, mistake);
    }
    let span = literal.span();
    let mut key = Key::new(Some(written));
    let mut good = readable;
    let mut unknown: Vec<String> = Vec::new();
    for part in &parts {
        if let Part::Placeholder(placeholder) = part {
            key.uses.push(placeholder.root.clone());
        }
        match part {
            Part::Text(text) => key.text(span, text),
            Part::Placeholder(placeholder) => match names.resolve(placeholder, span) {
                Ok(kind) => key.push_where(names.cfg(&placeholder.root), span, kind),
                Err(mistake) => {
                    // One misspelling is one error, however often it is repeated.
                    if !unknown.contains(&mistake) {
                        errors.on(literal, &mistake);
                        unknown.push(mistake);
                    }
                    good = false;
                }
            },
        }
    }
    key.self_type = self_type(names, key.uses.iter().any(|name| name == "Self"));
    if readable {
        good &= check::types_take_part(names, &key, errors);
        // Who has named a parameter knows that it matters, and has been told how it is written.
        let names_one = |own: &Ident| key.uses.iter().any(|name| *own == name);
        if !names.open.iter().any(names_one) {
            check::self_takes_part(names, &key, literal, errors);
        }
    }
    good.then_some(key)
}

fn default(names: &Names<'_>) -> Key {
    let sig = &names.item.sig;
    let name_span = sig.ident.span();
    let mut key = Key::new(None);
    key.push(name_span, PieceKind::Path);
    let is_method = || mentions(sig, &|name| name == "Self" || name == "self");
    let shows_self = !names.is_skipped("Self") && (!names.open.is_empty() || is_method());
    if shows_self {
        key.push(name_span, PieceKind::SelfType);
    }
    key.self_type = self_type(names, shows_self);
    for binding in names.bindings.iter().filter(|b| !names.is_skipped(&text_of(&b.ident))) {
        key.part(
            &binding.ident,
            binding.cfg.clone(),
            PieceKind::Value {
                root: binding.ident.to_token_stream(),
                fields: Vec::new(),
                transform: None,
                opaque: binding.opaque,
            },
        );
    }
    for ident in names.types.iter().filter(|ident| !names.is_skipped(&text_of(ident))) {
        key.push(ident.span(), PieceKind::Text(":".into()));
        let cfg = names.cfg(&text_of(ident));
        key.push_where(cfg, ident.span(), PieceKind::TypeName((*ident).clone()));
        key.arguments.push(text_of(ident));
    }
    for ident in names.consts.iter().filter(|ident| !names.is_skipped(&text_of(ident))) {
        let root = ident.to_token_stream();
        let value = PieceKind::Value { root, fields: Vec::new(), transform: None, opaque: false };
        key.part(ident, names.cfg(&text_of(ident)), value);
    }
    key
}

fn self_type(names: &Names<'_>, in_key: bool) -> SelfType {
    if in_key {
        SelfType::InKey
    } else if names.is_skipped("Self") {
        SelfType::Skipped
    } else {
        SelfType::Missing
    }
}
