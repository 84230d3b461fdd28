//! Values that one option of `#[redis_cache]` has. Each answers what was meant, or says what to
//! write.

use crate::shared::errors::Errors;
use crate::shared::option::{Raw, ValueParser};
use crate::shared::times::{self, Time};
use crate::shared::tokens::text_of;
use crate::shared::values::{bare, is_negative, literal, number, string};
use proc_macro2::{Group, Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Token};

/// The longest value that Redis stores.
const LARGEST: u64 = 512 << 20;

/// Where the time to live comes from, unless it is made of the value.
#[derive(Debug)]
pub(crate) enum Ttl {
    Time(Time),
    Setting(String),
}

/// Who shares one computation on a miss.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SingleFlight {
    Cluster,
    Process,
    Off,
}

/// That values are kept in the process too.
#[derive(Debug)]
pub(crate) struct L1 {
    /// The option that says it.
    pub(crate) name: Ident,
    pub(crate) longest: Option<Time>,
}

/// What `entry` says of the companion.
#[derive(Debug)]
pub(crate) enum Companion {
    /// As without the option.
    Usual,
    None,
    Named(Ident),
}

/// How long a call waits.
#[derive(Debug)]
pub(crate) struct Timeout {
    /// The option that says it.
    pub(crate) name: Ident,
    pub(crate) after: Time,
    pub(crate) written: Expr,
}

pub(super) fn ttl(option: &Raw, errors: &mut Errors) -> Option<Ttl> {
    times::life(option, errors).map(Ttl::Time)
}

/// The name becomes that of an environment variable.
pub(super) fn ttl_setting(option: &Raw, errors: &mut Errors) -> Option<Ttl> {
    let text = string(option, errors)?;
    let name = text.value();
    let good = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !good {
        errors.on(
            &text,
            format!(
                "the name of a TTL setting is letters, digits and `_`, since the environment \
                 variable `REDIS_CACHE_TTL_<NAME>` can give it: write `{}`",
                option.example
            ),
        );
    }
    good.then_some(Ttl::Setting(name))
}

/// An expression over the arguments. One that is the same for all calls is no condition.
pub(super) fn when(option: &Raw, errors: &mut Errors) -> Option<Expr> {
    let Raw { value, example, .. } = option;
    let help = format!("an expression over the arguments, of type `bool`: write `{example}`");
    match bare(value) {
        Expr::Closure(_) => errors.on(
            value,
            format!("`when` is no closure, since it sees the arguments as they are called: {help}"),
        ),
        Expr::Lit(_) => {
            let instead = "or remove the option";
            errors.on(value, format!("`when` is {help}, {instead}"));
        }
        _ => return Some(value.clone()),
    }
    None
}

/// `false`, or a name that writers can call: they leave `_entry` away.
pub(super) fn entry(option: &Raw, errors: &mut Errors) -> Option<Companion> {
    let Raw { value, example, .. } = option;
    if let Some(Lit::Bool(made)) = literal(value) {
        return Some(if made.value { Companion::Usual } else { Companion::None });
    }
    let name = match bare(value) {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    };
    let Some(name) = name else {
        errors.on(
            value,
            format!(
                "`entry` is `true`, `false` or the name of the companion: write `{example}` or \
                 `entry = find_user_entry`"
            ),
        );
        return None;
    };
    let written = text_of(name);
    if written.strip_suffix("_entry").is_none_or(str::is_empty) {
        errors.on(
            value,
            format!(
                "the name of a companion ends in `_entry`, which writers leave away: write \
                 `entry = {written}_entry`, and `{written}(…)` in a writer"
            ),
        );
        return None;
    }
    Some(Companion::Named(name.clone()))
}

pub(super) fn timeout(option: &Raw, errors: &mut Errors) -> Option<Timeout> {
    let after = times::timeout(option, errors)?;
    Some(Timeout { name: option.name.clone(), after, written: option.value.clone() })
}

pub(super) fn version(option: &Raw, errors: &mut Errors) -> Option<u64> {
    let value = number(&option.value);
    if value.is_none() {
        let message = "`version` is an unsigned whole number, without quotes: write";
        errors.on(&option.value, format!("{message} `{}`", option.example));
    }
    value
}

pub(super) fn jitter(option: &Raw, errors: &mut Errors) -> Option<f64> {
    let value = number(&option.value).filter(|share| *share > 0.0 && *share <= 1.0);
    if value.is_none() {
        errors.on(
            &option.value,
            format!(
                "`jitter` is the share of the TTL that chance may take away, more than 0.0 and at \
                 most 1.0: write `{}` for up to a tenth",
                option.example
            ),
        );
    }
    value
}

/// `early_refresh`, which is `early_refresh = 1.0`.
pub(super) fn early_refresh(
    parser: &mut ValueParser<'_>,
    beta: &mut Option<TokenStream>,
) -> syn::Result<()> {
    if parser.is_bare() {
        *beta = Some(quote!(1.0_f64));
        return Ok(());
    }
    parser.expr(beta, self::beta)
}

