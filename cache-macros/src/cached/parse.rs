//! Reads the options of `#[redis_cache(...)]` by their table.

use crate::cached::options::{Options, TABLE};
use crate::shared::errors::Errors;
use crate::shared::option::skip_option;
use crate::shared::suggest::{did_you_mean, nearest};
use crate::shared::table::{AllGiven, expected, names, row};
use crate::shared::tokens::text_of;
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Lit, LitInt, Token};

/// What the attribute on an `impl` tells those inside: the number of their function. Not for people.
pub(super) const BESIDE: &str = "__beside";

/// Reads the options; one that cannot be read is an error, and the next one is read all the same.
pub(super) fn parse(tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let mut given = AllGiven::default();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = parse_option(&mut options, &mut given, input, errors) {
                errors.push(error);
                skip_option(input);
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
    Options { given, ..options }
}

fn parse_option(
    options: &mut Options,
    given: &mut AllGiven,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<()> {
    if !input.peek(Ident::peek_any) {
        return Err(not_an_option(input));
    }
    let name = input.call(Ident::parse_any)?;
    if name == BESIDE {
        input.parse::<Token![=]>()?;
        options.beside = Some(input.parse::<LitInt>()?.base10_parse()?);
        input.parse::<Token![,]>()?;
        return Ok(());
    }
    let Some(row) = row(TABLE, &text_of(&name)) else { return Err(unknown_option(&name)) };
    given.parse(row, name, options, input, errors)?;
    if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
        let comma_forgotten = input.peek(Ident::peek_any);
        errors.push(input.error("expected `,` before the next option"));
        if !comma_forgotten {
            skip_option(input);
        }
    }
    Ok(())
}

/// What stands where an option should, said by what it looks like.
fn not_an_option(input: ParseStream<'_>) -> syn::Error {
    let message = match input.fork().parse::<Lit>() {
        Ok(Lit::Str(text)) => format!("expected an option: write `key = {:?}`", text.value()),
        Ok(Lit::Int(number)) => format!("expected an option: write `ttl = {number}`"),
        _ => "expected an option, such as `ttl = 300`".to_owned(),
    };
    input.error(message)
}

fn unknown_option(name: &Ident) -> syn::Error {
    let unknown = text_of(name);
    let elsewhere = TABLE.iter().find(|row| row.also_called.contains(&unknown.as_str()));
    let suggestion = match (nearest(&unknown, names(TABLE)), elsewhere) {
        (None, Some(row)) => format!("; did you mean `{}`?", row.name),
        _ => did_you_mean(&unknown, names(TABLE)),
    };
    let expected = expected(TABLE);
    let message = if suggestion.is_empty() {
        format!("unknown option `{unknown}`; expected one of {expected}")
    } else {
        format!("unknown option `{unknown}`{suggestion} (expected one of {expected})")
    };
    syn::Error::new(name.span(), message)
}
