//! The syntax of `#[redis_invalidate(...)]` and `#[redis_put(...)]`: calls of cached functions, and
//! options.

use crate::cached::options::Opt;
use crate::shared::errors::Errors;
use crate::shared::suggest::{did_you_mean, list};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprArray, ExprLit, Lit, LitStr, Path, Token};

/// Which attribute it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Invalidate,
    Put,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Invalidate => "redis_invalidate",
            Self::Put => "redis_put",
        }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Invalidate => &["keys", "cache", "crate"],
            Self::Put => &["cache", "crate"],
        }
    }

    /// What is named, when nothing is.
    fn subject(self) -> &'static str {
        match self {
            Self::Invalidate => "whose value changes",
            Self::Put => "whose value this one returns",
        }
    }
}

#[derive(Default)]
pub(crate) struct Args {
    /// Calls of companions, made of the calls of functions as written.
    pub(super) entries: Vec<Expr>,
    pub(super) keys: Option<Opt<Vec<LitStr>>>,
    pub(super) cache: Option<Opt<Expr>>,
    pub(super) krate: Option<Opt<Path>>,
}

const KEYS: &str = "`keys` is a list of key templates: write `keys = [\"user:{id}\"]`";
const CRATE: &str = "`crate` is the path of the runtime, without quotes: write \
                     `crate = my_crate::cache_runtime`";

const ONE: &str = "`#[redis_put]` stores one value under one key: name what else changes in a \
                   `#[redis_invalidate(...)]` beside it";

/// Reads everything; what cannot be read is an error, and the next is read all the same.
pub(super) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Args {
    let mut args = Args::default();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = args.parse_one(kind, input, errors) {
                errors.push(error);
                skip_to_comma(input);
            }
            if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
                errors.push(input.error("expected `,`"));
                skip_to_comma(input);
                let _ = input.parse::<Option<Token![,]>>();
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
    if errors.is_empty() && args.entries.is_empty() && args.keys.is_none() {
        let name = kind.name();
        errors.at(
            Span::call_site(),
            format!(
                "nothing is named: write the cached function {}, with the arguments of its key, \
                 such as `#[{name}(get_user(id))]`",
                kind.subject()
            ),
        );
    }
    args
}

impl Args {
    fn parse_one(
        &mut self,
        kind: Kind,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        let is_option =
            input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
        if !is_option {
            let call: Expr = input.parse()?;
            if kind == Kind::Put && !self.entries.is_empty() {
                return Err(syn::Error::new_spanned(call, ONE));
            }
            self.entries.push(companion(kind, call)?);
            return Ok(());
        }
        let key = input.call(Ident::parse_any)?;
        let name = key.unraw().to_string();
        if !kind.options().contains(&name.as_str()) {
            return Err(unknown_option(kind, &key, &name));
        }
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new(key.span(), format!("`{name}` needs a value")));
        }
        let start = input.span();
        match name.as_str() {
            "keys" => set(&mut self.keys, key, templates(input.parse()?)?, errors),
            "cache" => set(&mut self.cache, key, input.parse()?, errors),
            _ => {
                let path = Path::parse_mod_style(input);
                let path = path.map_err(|_| syn::Error::new(start, CRATE))?;
                set(&mut self.krate, key, path, errors);
            }
        }
        Ok(())
    }
}

fn set<T>(slot: &mut Option<Opt<T>>, key: Ident, value: T, errors: &mut Errors) {
    if slot.is_some() {
        errors.at(key.span(), format!("`{key}` is given twice: remove one of them"));
    } else {
        *slot = Some(Opt { key, value });
    }
}

fn unknown_option(kind: Kind, key: &Ident, name: &str) -> syn::Error {
    if kind == Kind::Put
        && let Some(why) = why_not_for_a_put(name)
    {
        return syn::Error::new(key.span(), why);
    }
    let options = || kind.options().iter().copied();
    let expected = list(options());
    let hint = if name == "key" && kind == Kind::Invalidate {
        format!("; {KEYS}")
    } else {
        did_you_mean(name, options())
    };
    syn::Error::new(
        key.span(),
        format!(
            "unknown option `{name}`{hint} (expected a call of a cached function, or one of \
             {expected})"
        ),
    )
}

/// What `#[redis_put]` says to an option that other attributes have.
fn why_not_for_a_put(name: &str) -> Option<String> {
    match name {
        "key" | "keys" => Some(not_by_key(&format!("`{name}`"))),
        "tags" | "tags_with" => Some(format!(
            "`{name}` stands for many values, and this function returns one: name the cached \
             function that it is of, such as `#[redis_put(get_user(id))]`"
        )),
        _ if crate::cached::options::is_option(name) => Some(format!(
            "`{name}` is an option of the cached function, whose options apply here too: write \
             it there"
        )),
        _ => None,
    }
}

fn not_by_key(what: &str) -> String {
    format!(
        "{what} does not say how the value is stored, which only a cached function does: name \
         that, such as `#[redis_put(get_user(id))]`, or invalidate the key with \
         `#[redis_invalidate(keys = [\"user:{{id}}\"])]`"
    )
}

fn templates(value: Expr) -> syn::Result<Vec<LitStr>> {
    let Expr::Array(ExprArray { elems, .. }) = &value else {
        return Err(syn::Error::new_spanned(value, KEYS));
    };
    if elems.is_empty() {
        return Err(syn::Error::new_spanned(value, "`keys = []` names nothing: remove it"));
    }
    let literal = |elem: &Expr| match elem {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => Err(syn::Error::new_spanned(other, KEYS)),
    };
    elems.iter().map(literal).collect()
}

/// `users::get_user_entry(id)` of `users::get_user(id)`, and the same of a method.
fn companion(kind: Kind, call: Expr) -> syn::Result<Expr> {
    let entry = |name: &Ident| format_ident!("{}_entry", name.unraw(), span = name.span());
    let other = match call {
        Expr::Call(mut call) => {
            if let Expr::Path(function) = &mut *call.func
                && let Some(last) = function.path.segments.last_mut()
            {
                last.ident = entry(&last.ident);
                return Ok(Expr::Call(call));
            }
            return Err(not_a_call(call));
        }
        Expr::MethodCall(mut call) => {
            call.method = entry(&call.method);
            return Ok(Expr::MethodCall(call));
        }
        Expr::Path(path) => {
            let written = path.to_token_stream().to_string().replace(' ', "");
            let message = format!(
                "`{written}` is not called: write it with the arguments that its key uses, such \
                 as `{written}(id)`"
            );
            return Err(syn::Error::new_spanned(path, message));
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let message = match kind {
                Kind::Invalidate => {
                    format!("a key stands in `keys`: write `keys = [{:?}]`", text.value())
                }
                Kind::Put => not_by_key("a key"),
            };
            return Err(syn::Error::new_spanned(text, message));
        }
        Expr::Await(call) => {
            let message = "the function is named here, not run: remove `.await`";
            return Err(syn::Error::new_spanned(call, message));
        }
        other => other,
    };
    Err(not_a_call(other))
}

fn not_a_call(tokens: impl ToTokens) -> syn::Error {
    let message = "expected a call of a cached function with the arguments that its key uses, \
                   such as `get_user(id)`, `self.find(id)` or `Self::find(id)`";
    syn::Error::new_spanned(tokens, message)
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
