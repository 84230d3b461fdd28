//! The options of an attribute: one row of a table for each.
//!
//! All that depends on which options there are comes from the table: what is parsed, what messages
//! say, which options exclude each other, and the table in the documentation.

use crate::shared::errors::Errors;
use crate::shared::option::ValueParser;
use crate::shared::suggest::list;
use crate::shared::tokens::{text_of, value_as_text};
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::parse::ParseStream;

/// Parses what follows an option's name.
type Parse<O> = fn(&mut O, &mut ValueParser<'_>) -> syn::Result<()>;

/// All that is known of one option, whose value is kept in an `O`.
#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "a test writes the documentation"))]
pub(crate) struct Row<O> {
    pub(crate) name: &'static str,
    /// How it looks when it is right. Messages say: write this.
    pub(crate) example: &'static str,
    /// All the ways to write it, for the documentation; empty where the example is the only one.
    pub(crate) forms: &'static str,
    /// What it is for, in the documentation.
    pub(crate) meaning: &'static str,
    /// What holds without it, in the documentation.
    pub(crate) without: &'static str,
    /// What other libraries call it.
    pub(crate) also_called: &'static [&'static str],
    /// An option of an earlier row that cannot stand beside it, and what the two of them do.
    pub(crate) excludes: &'static [(&'static str, &'static str)],
    /// Whether the body may outlive its caller because of it.
    pub(crate) in_background: bool,
    /// Parses what follows the name.
    pub(crate) parse: Parse<O>,
}

impl<O> Row<O> {
    /// What a row does not say of its option.
    pub(crate) const DEFAULT: Self = Self {
        name: "",
        example: "",
        forms: "",
        meaning: "",
        without: "",
        also_called: &[],
        excludes: &[],
        in_background: false,
        parse: |_, _| Ok(()),
    };

    /// The option that every attribute has.
    pub(crate) const fn krate(parse: Parse<O>) -> Self {
        Self {
            name: "crate",
            example: "crate = my_crate::cache_runtime",
            forms: "`crate = path`",
            meaning: "the path of the runtime crate, if it is renamed or re-exported",
            without: "`::cache_runtime`",
            parse,
            ..Self::DEFAULT
        }
    }
}

pub(crate) fn row<O>(table: &'static [Row<O>], name: &str) -> Option<&'static Row<O>> {
    table.iter().find(|row| row.name == name)
}

/// The option that other libraries call so, however they write it: `TimeToLive` is `time_to_live`.
pub(crate) fn called_elsewhere<O>(table: &'static [Row<O>], name: &str) -> Option<&'static Row<O>> {
    table.iter().find(|row| row.also_called.iter().any(|other| is_alike(other, name)))
}

/// Whether two names differ in case and in `_` alone.
pub(crate) fn is_alike(one: &str, other: &str) -> bool {
    let letters = |name: &str| name.replace('_', "").to_lowercase();
    letters(one) == letters(other)
}

pub(crate) fn names<O>(table: &'static [Row<O>]) -> impl Iterator<Item = &'static str> {
    table.iter().map(|row| row.name)
}

/// "`ttl`, `key`, …", as messages list what is expected.
pub(crate) fn expected<O>(table: &'static [Row<O>]) -> String {
    list(names(table))
}

/// An option that was given, be its value right or wrong.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) name: Ident,
    /// What follows the name.
    pub(crate) tokens: TokenStream,
}

/// The options that were given, as written and in their order.
#[derive(Debug, Default)]
pub(crate) struct AllGiven(Vec<Given>);

impl AllGiven {
    pub(crate) fn get(&self, name: &str) -> Option<&Given> {
        self.0.iter().find(|given| text_of(&given.name) == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Given> {
        self.0.iter()
    }

    /// Names and values, as the user would write the values.
    pub(crate) fn as_text(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|given| (text_of(&given.name), value_as_text(&given.tokens)))
    }

    /// Parses what follows `name` into `options`, by the option's row.
    pub(crate) fn parse<O: Default>(
        &mut self,
        row: &'static Row<O>,
        name: Ident,
        options: &mut O,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        let before = input.cursor();
        let is_repeated = self.has(row.name);
        let mut ignored = O::default();
        let options = if is_repeated { &mut ignored } else { options };
        if is_repeated {
            errors.at(name.span(), format!("`{name}` is given twice: remove one of them"));
        }
        let mut parser = ValueParser { name: name.clone(), example: row.example, input, errors };
        let result = (row.parse)(options, &mut parser);
        if !is_repeated {
            self.0.push(Given { name, tokens: tokens_between(before, input) });
        }
        result
    }
}

fn tokens_between(before: syn::buffer::Cursor<'_>, input: ParseStream<'_>) -> TokenStream {
    let mut cursor = before;
    let mut tokens: Vec<TokenTree> = Vec::new();
    while cursor != input.cursor()
        && let Some((tree, rest)) = cursor.token_tree()
    {
        tokens.push(tree);
        cursor = rest;
    }
    tokens.into_iter().collect()
}

/// Two options that exclude each other are an error at the later row's.
pub(crate) fn check_exclusions<O>(table: &'static [Row<O>], given: &AllGiven, errors: &mut Errors) {
    for row in table {
        let Some(this) = given.get(row.name) else { continue };
        if let Some((other, why)) = row.excludes.iter().find(|(other, _)| given.has(other)) {
            let message = format!("`{other}` and `{}` {why}: remove one of them", row.name);
            errors.at(this.name.span(), message);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::shared::errors::{Collected, collect};
    use std::path::Path;
    use syn::ext::IdentExt;

    /// What holds for every table: its rows are complete, and what they show can be read.
    pub(crate) fn check_table<O: Default>(table: &'static [Row<O>]) {
        for (at, row) in table.iter().enumerate() {
            let name = row.name;
            assert!(row.example.starts_with(name), "the example of `{name}`");
            assert!(!row.meaning.is_empty(), "the meaning of `{name}`");
            for (other, _) in row.excludes {
                assert!(names(&table[..at]).any(|earlier| earlier == *other), "{name}, {other}");
            }
            let parse = |input: ParseStream<'_>| {
                let collected = collect(|errors| {
                    let option = input.call(Ident::parse_any)?;
                    let mut given = AllGiven::default();
                    given.parse(row, option, &mut O::default(), input, errors)
                });
                match collected {
                    Collected::Good(result) => result,
                    Collected::Mistaken { report, .. } => panic!("the example of {name}: {report}"),
                }
            };
            if let Err(error) = syn::parse::Parser::parse_str(parse, row.example) {
                panic!("the example of `{name}`: {error}");
            }
        }
    }

    /// The documentation's table of options.
    pub(crate) fn documentation<O>(table: &[Row<O>]) -> String {
        let mut text = String::from("| option | meaning | without it |\n|---|---|---|\n");
        for row in table {
            let example = format!("`{}`", row.example);
            let forms = if row.forms.is_empty() { &example } else { row.forms };
            let line = format!("| {forms} | {} | {} |\n", row.meaning, row.without);
            text += &line.replace("|  |", "| |");
        }
        text
    }

    /// `file` is what `write` makes of it; `DOCS=overwrite` writes it anew.
    pub(crate) fn check_file(file: &str, write: impl FnOnce(&str) -> String) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let new = write(&old);
        if std::env::var_os("DOCS").is_some_and(|mode| mode == "overwrite") {
            std::fs::write(&path, new).unwrap();
        } else {
            assert!(old == new, "{path:?} is old: run the tests with DOCS=overwrite");
        }
    }
}
