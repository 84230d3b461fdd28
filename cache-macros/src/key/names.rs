//! What a key can name: arguments, `self`, and type parameters.

use crate::key::model::PieceKind;
use crate::key::template::Placeholder;
use crate::shared::cfg::{Cfg, any, cfg_of};
use crate::shared::form::is_async_trait;
use crate::shared::item::{Binding, Item};
use crate::shared::suggest::{did_you_mean, list, nearest};
use crate::shared::tokens::text_of;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{GenericParam, Member};

/// What a key can name.
pub(crate) struct Names<'a> {
    pub(crate) item: &'a Item,
    pub(crate) bindings: &'a [Binding],
    pub(crate) types: Vec<&'a Ident>,
    pub(crate) consts: Vec<&'a Ident>,
    pub(crate) skipped: Vec<String>,
    /// What the key can name beside them: an element of a list that is an argument.
    pub(crate) member: Option<&'a Ident>,
    /// What makes `Self` one of several types: parameters of the `impl`, or `Self` of a trait.
    pub(crate) open: &'a [Ident],
}

impl<'a> Names<'a> {
    pub(crate) fn new(item: &'a Item, bindings: &'a [Binding], skipped: Vec<String>) -> Self {
        let generics = &item.sig.generics;
        Self {
            item,
            bindings,
            types: generics.type_params().map(|param| &param.ident).collect(),
            consts: generics.const_params().map(|param| &param.ident).collect(),
            skipped,
            member: None,
            open: &[],
        }
    }
}