/// `l1`, which has no longest time, or `l1 = "10s"`.
pub(super) fn l1(parser: &mut ValueParser<'_>, l1: &mut Option<L1>) -> syn::Result<()> {
    let name = parser.name.clone();
    if parser.is_bare() {
        *l1 = Some(L1 { name, longest: None });
        return Ok(());
    }
    let mut longest = None;
    parser.expr(&mut longest, |option, errors| match literal(&option.value) {
        Some(Lit::Bool(keeps)) => {
            let message = match keeps.value {
                true => {
                    "`l1` is switched on by its name: write `l1`, or `l1 = \"10s\"` for the longest that a \
                     value is kept"
                }
                false => "`l1` is off where it is not written: remove it",
            };
            errors.on(&option.value, message);
            None
        }
        _ => times::life(option, errors),
    })?;
    *l1 = longest.map(|longest| L1 { name, longest: Some(longest) });
    Ok(())
}

/// `1.0`, or an expression of type `f64`.
fn beta(option: &Raw, errors: &mut Errors) -> Option<TokenStream> {
    let expr = &option.value;
    if literal(expr).is_none() && !is_negative(expr) {
        return Some(expr.to_token_stream());
    }
    let value = number(expr).filter(|beta: &f64| *beta > 0.0 && beta.is_finite());
    if value.is_none() {
        errors.on(
            expr,
            format!(
                "`early_refresh` is how eagerly a value is refreshed before its time, more than \
                 0.0: write `early_refresh` or `{}`, and more for earlier",
                option.example
            ),
        );
    }
    value.map(|beta| quote!(#beta))
}

/// `1048576`, `"64kb"`, `"10 KiB"`. As in Redis' own configuration, `kb` is 1024 bytes.
pub(super) fn size(option: &Raw, errors: &mut Errors) -> Option<u64> {
    let value = match literal(&option.value) {
        Some(Lit::Str(text)) => parse_size(&text.value()),
        _ => number(&option.value),
    };
    let example = option.example;
    match value {
        None => errors.on(
            &option.value,
            format!(
                "`max_size` is a number of bytes, or a size with its unit in quotes: write \
                 `{example}` (units are `b`, `kb`, `mb` and `gb`)"
            ),
        ),
        Some(0) => errors.on(
            &option.value,
            format!(
                "`max_size` is zero, so nothing would be cached: write `{example}`, or remove the \
                 option"
            ),
        ),
        Some(bytes) if bytes > LARGEST => errors.on(
            &option.value,
            "`max_size` is more than 512mb, the longest value that Redis stores: write less, or \
             remove the option",
        ),
        Some(bytes) => return Some(bytes),
    }
    None
}

fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    let unit: u64 = match unit.trim_start() {
        "b" => 1,
        "kb" | "kib" => 1 << 10,
        "mb" | "mib" => 1 << 20,
        "gb" | "gib" => 1 << 30,
        _ => return None,
    };
    Some(number.parse::<u64>().ok()?.saturating_mul(unit))
}

pub(super) fn single_flight(option: &Raw, errors: &mut Errors) -> Option<SingleFlight> {
    if let Some(Lit::Str(text)) = literal(&option.value) {
        match text.value().as_str() {
            "cluster" => return Some(SingleFlight::Cluster),
            "process" => return Some(SingleFlight::Process),
            "off" => return Some(SingleFlight::Off),
            _ => {}
        }
    }
    errors.on(
        &option.value,
        "`single_flight` says who shares a computation: write `\"cluster\"` (all processes), \
         `\"process\"` (the calls of one process) or `\"off\"` (nobody)",
    );
    None
}

/// `(db, token)`.
pub(super) fn skip(parser: &mut ValueParser<'_>) -> syn::Result<Vec<Ident>> {
    let ValueParser { name, example, input, .. } = parser;
    let help = format!(
        "`{name}` is a list of whole arguments, `self` or type parameters: write `{example}`"
    );
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(name.span(), help));
    }
    let list = input.parse::<Group>()?;
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    let names = (|input: ParseStream<'_>| names(input, Ident::parse_any))
        .parse2(list.stream())
        .map_err(|error| syn::Error::new(error.span(), help))?;
    if names.is_empty() {
        let message = "`skip()` skips nothing: name an argument, or remove it";
        return Err(syn::Error::new(list.span(), message));
    }
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("1mb", Some(1 << 20)),
            ("64kb", Some(64 << 10)),
            ("10 KiB", Some(10 << 10)),
            (" 3 b ", Some(3)),
            ("1GB", Some(1 << 30)),
            ("mb", None),
            ("", None),
            ("1", None),
            ("1tb", None),
            ("1.5mb", None),
            ("-1kb", None),
            ("99999999999999999999gb", None),
            ("18446744073709551615gb", Some(u64::MAX)),
        ] {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }
}
