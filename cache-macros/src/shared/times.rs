//! The values of options that are times: how long values live, and how long calls wait.

use crate::shared::errors::Errors;
use crate::shared::option::Raw;
use crate::shared::values::{bare, is_negative, literal};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use std::time::Duration;
use syn::{Expr, ExprLit, Lit, LitInt};

/// Longer than this is a mistake of the unit.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

/// A time as an option gives it.
#[derive(Debug)]
pub(crate) enum Time {
    Fixed(Duration),
    Expr(Expr),
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
pub(crate) fn life(option: &Raw, errors: &mut Errors) -> Option<Time> {
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
pub(crate) fn timeout(option: &Raw, errors: &mut Errors) -> Option<Time> {
    let words = Words {
        seconds: 2,
        text: "200ms",
        texts: "\"200ms\", \"2s\" or \"1m 30s\"",
        zero: "no call would wait",
        unit: "the timers' smallest",
    };
    time(option, &words, errors)
}

fn time(option: &Raw, words: &Words, errors: &mut Errors) -> Option<Time> {
    let key = &option.name;
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
        None => return Some(Time::Expr(value.clone())),
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
    check_range(duration, option, words, errors).then_some(Time::Fixed(duration))
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

fn check_range(duration: Duration, option: &Raw, words: &Words, errors: &mut Errors) -> bool {
    let key = &option.name;
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

/// Arithmetic on literals, such as `5 * 60`, which is no `Duration`.
fn is_arithmetic(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Binary(binary) => is_arithmetic(&binary.left) && is_arithmetic(&binary.right),
        Expr::Lit(ExprLit { lit: Lit::Int(_), .. }) => true,
        _ => false,
    }
}

/// Calls whose type may be whatever is expected of them.
const GENERIC: &[&str] = &[
    "default",
    "expect",
    "from",
    "into",
    "parse",
    "product",
    "sum",
    "try_into",
    "unwrap",
    "unwrap_or_default",
    "unwrap_or_else",
];

/// Whether the compiler may need to know that a `Duration` is expected, as for `setting.into()`. Any
/// other expression has a type by itself, which can be asked.
pub(crate) fn is_inferred(expr: &Expr) -> bool {
    let is_generic = |name: &Ident| GENERIC.iter().any(|generic| name == generic);
    match bare(expr) {
        Expr::Path(_) | Expr::Field(_) | Expr::Index(_) | Expr::Cast(_) | Expr::Lit(_) => false,
        Expr::Binary(_) | Expr::Unary(_) | Expr::Reference(_) => false,
        Expr::MethodCall(call) => is_generic(&call.method),
        Expr::Call(call) => match &*call.func {
            Expr::Path(function) => {
                function.path.segments.last().is_none_or(|last| is_generic(&last.ident))
            }
            _ => true,
        },
        _ => true,
    }
}

/// The code of a duration.
pub(crate) fn duration(duration: Duration) -> TokenStream {
    let (secs, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote_spanned!(Span::mixed_site()=> ::core::time::Duration::new(#secs, #nanos))
}