impl Names<'_> {
    pub(crate) fn has_self(&self) -> bool {
        self.item.sig.receiver().is_some()
    }

    /// In which builds there is something of this name.
    pub(crate) fn cfg(&self, name: &str) -> Cfg {
        let sig = &self.item.sig;
        let receiver = sig.receiver().filter(|_| name == "self").map(|own| cfg_of(&own.attrs));
        let arguments = self.bindings.iter().filter(|binding| text_of(&binding.ident) == name);
        let arguments = arguments.map(|binding| binding.cfg.clone());
        let parameters = sig.generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(ty) => (text_of(&ty.ident) == name).then(|| cfg_of(&ty.attrs)),
            GenericParam::Const(of) => (text_of(&of.ident) == name).then(|| cfg_of(&of.attrs)),
            GenericParam::Lifetime(_) => None,
        });
        any(receiver.into_iter().chain(arguments).chain(parameters))
    }

    pub(crate) fn is_skipped(&self, name: &str) -> bool {
        self.skipped.iter().any(|skipped| skipped == name)
    }

    pub(crate) fn is_type(&self, name: &str) -> bool {
        self.types.iter().chain(&self.consts).any(|ident| text_of(ident) == name)
    }

    /// `self`, arguments, a member of the list and parameters, as they are listed to the user.
    pub(crate) fn all(&self) -> Vec<String> {
        let arguments = self.bindings.iter().map(|binding| &binding.ident).chain(self.member);
        let parameters = self.types.iter().chain(&self.consts).copied();
        let receiver = self.has_self().then(|| "self".to_owned());
        receiver.into_iter().chain(arguments.chain(parameters).map(text_of)).collect()
    }

    pub(crate) fn what_there_is(&self) -> String {
        let mut all = self.all();
        all.retain(|name| name != "result" || !self.has_result());
        let name = &self.item.sig.ident;
        if all.is_empty() {
            format!("`{name}` has no arguments")
        } else {
            format!(
                "there {} {}",
                if all.len() == 1 { "is" } else { "are" },
                list(all.iter().map(String::as_str))
            )
        }
    }

    /// Whether what the function returns can be named, which is bound as if it were one more input.
    fn has_result(&self) -> bool {
        self.bindings.iter().any(|binding| binding.input == self.item.sig.inputs.len())
    }

    /// What a placeholder stands for.
    pub(crate) fn resolve(
        &self,
        placeholder: &Placeholder,
        span: Span,
    ) -> Result<PieceKind, String> {
        let Placeholder { root, fields, transform, written } = placeholder;
        let types = |ident: Ident| {
            if fields.is_empty() && transform.is_none() {
                return Ok(PieceKind::TypeName(ident));
            }
            Err(format!(
                "`{written}`: `{root}` is a type, whose name is the whole of it: write `{{{root}}}`"
            ))
        };
        let value = |root: TokenStream, opaque: bool| {
            if opaque && transform.is_some() {
                let name = &placeholder.root;
                return Err(format!(
                    "`{written}`: a transform hides which type an `impl Trait` argument has: \
                     give the type a name (`fn …<T: …>({name}: T)`) and put `{{T}}` into the key \
                     or into `skip(…)`"
                ));
            }
            let fields = fields.iter().map(|field| member(field, span)).collect();
            Ok(PieceKind::Value { root, fields, transform: *transform, opaque })
        };
        let here = |ident: &Ident| {
            let mut ident = ident.clone();
            ident.set_span(ident.span().located_at(span));
            ident
        };
        if root == "self" {
            return match self.item.sig.receiver() {
                Some(receiver) => {
                    let token = Ident::new("self", receiver.self_token.span.located_at(span));
                    value(quote!(#token), false)
                }
                None => Err(format!(
                    "`{written}`: this function has no `self`; {}",
                    self.what_there_is()
                )),
            };
        }
        if root == "Self" {
            return types(Ident::new("Self", Span::call_site().located_at(span)));
        }
        if let Some(member) = self.member.filter(|member| text_of(member) == *root) {
            return value(here(member).into_token_stream(), false);
        }
        if let Some(binding) = self.bindings.iter().find(|binding| text_of(&binding.ident) == *root)
        {
            let opaque = self.bindings.iter().any(|b| b.ident == binding.ident && b.opaque);
            return value(here(&binding.ident).into_token_stream(), opaque);
        }
        if let Some(ident) = self.consts.iter().find(|ident| text_of(ident) == *root) {
            return value(here(ident).into_token_stream(), false);
        }
        if let Some(ident) = self.types.iter().find(|ident| text_of(ident) == *root) {
            return types(here(ident));
        }
        Err(self.unknown(placeholder))
    }

    fn unknown(&self, placeholder: &Placeholder) -> String {
        let Placeholder { root, written, .. } = placeholder;
        if self.open.iter().any(|own| own == root) {
            return format!(
                "`{written}`: the parameters of the `impl` are named by `{{Self}}`, which stands for all of \
                 them: write that instead"
            );
        }
        let all = self.all();
        let renamed = all.iter().any(|name| name.starts_with("__arg"));
        let hint = if renamed && is_async_trait(&self.item.sig) {
            "; under `#[async_trait]` what an argument's pattern binds has no name yet: give the \
             argument a name and take it apart in the body"
                .to_owned()
        } else if root == "result" {
            "; what the function returns is not there before its body has run: tags of it are said by \
             `tags_with = |value| [(\"org\", value.org_id)]`"
                .to_owned()
        } else {
            match did_you_mean_or_self(root, &all, "{Self}") {
                none if none.is_empty() && self.has_result() => format!(
                    "; the value that `{}` returns is `result`",
                    text_of(&self.item.sig.ident)
                ),
                hint => hint,
            }
        };
        format!("`{written}`: there is no argument `{root}`; {}{hint}", self.what_there_is())
    }
}

/// "; did you mean …?". What looks like a type may be a parameter of the `impl`, which the attribute
/// of a method cannot see; `of_self` stands for all of them.
pub(super) fn did_you_mean_or_self(unknown: &str, all: &[String], of_self: &str) -> String {
    let all = all.iter().map(String::as_str);
    if !unknown.starts_with(char::is_uppercase) {
        return did_you_mean(unknown, all);
    }
    match nearest(unknown, all) {
        None => format!(
            "; for a parameter of the `impl` write `{of_self}`, which stands for all of them"
        ),
        Some(name) => format!(
            "; did you mean `{name}`, or `{of_self}`, which stands for the parameters of the `impl`?"
        ),
    }
}

fn member(field: &str, span: Span) -> Member {
    // Our hygiene keeps the compiler from suggesting to replace all of the template.
    let span = Span::mixed_site().located_at(span);
    match field.parse::<u32>() {
        Ok(index) => Member::Unnamed(syn::Index { index, span }),
        // A keyword that is a field was written `r#type` in the struct.
        Err(_) if syn::parse_str::<Ident>(field).is_err() => {
            Member::Named(Ident::new_raw(field, span))
        }
        Err(_) => Member::Named(Ident::new(field, span)),
    }
}
