//! The values of options: sizes, numbers, functions; [`times`](crate::shared::times) has the durations. Each
//! answers what was meant, or says what to write.

use crate::cached::model::SingleFlight;
use crate::cached::options::Opt;
use crate::shared::errors::Errors;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::str::FromStr;
use syn::{Expr, ExprLit, Lit, LitStr, UnOp};

/// The longest value that Redis stores.
const LARGEST: u64 = 512 << 20;

/// The expression without the parentheses and invisible groups around it.
pub(crate) fn bare(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Group(group) => &group.expr,
            Expr::Paren(paren) => &paren.expr,
            _ => return expr,
        };
    }
}

pub(crate) fn literal(expr: &Expr) -> Option<&Lit> {
    match bare(expr) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

pub(crate) fn is_negative(expr: &Expr) -> bool {
    matches!(bare(expr), Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) && literal(&unary.expr).is_some())
}

/// A number without a suffix.
fn number<N: FromStr<Err: std::fmt::Display>>(expr: &Expr) -> Option<N> {
    match literal(expr)? {
        Lit::Int(number) if number.suffix().is_empty() => number.base10_parse().ok(),
        Lit::Float(number) if number.suffix().is_empty() => number.base10_parse().ok(),
        _ => None,
    }
}

pub(crate) fn string(option: &Opt<Expr>, example: &str, errors: &mut Errors) -> Option<LitStr> {
    if let Some(Lit::Str(text)) = literal(&option.value) {
        return Some(text.clone());
    }
    let key = &option.key;
    errors.on(&option.value, format!("`{key}` is a string literal: write `{key} = {example}`"));
    None
}

pub(crate) fn version(option: &Opt<Expr>, errors: &mut Errors) -> Option<u64> {
    let value = number(&option.value);
    if value.is_none() {
        errors.on(
            &option.value,
            "`version` is an unsigned whole number, without quotes: write `version = 2`",
        );
    }
    value
}

pub(crate) fn jitter(option: &Opt<Expr>, errors: &mut Errors) -> Option<f64> {
    let value = number(&option.value).filter(|share| *share > 0.0 && *share <= 1.0);
    if value.is_none() {
        errors.on(
            &option.value,
            "`jitter` is the share of the TTL that chance may take away, more than 0.0 and at \
             most 1.0: write `jitter = 0.1` for up to a tenth",
        );
    }
    value
}

/// `1.0`, nothing, which means the same, or an expression of type `f64`.
pub(crate) fn beta(option: &Opt<Option<Expr>>, errors: &mut Errors) -> Option<TokenStream> {
    let Some(expr) = &option.value else { return Some(quote!(1.0_f64)) };
    if literal(expr).is_none() && !is_negative(expr) {
        return Some(expr.to_token_stream());
    }
    let value = number(expr).filter(|beta: &f64| *beta > 0.0 && beta.is_finite());
    if value.is_none() {
        errors.on(
            expr,
            "`early_refresh` is how eagerly a value is refreshed before its time, more than 0.0: \
             write `early_refresh` or `early_refresh = 1.0`, and more for earlier",
        );
    }
    value.map(|beta| quote!(#beta))
}

/// `1048576`, `"64kb"`, `"10 KiB"`. As in Redis' own configuration, `kb` is 1024 bytes.
pub(crate) fn size(option: &Opt<Expr>, errors: &mut Errors) -> Option<u64> {
    let value = match literal(&option.value) {
        Some(Lit::Str(text)) => parse_size(&text.value()),
        _ => number(&option.value),
    };
    match value {
        None => errors.on(
            &option.value,
            "`max_size` is a number of bytes, or a size with its unit in quotes: write \
             `max_size = \"64kb\"` (units are `b`, `kb`, `mb` and `gb`)",
        ),
        Some(0) => errors.on(
            &option.value,
            "`max_size` is zero, so nothing would be cached: write `max_size = \"64kb\"`, or \
             remove the option",
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

/// A path or a closure that looks at the value alone.
pub(crate) fn function(option: &Opt<Expr>, example: &str, errors: &mut Errors) -> Option<Expr> {
    let key = &option.key;
    let value = &option.value;
    match bare(value) {
        Expr::Path(_) => return Some(value.clone()),
        Expr::Closure(closure) if closure.asyncness.is_some() => {
            errors.on(value, format!("`{key}` is not awaited: write a closure without `async`"));
        }
        Expr::Closure(closure) if closure.inputs.len() != 1 => {
            errors.on(
                value,
                format!("`{key}` takes one argument, a reference to the value: write `{example}`"),
            );
        }
        Expr::Closure(_) => return Some(value.clone()),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.parse::<syn::Path>().is_ok() => {
            let path = text.value();
            errors.on(
                value,
                format!("`{key}` is a function, without quotes: write `{key} = {path}`"),
            );
        }
        _ => errors.on(
            value,
            format!("`{key}` is the path of a function, or a closure: write `{example}`"),
        ),
    }
    None
}

pub(crate) fn single_flight(option: &Opt<Expr>, errors: &mut Errors) -> Option<SingleFlight> {
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

pub(crate) fn boolean(option: &Opt<Expr>, errors: &mut Errors) -> Option<bool> {
    if let Some(Lit::Bool(value)) = literal(&option.value) {
        return Some(value.value);
    }
    let key = &option.key;
    errors.on(&option.value, format!("`{key}` is `true` or `false`: write `{key} = false`"));
    None
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
