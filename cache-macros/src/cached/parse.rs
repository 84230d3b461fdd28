//! Reads the options of `#[redis_cache(...)]` by their table.

use crate::cached::elsewhere;
use crate::cached::options::Options;
use crate::cached::options::table::TABLE;
use crate::key::template::names_nothing;
use crate::shared::errors::Errors;
use crate::shared::option::{names_in_parentheses, skip_option};
use crate::shared::suggest::did_you_mean;
use crate::shared::table::{AllGiven, called_elsewhere, expected, names, row};
use crate::shared::tokens::text_of;
use proc_macro2::{Ident, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Lit, LitInt, Token};

/// What the attribute on an `impl` or a trait tells those inside, and nobody writes: the number of their
/// function,
pub(super) const BESIDE: &str = "__beside";
/// and what makes their `Self` one of several types: the parameters of the `impl`, or `Self`.
pub(super) const OPEN: &str = "__open";

/// Tells that what follows are the options of the `impl` or trait that a method is in.
pub(super) const DEFAULTS: &str = "__defaults";

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
    if name == OPEN {
        options.open = names_in_parentheses(input)?;
        input.parse::<Token![,]>()?;
        return Ok(());
    }
    if name == DEFAULTS {
        options.defaults = Some(Vec::new());
        input.parse::<Token![,]>()?;
        return Ok(());
    }
    let Some(row) = row(TABLE, &text_of(&name)) else {
        if fills_a_placeholder(options, input) {
            skip_option(input); // what to write instead is said of the placeholder
            return Ok(());
        }
        return Err(unknown_option(&name));
    };
    options.defaults.iter_mut().for_each(|defaults| defaults.push(row.name));
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

/// Whether it is a value behind a template with `{}`, as `format!` takes them.
fn fills_a_placeholder(options: &Options, input: ParseStream<'_>) -> bool {
    let is_value = input.is_empty() || input.peek(Token![,]) || input.peek(Token![.]);
    is_value && options.key.as_ref().is_some_and(|key| names_nothing(&key.value()))
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

/// What there is instead is said alone: who reads it needs no list of all options.
fn unknown_option(name: &Ident) -> syn::Error {
    let unknown = text_of(name);
    let instead = if let Some(row) = called_elsewhere(TABLE, &unknown) {
        format!(": here it is `{}`, such as `{}`", row.name, row.example)
    } else if let Some(advice) = elsewhere::advice(&unknown) {
        format!(": {advice}")
    } else {
        match did_you_mean(&unknown, names(TABLE)) {
            none if none.is_empty() => format!("; expected one of {}", expected(TABLE)),
            meant => meant,
        }
    };
    syn::Error::new(name.span(), format!("unknown option `{unknown}`{instead}"))
}
