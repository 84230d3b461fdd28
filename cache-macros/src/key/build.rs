//! The key against the signature: what takes part, and what must.

use crate::cached::model::{Binding, Item, Key, Piece, PieceKind, SelfType, mentions};
use crate::cached::options::Args;
use crate::key::names::{Names, text_of};
use crate::key::template::{self, Part};
use crate::shared::errors::Errors;
use crate::shared::suggest::did_you_mean;
use crate::shared::values;
use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{LitStr, Pat};

pub(crate) fn check(
    args: &Args,
    item: &Item,
    bindings: &[Binding],
    unnamed: &[(usize, Pat)],
    errors: &mut Errors,
) -> Option<Key> {
    let skipped = args.skip.iter().flat_map(|skip| &skip.value).map(text_of).collect();
    let names = Names::new(item, bindings, skipped);
    names.check_skip(args, errors);
    match &args.key {
        None => names.default_key(unnamed, errors),
        Some(option) => {
            let literal = values::string(option, "\"user:{id}\"", errors)?;
            names.template_key(&literal, errors)
        }
    }
}

/// The key that a writer's `keys` names. Which types it depends on is known to its author alone.
pub(crate) fn template(
    literal: &LitStr,
    item: &Item,
    bindings: &[Binding],
    errors: &mut Errors,
) -> Option<Key> {
    let written = literal.value();
    if written.contains('*') {
        errors.on(
            literal,
            format!(
                "a key of `keys` is one key, and `*` is in none: name each, or call \
                 `cache.invalidate_matching({written:?})` after the commit"
            ),
        );
        return None;
    }
    let (parts, _) = template::parse(&written);
    let named = |name: &str| {
        parts.iter().any(|part| matches!(part, Part::Placeholder(place) if place.root == name))
    };
    let mut names = Names::new(item, bindings, Vec::new());
    names.skipped = names
        .types
        .iter()
        .chain(&names.consts)
        .copied()
        .map(text_of)
        .filter(|n| !named(n))
        .collect();
    names.template_key(literal, errors)
}

