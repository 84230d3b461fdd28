//! Values that more than one option has: text, numbers, functions, caches. Each answers what was
//! meant, or says what to write; [`times`](crate::shared::times) does that for durations.

use crate::shared::errors::Errors;
use crate::shared::option::Raw;
use std::str::FromStr;
use syn::spanned::Spanned;
use syn::{Expr, ExprArray, ExprLit, Lit, LitStr, UnOp};

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
pub(crate) fn number<N: FromStr<Err: std::fmt::Display>>(expr: &Expr) -> Option<N> {
    match literal(expr)? {
        Lit::Int(number) if number.suffix().is_empty() => number.base10_parse().ok(),
        Lit::Float(number) if number.suffix().is_empty() => number.base10_parse().ok(),
        _ => None,
    }
}

pub(crate) fn string(option: &Raw, errors: &mut Errors) -> Option<LitStr> {
    if let Some(Lit::Str(text)) = literal(&option.value) {
        return Some(text.clone());
    }
    let Raw { name, example, .. } = option;
    errors.on(&option.value, format!("`{name}` is a string literal: write `{example}`"));
    None
}

/// A list of templates, of what its option is named after.
pub(crate) fn templates(option: &Raw, errors: &mut Errors) -> Option<Vec<LitStr>> {
    let Raw { name, value, .. } = option;
    let help = templates_help(&name.to_string(), option.example);
    let Expr::Array(ExprArray { elems, .. }) = value else {
        errors.on(value, help);
        return None;
    };
    if elems.is_empty() {
        errors.on(value, format!("`{name} = []` names nothing: remove it"));
    }
    let mut literals = Vec::new();
    for elem in elems {
        match elem {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => literals.push(text.clone()),
            other => errors.on(other, &help),
        }
    }
    Some(literals)
}

/// What an option is that is a list of templates, such as `keys`.
pub(crate) fn templates_help(option: &str, example: &str) -> String {
    let what = option.strip_suffix('s').unwrap_or(option).replace('_', " ");
    format!("`{option}` is a list of {what} templates: write `{example}`")
}

/// A path or a closure that looks at the value alone.
pub(crate) fn function(option: &Raw, errors: &mut Errors) -> Option<Expr> {
    let Raw { name, value, example } = option;
    match bare(value) {
        Expr::Path(_) => return Some(value.clone()),
        Expr::Closure(closure) if closure.asyncness.is_some() => {
            errors.on(value, format!("`{name}` is not awaited: write a closure without `async`"));
        }
        Expr::Closure(closure) if closure.inputs.len() != 1 => {
            errors.on(
                value,
                format!("`{name}` takes one argument, a reference to the value: write `{example}`"),
            );
        }
        Expr::Closure(_) => return Some(value.clone()),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.parse::<syn::Path>().is_ok() => {
            let path = text.value();
            errors.on(
                value,
                format!("`{name}` is a function, without quotes: write `{name} = {path}`"),
            );
        }
        _ => errors.on(
            value,
            format!("`{name}` is the path of a function, or a closure: write `{example}`"),
        ),
    }
    None
}

pub(crate) fn boolean(option: &Raw, errors: &mut Errors) -> Option<bool> {
    if let Some(Lit::Bool(value)) = literal(&option.value) {
        return Some(value.value);
    }
    let Raw { name, example, .. } = option;
    errors.on(&option.value, format!("`{name}` is `true` or `false`: write `{example}`"));
    None
}

/// An expression. A URL in quotes is what people try first.
pub(crate) fn cache(option: &Raw, errors: &mut Errors) -> Option<Expr> {
    let Raw { name, value, example } = option;
    if let Expr::Lit(literal) = value {
        errors.at(
            literal.span(),
            format!(
                "`{name}` is an expression of type `Cache`, such as a field or a static: write \
                 `{example}`"
            ),
        );
        return None;
    }
    Some(value.clone())
}
