//! The syntax of one option: its name, `=`, and a value.

use crate::shared::errors::Errors;
use proc_macro2::{Ident, Punct, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, Path, Token};

/// An option of which nothing but the syntax has been looked at yet.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
    /// That of its row.
    pub(crate) example: &'static str,
}

/// Stands behind an option's name, and parses what follows.
#[derive(Debug)]
pub(crate) struct ValueParser<'a> {
    pub(crate) name: Ident,
    pub(crate) example: &'static str,
    pub(crate) input: ParseStream<'a>,
    pub(crate) errors: &'a mut Errors,
}

impl ValueParser<'_> {
    /// Whether nothing follows.
    pub(crate) fn is_bare(&self) -> bool {
        self.input.is_empty() || self.input.peek(Token![,])
    }

    /// `= EXPR`, of which `judge` makes the value, or an error.
    pub(crate) fn expr<T>(
        &mut self,
        slot: &mut Option<T>,
        judge: impl FnOnce(&Raw, &mut Errors) -> Option<T>,
    ) -> syn::Result<()> {
        let value = self.value(Expr::parse, None)?;
        let raw = Raw { name: self.name.clone(), value, example: self.example };
        *slot = judge(&raw, self.errors);
        Ok(())
    }

    /// `= path::of::the::runtime`.
    pub(crate) fn krate(&mut self, slot: &mut Option<Path>) -> syn::Result<()> {
        let help = "the path of the runtime, without quotes";
        *slot = Some(self.value(Path::parse_mod_style, Some(help))?);
        Ok(())
    }

    /// `=` and a value. Where `what` the value is is given, anything else is an error that says so.
    pub(crate) fn value<T>(
        &mut self,
        parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
        what: Option<&str>,
    ) -> syn::Result<T> {
        let Self { name, example, input, .. } = self;
        let needs_value =
            || syn::Error::new(name.span(), format!("`{name}` needs a value: write `{example}`"));
        if input.is_empty() || input.peek(Token![,]) {
            return Err(needs_value());
        }
        if !begins_value(input) {
            let message = format!("expected `=` after `{name}`: write `{example}`");
            return Err(match sign(input) {
                sign if !sign.is_empty() => syn::Error::new_spanned(sign, message),
                _ if input.peek(syn::token::Paren) => syn::Error::new(name.span(), message),
                _ => syn::Error::new(input.span(), message),
            });
        }
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(needs_value());
        }
        let start = input.span();
        parse(input).map_err(|error| match what {
            Some(what) => syn::Error::new(start, format!("`{name}` is {what}: write `{example}`")),
            // It would be an error about the whole attribute.
            None if input.is_empty() => {
                let message = format!("the value of `{name}` ends too soon: write `{example}`");
                syn::Error::new(start, message)
            }
            None => error,
        })
    }
}

/// `(a, b)`, of what one attribute tells another.
pub(crate) fn names_in_parentheses(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let names;
    syn::parenthesized!(names in input);
    let names = Punctuated::<_, Token![,]>::parse_terminated_with(&names, Ident::parse_any)?;
    Ok(names.into_iter().collect())
}

/// Whether `=` is next, and not a sign that only begins like it.
fn begins_value(input: ParseStream<'_>) -> bool {
    input.peek(Token![=]) && !input.peek(Token![==]) && !input.peek(Token![=>])
}

/// The sign that stands where `=` should, such as `=>`, `:=` or `==`.
fn sign(input: ParseStream<'_>) -> TokenStream {
    let ahead = input.fork();
    let mut sign = TokenStream::new();
    while let Ok(punct) = ahead.parse::<Punct>() {
        let is_last = punct.spacing() == Spacing::Alone;
        sign.extend([TokenTree::Punct(punct)]);
        if is_last {
            break;
        }
    }
    sign
}

/// Goes on behind the next comma that an option follows.
pub(crate) fn skip_option(input: ParseStream<'_>) {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
            let next_is_option = input.peek(Ident::peek_any)
                && (input.peek2(Token![=])
                    || input.peek2(Token![,])
                    || input.peek2(syn::token::Paren));
            if input.is_empty() || next_is_option {
                return;
            }
        } else if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