impl Names<'_> {
    /// `skip` thins out the default key; a template says by itself what takes part. In both, a
    /// type that makes no difference is named.
    fn check_skip(&self, args: &Args, errors: &mut Errors) {
        let all = self.all();
        let mut seen: Vec<String> = Vec::new();
        for ident in args.skip.iter().flat_map(|skip| &skip.value) {
            let name = text_of(ident);
            if seen.contains(&name) {
                errors.at(ident.span(), format!("`{name}` is skipped twice: remove one of them"));
            } else if name == "Self" || self.is_type(&name) {
            } else if name == "self" && !self.has_self() {
                errors
                    .at(ident.span(), "there is no `self` to skip: this function has no receiver");
            } else if !all.contains(&name) {
                errors.at(
                    ident.span(),
                    format!(
                        "there is no argument `{name}` to skip; {}{}",
                        self.what_there_is(),
                        did_you_mean(&name, all.iter().map(String::as_str)),
                    ),
                );
            } else if args.key.is_some() {
                errors.at(
                    ident.span(),
                    format!(
                        "with `key`, the template decides which arguments take part: remove \
                         `{name}` from `skip` and do not name it in the template"
                    ),
                );
            }
            seen.push(name);
        }
    }

    fn self_type(&self, in_key: bool) -> SelfType {
        if in_key {
            SelfType::InKey
        } else if self.is_skipped("Self") {
            SelfType::Skipped
        } else {
            SelfType::Missing
        }
    }

    fn default_key(&self, unnamed: &[(usize, Pat)], errors: &mut Errors) -> Option<Key> {
        let sig = &self.item.sig;
        let mut good = true;
        // Two values of `Self` are two answers, and only the author knows which fields matter.
        if let Some(receiver) = sig.receiver().filter(|_| !self.is_skipped("self")) {
            errors.on(
                receiver,
                "a method's key must say what of `self` matters: write `key = \"…:{self.field}\"`, \
                 or `skip(self)` if nothing of it does",
            );
            good = false;
        }
        // What has no name can neither be in the key nor be skipped knowingly.
        for (_, pat) in unnamed {
            errors.on(
                pat,
                "an argument without a name cannot be part of the key: name it, such as `_db`, \
                 and write `skip(_db)` if it makes no difference, or write a `key`",
            );
            good = false;
        }
        if !good {
            return None;
        }

        let name_span = sig.ident.span();
        let mut key = Key {
            template: None,
            pieces: Vec::new(),
            arguments: Vec::new(),
            self_type: SelfType::Missing,
            uses: Vec::new(),
        };
        key.push(name_span, PieceKind::Path);
        let shows_self =
            !self.is_skipped("Self") && mentions(sig, &|name| name == "Self" || name == "self");
        if shows_self {
            key.push(name_span, PieceKind::SelfType);
        }
        key.self_type = self.self_type(shows_self);
        for binding in self.bindings.iter().filter(|b| !self.is_skipped(&text_of(&b.ident))) {
            key.part(&binding.ident, binding.ident.to_token_stream(), binding.opaque);
        }
        for ident in self.types.iter().filter(|ident| !self.is_skipped(&text_of(ident))) {
            key.push(ident.span(), PieceKind::Text(":".into()));
            key.push(ident.span(), PieceKind::TypeName((*ident).clone()));
            key.arguments.push(text_of(ident));
        }
        for ident in self.consts.iter().filter(|ident| !self.is_skipped(&text_of(ident))) {
            key.part(ident, ident.to_token_stream(), false);
        }
        Some(key)
    }

    fn template_key(&self, literal: &LitStr, errors: &mut Errors) -> Option<Key> {
        let written = literal.value();
        let (parts, mistakes) = template::parse(&written);
        let readable = mistakes.is_empty();
        for mistake in mistakes {
            errors.on(literal, mistake);
        }
        let span = literal.span();
        let mut key = Key {
            template: Some(written),
            pieces: Vec::new(),
            arguments: Vec::new(),
            self_type: SelfType::Missing,
            uses: Vec::new(),
        };
        let mut good = readable;
        let mut unknown: Vec<String> = Vec::new();
        for part in &parts {
            if let Part::Placeholder(placeholder) = part {
                key.uses.push(placeholder.root.clone());
            }
            match part {
                Part::Text(text) => key.push(span, PieceKind::Text(text.clone())),
                Part::Placeholder(placeholder) => match self.resolve(placeholder, span) {
                    Ok(kind) => key.push(span, kind),
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
        key.self_type = self.self_type(key.uses.iter().any(|name| name == "Self"));
        if readable {
            good &= self.check_types_take_part(&key, errors);
        }
        good.then_some(key)
    }

    // `f::<u32>` and `f::<String>` would share their entries, whose types differ.
    fn check_types_take_part(&self, key: &Key, errors: &mut Errors) -> bool {
        let mut good = true;
        for ident in self.types.iter().chain(&self.consts) {
            let name = text_of(ident);
            let used = key.uses.contains(&name);
            let skipped = self.is_skipped(&name);
            if !used && !skipped {
                errors.at(
                    ident.span(),
                    format!(
                        "`{name}` is not in the key, so calls that differ in it would share one \
                         entry: put `:{{{name}}}` into `key`, or write `skip({name})` if they may"
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
}

impl Key {
    fn push(&mut self, span: Span, kind: PieceKind) {
        self.pieces.push(Piece { span, kind });
    }

    /// A part of the default key: a colon and a value.
    fn part(&mut self, ident: &Ident, expr: TokenStream, opaque: bool) {
        let span = ident.span();
        self.push(span, PieceKind::Text(":".into()));
        self.push(span, PieceKind::Value { expr, transform: None, opaque });
        self.arguments.push(text_of(ident));
        self.uses.push(text_of(ident));
    }
}
