//! The values of options: durations, sizes, numbers, functions. Each answers what was meant, or
//! says what to write.

use crate::args::Opt;
use crate::errors::Errors;
use crate::model::{Life, SingleFlight};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::time::Duration;
use syn::{Expr, ExprLit, Lit, LitInt, LitStr, UnOp};

/// Longer than this is a mistake of the unit.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
/// The longest value that Redis stores.
const LARGEST: u64 = 512 << 20;

/// The expression without the parentheses and invisible groups around it.
fn bare(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Group(group) => &group.expr,
            Expr::Paren(paren) => &paren.expr,
            _ => return expr,
        };
    }
}

fn literal(expr: &Expr) -> Option<&Lit> {
    match bare(expr) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

fn is_negative(expr: &Expr) -> bool {
    matches!(bare(expr), Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) && literal(&unary.expr).is_some())
}

/// Arithmetic on literals, such as `5 * 60`, which is no `Duration`.
fn is_arithmetic(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Binary(binary) => is_arithmetic(&binary.left) && is_arithmetic(&binary.right),
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => true,
        _ => false,
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

/// What is said of a time that is none.
struct Words {
    seconds: u64,
    text: &'static str,
    texts: &'static str,
    zero: &'static str,
    unit: &'static str,
}

/// `300`, `"5m"`, or an expression of type `Duration`.
pub(crate) fn life(option: &Opt<Expr>, errors: &mut Errors) -> Option<Life> {
    let words = Words {
        seconds: 300,
        text: "5m",
        texts: "\"30s\", \"5m\", \"1h 30m\" or \"7days\"",
        zero: "nothing would be cached",
        unit: "Redis' smallest",
    };
    time(option, &words, errors)
}

/// `2`, `"200ms"`, or an expression of type `Duration`.
pub(crate) fn timeout(option: &Opt<Expr>, errors: &mut Errors) -> Option<Life> {
    let words = Words {
        seconds: 2,
        text: "200ms",
        texts: "\"200ms\", \"2s\" or \"1m 30s\"",
        zero: "no call would wait",
        unit: "the timers' smallest",
    };
    time(option, &words, errors)
}

fn time(option: &Opt<Expr>, words: &Words, errors: &mut Errors) -> Option<Life> {
    let key = &option.key;
    let value = &option.value;
    let Words { seconds: example, text, texts, .. } = words;
    let help =
        format!("write whole seconds (`{key} = {example}`) or a duration (`{key} = {text:?}`)");
    let duration = match literal(value) {
        None if is_negative(value) => {
            errors.on(value, format!("`{key}` is less than nothing: {help}"));
            return None;
        }
        None if is_arithmetic(value) => {
            errors.on(
                value,
                format!(
                    "an expression is a `Duration`, not a number of seconds: write \
                     `{key} = Duration::from_secs(…)`, or one literal"
                ),
            );
            return None;
        }
        None => return Some(Life::Expr(value.clone())),
        Some(Lit::Int(number)) => seconds(number, &key.to_string(), errors)?,
        Some(Lit::Str(text)) => match humantime::parse_duration(text.value().trim()) {
            Ok(duration) => duration,
            Err(error) => {
                let text = text.value();
                let why = if text.trim().is_empty() {
                    "is empty".to_owned()
                } else if text.trim().bytes().all(|b| b.is_ascii_digit()) {
                    "has no unit".to_owned()
                } else {
                    format!("is not a duration ({error})")
                };
                errors.on(
                    value,
                    format!(
                        "`{text:?}` {why}: write one such as {texts}, or whole seconds without \
                         quotes"
                    ),
                );
                return None;
            }
        },
        Some(Lit::Float(number)) => {
            errors.on(
                value,
                format!("`{number}` is not whole seconds: {help}, or `{key} = \"1500ms\"`"),
            );
            return None;
        }
        Some(_) => {
            errors.on(value, format!("`{key}` is a time: {help}"));
            return None;
        }
    };
    check_range(duration, option, words, errors).then_some(Life::Fixed(duration))
}

fn seconds(number: &LitInt, key: &str, errors: &mut Errors) -> Option<Duration> {
    let suffix = number.suffix();
    if !suffix.is_empty() {
        let digits = number.base10_digits();
        let help = if ["s", "m", "h", "d", "ms", "min", "sec", "days"].contains(&suffix) {
            format!("a duration with a unit is a string: write `{key} = \"{digits}{suffix}\"`")
        } else {
            format!("write `{key} = {digits}`, which is seconds")
        };
        errors.at(number.span(), help);
        return None;
    }
    match number.base10_parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(Duration::MAX),
    }
}

fn check_range(duration: Duration, option: &Opt<Expr>, words: &Words, errors: &mut Errors) -> bool {
    let key = &option.key;
    let Words { zero, unit, .. } = words;
    let message = if duration.is_zero() {
        format!("`{key}` is zero, so {zero}: write at least one millisecond, or remove the option")
    } else if duration < Duration::from_millis(1) {
        format!("`{key}` is less than a millisecond, {unit} unit: write `{key} = \"1ms\"` or more")
    } else if duration > LONGEST {
        format!("`{key}` is more than ten years (a number counts seconds): write less")
    } else {
        return true;
    };
    errors.on(&option.value, message);
    false
}

pub(crate) fn version(option: &Opt<Expr>, errors: &mut Errors) -> Option<u64> {
    let value = match literal(&option.value) {
        Some(Lit::Int(number)) if number.suffix().is_empty() => number.base10_parse().ok(),
        _ => None,
    };
    if value.is_none() {
        errors.on(
            &option.value,
            "`version` is an unsigned whole number, without quotes: write `version = 2`",
        );
    }
    value
}

pub(crate) fn jitter(option: &Opt<Expr>, errors: &mut Errors) -> Option<f64> {
    let value = match literal(&option.value) {
        Some(Lit::Float(number)) if number.suffix().is_empty() => number.base10_parse::<f64>().ok(),
        Some(Lit::Int(number)) if number.suffix().is_empty() => number.base10_parse::<f64>().ok(),
        _ => None,
    };
    let value = value.filter(|share| *share > 0.0 && *share <= 1.0);
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
    let value = match literal(expr) {
        None if !is_negative(expr) => return Some(expr.to_token_stream()),
        Some(Lit::Float(number)) if number.suffix().is_empty() => number.base10_parse::<f64>().ok(),
        Some(Lit::Int(number)) if number.suffix().is_empty() => number.base10_parse::<f64>().ok(),
        _ => None,
    };
    let value = value.filter(|beta| *beta > 0.0 && beta.is_finite());
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
        Some(Lit::Int(number)) if number.suffix().is_empty() => number.base10_parse().ok(),
        Some(Lit::Str(text)) => parse_size(&text.value()),
        _ => None,
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
