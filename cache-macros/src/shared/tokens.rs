//! Questions about tokens that need no knowledge of what they mean.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::Visit;
use syn::{Lit, Type};

/// An identifier without `r#`.
pub(crate) fn text_of(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Whether one of `names` is an identifier in `tokens`, or inlined into a format string.
pub(crate) fn mentions(tokens: impl ToTokens, is_name: &impl Fn(&str) -> bool) -> bool {
    tokens.into_token_stream().into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => is_name(&text_of(&ident)),
        TokenTree::Group(group) => mentions(group.stream(), is_name),
        TokenTree::Literal(literal) => literal.to_string().split('{').skip(1).any(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            is_name(rest.get(..end.unwrap_or(rest.len())).unwrap_or_default())
        }),
        TokenTree::Punct(_) => false,
    })
}

/// Whether the value `self` is named, which the path `self::…` does not, before a sign that `counts`; `None`:
/// no sign follows it.
pub(crate) fn names_self(tokens: impl ToTokens, counts: &impl Fn(Option<char>) -> bool) -> bool {
    let mut trees = tokens.into_token_stream().into_iter().peekable();
    while let Some(tree) = trees.next() {
        let is_named = match tree {
            TokenTree::Ident(name) if name == "self" => {
                let sign = match trees.peek() {
                    Some(TokenTree::Punct(sign)) => Some(sign.as_char()),
                    _ => None,
                };
                sign != Some(':') && counts(sign)
            }
            TokenTree::Group(group) => names_self(group.stream(), counts),
            _ => false,
        };
        if is_named {
            return true;
        }
    }
    false
}

/// A type without the parentheses around it, or out of the fragment that a macro by example gave.
pub(crate) fn bare_type(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare_type(&group.elem),
        Type::Paren(paren) => bare_type(&paren.elem),
        _ => ty,
    }
}

/// Whether a type is, or contains, an `impl Trait`.
pub(crate) fn has_impl_trait(ty: &Type) -> bool {
    struct Found(bool);
    impl Visit<'_> for Found {
        fn visit_type_impl_trait(&mut self, _: &syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

/// What follows an option's name as one would write it: without `=`, parentheses or quotes.
pub(crate) fn value_as_text(tokens: &TokenStream) -> String {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match tokens.as_slice() {
        [TokenTree::Group(group)] => tidy(&group.stream().to_string()),
        [TokenTree::Punct(_), TokenTree::Literal(literal)] => match Lit::new(literal.clone()) {
            Lit::Str(text) => text.value(),
            _ => literal.to_string(),
        },
        [_, value @ ..] => tidy(&value.iter().cloned().collect::<TokenStream>().to_string()),
        [] => String::new(),
    }
}

/// Tokens are printed with a space between any two.
pub(crate) fn tidy(tokens: &str) -> String {
    let mut text = tokens.to_owned();
    for (loose, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (" < ", "<"),
        (" >", ">"),
        ("& ", "&"),
        ("| ", "|"),
        (" |", "|"),
        (" ;", ";"),
        (" !", "!"),
        (" ?", "?"),
    ] {
        text = text.replace(loose, tight);
    }
    text
}
