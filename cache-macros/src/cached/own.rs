//! How each argument comes to a body that may outlive its caller, as far as its type tells.

use crate::shared::cfg::{Cfg, cfg_of};
use crate::shared::tokens::has_impl_trait;
use syn::visit::{self, Visit};
use syn::{FnArg, Lifetime, Pat, PatIdent, ReceiverKind, Type};

/// What the body has of one input.
#[derive(Debug)]
pub(crate) enum Owned {
    /// `self`, with the place that lets it be written.
    Receiver(Receiver, syn::Token![self]),
    /// A copy of what a reference points to.
    Copied(Copied),
    /// The argument itself.
    Moved,
}

/// What `self` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    Reference,
    Value,
}

#[derive(Debug)]
pub(crate) struct Copied {
    pub(crate) name: PatIdent,
    pub(crate) is_slice: bool,
    /// Where there is such an argument.
    pub(crate) cfg: Cfg,
}

/// Why there is nothing of an input that the body could own.
#[derive(Debug)]
pub(crate) struct Cannot {
    pub(crate) what: &'static str,
    pub(crate) instead: &'static str,
}

pub(crate) fn owned(input: &FnArg) -> Result<Owned, Cannot> {
    let argument = match input {
        FnArg::Receiver(own) => {
            let what = Cannot { what: "`&mut self`", instead: "write `&self`" };
            return Ok(Owned::Receiver(receiver(own).ok_or(what)?, own.self_token));
        }
        FnArg::Typed(argument) => argument,
    };
    check(&argument.ty, &argument.pat)?;
    match &*argument.pat {
        Pat::Ident(name) if is_copied(&argument.ty) => Ok(Owned::Copied(Copied {
            name: name.clone(),
            is_slice: is_slice(&argument.ty),
            cfg: cfg_of(&argument.attrs),
        })),
        _ => Ok(Owned::Moved),
    }
}

fn receiver(receiver: &syn::Receiver) -> Option<Receiver> {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, None) => Some(Receiver::Reference),
        ReceiverKind::Reference(..) => None,
        ReceiverKind::Typed(_, ty) => match &**ty {
            Type::Reference(reference) if reference.mutability.is_some() => None,
            Type::Reference(_) => Some(Receiver::Reference),
            _ => Some(Receiver::Value),
        },
        _ => Some(Receiver::Value),
    }
}

/// An argument that can be copied or moved, as far as its type says.
fn check(ty: &Type, pat: &Pat) -> Result<(), Cannot> {
    let inner = match ty {
        Type::Group(group) => return check(&group.elem, pat),
        Type::Paren(paren) => return check(&paren.elem, pat),
        Type::Reference(reference) if reference.mutability.is_some() => {
            return Err(Cannot { what: "a `&mut`", instead: "take it by value or as an `Arc`" });
        }
        Type::Reference(reference) if is_copied(ty) => {
            if !matches!(pat, Pat::Ident(name) if name.subpat.is_none()) {
                return Err(Cannot {
                    what: "a pattern of a reference",
                    instead: "give it a name and take it apart in the body",
                });
            }
            if has_impl_trait(&reference.elem) {
                return Err(Cannot {
                    what: "an `&impl Trait`",
                    instead: "take it by value, or make it a type parameter that is `Clone`",
                });
            }
            &*reference.elem
        }
        other => other,
    };
    if borrows(inner) {
        return Err(Cannot {
            what: "a type that holds a reference or a lifetime",
            instead: "take an owned type, such as `Option<String>` or `Vec<String>`",
        });
    }
    Ok(())
}

/// A reference that does not live for ever; everything else is moved.
fn is_copied(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_copied(&group.elem),
        Type::Paren(paren) => is_copied(&paren.elem),
        Type::Reference(reference) => !reference.lifetime.as_ref().is_some_and(is_static),
        _ => false,
    }
}

fn is_slice(ty: &Type) -> bool {
    match ty {
        Type::Group(group) => is_slice(&group.elem),
        Type::Paren(paren) => is_slice(&paren.elem),
        Type::Reference(reference) => is_slice(&reference.elem),
        ty => matches!(ty, Type::Slice(_)),
    }
}

fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

/// Whether there is a reference or a lifetime, other than `'static`, inside of a type.
fn borrows(ty: &Type) -> bool {
    struct Found(bool);
    impl Visit<'_> for Found {
        fn visit_lifetime(&mut self, lifetime: &Lifetime) {
            self.0 |= !is_static(lifetime);
        }
        fn visit_type_reference(&mut self, reference: &syn::TypeReference) {
            self.0 |= reference.lifetime.is_none();
            visit::visit_type_reference(self, reference);
        }
        // What a function takes it does not hold.
        fn visit_type_fn_ptr(&mut self, _: &syn::TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments(
            &mut self,
            _: &syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}
