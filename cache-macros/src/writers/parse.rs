//! Reads `#[redis_invalidate(...)]` and `#[redis_put(...)]`: calls of cached functions, and options.

use crate::cached::block::defaults::{CACHE_OF_TEXTS, METHODS};
use crate::cached::options::table::TABLE;
use crate::shared::errors::Errors;
use crate::shared::option::names_in_parentheses;
use crate::shared::suggest::did_you_mean;
use crate::shared::table::{AllGiven, expected, names, row};
use crate::shared::tokens::text_of;
use crate::shared::values::templates_help;
use crate::writers::calls::{companion, not_by_key, not_many, not_on_condition, sign_for_a_hole};
use crate::writers::kind::Kind;
use crate::writers::model::Methods;
use crate::writers::options::{Options, table};
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Token};

/// Reads everything; what cannot be read is an error, and the next is read all the same.
pub(super) fn parse(kind: Kind, tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let mut given = AllGiven::default();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = parse_one(kind, &mut options, &mut given, input, errors) {
                errors.push(error);
                skip_to_comma(input);
            }
            if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
                errors.push(input.error(behind_a_call(kind, input)));
                skip_to_comma(input);
                let _ = input.parse::<Option<Token![,]>>();
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
    options
}

fn parse_one(
    kind: Kind,
    options: &mut Options,
    given: &mut AllGiven,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<()> {
    if input.fork().call(Ident::parse_any).is_ok_and(|name| name == METHODS) {
        input.call(Ident::parse_any)?;
        let cached = names_in_parentheses(input)?;
        options.methods = Some(Methods { cached, others: names_in_parentheses(input)? });
        return Ok(());
    }
    if is_option(kind, input) {
        let name = input.call(Ident::parse_any)?;
        if name == CACHE_OF_TEXTS {
            input.parse::<Token![=]>()?;
            options.cache_of_texts = Some(input.parse()?);
            return Ok(());
        }
        return match row(table(kind), &text_of(&name)) {
            Some(row) => given.parse(row, name, options, input, errors),
            None => Err(unknown_option(kind, &name)),
        };
    }
    // Of what is read in vain the parser would say that it ends too soon, beside what we say.
    let ahead = input.fork();
    let call: Expr = match ahead.parse() {
        Ok(call) => call,
        Err(error) => return Err(sign_for_a_hole(&input.fork()).unwrap_or(error)),
    };
    input.advance_to(&ahead);
    if kind == Kind::Put && !options.entries.is_empty() {
        let message = "`#[redis_put]` stores one value under one key: name what else changes in a \
                       `#[redis_invalidate(...)]` beside it";
        return Err(syn::Error::new_spanned(call, message));
    }
    options.entries.push(companion(kind, call)?);
    Ok(())
}

/// What is said of what stands where the comma behind a call or an option should.
fn behind_a_call(kind: Kind, input: ParseStream<'_>) -> &'static str {
    if input.peek(Token![for]) {
        not_many(kind)
    } else if input.peek(Token![if]) {
        not_on_condition(kind)
    } else {
        "expected `,`"
    }
}

/// `name = …`, or the name of an option alone, which lacks its value, or with another sign.
fn is_option(kind: Kind, input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    let Ok(name) = ahead.call(Ident::parse_any) else { return false };
    let has_value = ahead.peek(Token![=]) && !ahead.peek(Token![==]);
    let is_known = || row(table(kind), &text_of(&name)).is_some();
    let has_another_sign =
        ahead.peek(Token![==]) || (ahead.peek(Token![:]) && !ahead.peek(Token![::]));
    let lacks_value = ahead.is_empty() || ahead.peek(Token![,]) || has_another_sign;
    has_value || (lacks_value && is_known())
}

fn unknown_option(kind: Kind, name: &Ident) -> syn::Error {
    let unknown = text_of(name);
    if kind == Kind::Put
        && let Some(why) = why_not_for_a_put(&unknown)
    {
        return syn::Error::new(name.span(), why);
    }
    let table = table(kind);
    let instead = if let Some(row) = row(table, &format!("{unknown}s")) {
        format!("; {}", templates_help(row.name, row.example))
    } else if let Some((_, advice)) = ELSEWHERE.iter().find(|(names, _)| names.contains(&&*unknown))
    {
        format!(": {advice}")
    } else if row(TABLE, &unknown).is_some() {
        ": it is an option of the cached function, write it there".to_owned()
    } else {
        match did_you_mean(&unknown, names(table)) {
            none if none.is_empty() => format!(
                "; expected a call of a cached function, such as `get_user(id)`, or one of {}",
                expected(table)
            ),
            meant => meant,
        }
    };
    syn::Error::new(name.span(), format!("unknown option `{unknown}`{instead}"))
}

/// What other libraries have options for.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["pattern", "patterns", "match", "matching", "glob", "prefix", "key_prefix"],
        "many entries of a function are named by what their keys have in common: write `_` for each argument \
         that may be anything, such as `list(tenant, _)`",
    ),
    (
        &[
            "all",
            "all_entries",
            "entire",
            "clear",
            "function",
            "functions",
            "cache_name",
            "cache_names",
            "name",
        ],
        "all entries of a function are named by a call with `_` for each of its arguments, such as `list(_, _)`",
    ),
    (
        &["group", "groups", "surrogate_keys"],
        "what entries have in common beside their arguments is a tag: write `tags = [\"org:{org_id}\"]` here \
         and on the cached functions",
    ),
];

/// What `#[redis_put]` says to an option that other attributes have.
fn why_not_for_a_put(name: &str) -> Option<String> {
    match name {
        "key" | "keys" => Some(not_by_key(&format!("`{name}`"))),
        "tags" | "tags_with" => Some(format!(
            "`{name}` stands for many values, and this function returns one: name the cached \
             function that it is of, such as `#[redis_put(get_user(id))]`"
        )),
        _ if row(TABLE, name).is_some() => Some(format!(
            "`{name}` is an option of the cached function, whose options apply here too: write \
             it there"
        )),
        _ => None,
    }
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}
