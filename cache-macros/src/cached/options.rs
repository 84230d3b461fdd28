//! The syntax of `#[redis_cache(...)]`: which options there are and what follows each. What the
//! values mean is judged in `check`.

use crate::shared::errors::Errors;
use crate::shared::suggest::{did_you_mean, list, nearest};
use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Path, Token, Type};

/// An option with its key, so that errors about the combination can point at it.
#[derive(Debug)]
pub(crate) struct Opt<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

#[derive(Debug, Default)]
pub(crate) struct Args {
    pub(crate) ttl: Option<Opt<Expr>>,
    pub(crate) ttl_setting: Option<Opt<Expr>>,
    pub(crate) ttl_with: Option<Opt<Expr>>,
    pub(crate) key: Option<Opt<Expr>>,
    pub(crate) skip: Option<Opt<Vec<Ident>>>,
    pub(crate) version: Option<Opt<Expr>>,
    pub(crate) jitter: Option<Opt<Expr>>,
    pub(crate) none_ttl: Option<Opt<Expr>>,
    pub(crate) cache_if: Option<Opt<Expr>>,
    pub(crate) max_size: Option<Opt<Expr>>,
    pub(crate) stale_while_revalidate: Option<Opt<Expr>>,
    pub(crate) stale_if_error: Option<Opt<Expr>>,
    /// Without a value: the usual one.
    pub(crate) early_refresh: Option<Opt<Option<Expr>>>,
    pub(crate) soft_timeout: Option<Opt<Expr>>,
    pub(crate) hard_timeout: Option<Opt<Expr>>,
    pub(crate) single_flight: Option<Opt<Expr>>,
    pub(crate) codec: Option<Opt<Type>>,
    pub(crate) cache: Option<Opt<Expr>>,
    pub(crate) entry: Option<Opt<Expr>>,
    pub(crate) krate: Option<Opt<Path>>,
    /// Every option but `key` and `crate`, in the order and with the value as written.
    pub(crate) written: Vec<(String, String)>,
}

/// Each option, and how it looks when it is right.
const OPTIONS: [(&str, &str); 20] = [
    ("ttl", "ttl = 300"),
    ("ttl_setting", "ttl_setting = \"dashboard\""),
    ("ttl_with", "ttl_with = |value| value.lifetime()"),
    ("key", "key = \"user:{id}\""),
    ("skip", "skip(db)"),
    ("version", "version = 2"),
    ("jitter", "jitter = 0.1"),
    ("none_ttl", "none_ttl = 5"),
    ("cache_if", "cache_if = |value| value.is_complete()"),
    ("max_size", "max_size = \"1mb\""),
    ("stale_while_revalidate", "stale_while_revalidate = \"30s\""),
    ("stale_if_error", "stale_if_error = \"1h\""),
    ("early_refresh", "early_refresh = 1.0"),
    ("soft_timeout", "soft_timeout = \"200ms\""),
    ("hard_timeout", "hard_timeout = \"2s\""),
    ("single_flight", "single_flight = \"process\""),
    ("codec", "codec = MessagePack"),
    ("cache", "cache = self.cache"),
    ("entry", "entry = false"),
    ("crate", "crate = my_crate::cache_runtime"),
];

/// What other libraries call our options.
const ELSEWHERE: [(&str, &str); 14] = [
    ("time", "ttl"),
    ("expire", "ttl"),
    ("expires", "ttl"),
    ("expiry", "ttl"),
    ("expiration", "ttl"),
    ("name", "key"),
    ("template", "key"),
    ("ignore", "skip"),
    ("exclude", "skip"),
    ("condition", "cache_if"),
    ("when", "cache_if"),
    ("serializer", "codec"),
    ("timeout", "hard_timeout"),
    ("xfetch", "early_refresh"),
];

/// Whether `#[redis_cache]` knows it.
pub(crate) fn is_option(name: &str) -> bool {
    OPTIONS.iter().any(|(known, _)| *known == name)
}

fn example(option: &str) -> &'static str {
    OPTIONS.iter().find(|(name, _)| *name == option).map_or("", |(_, example)| example)
}

/// Reads the options; one that cannot be read is an error, and the next one is read all the same.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Args {
    let mut args = Args::default();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = args.parse_option(input, errors) {
                errors.push(error);
                skip_option(input);
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push(error);
    }
    args
}

impl Args {
    fn parse_option(&mut self, input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(not_an_option(input));
        }
        let key = input.call(Ident::parse_any)?;
        let name = key.unraw().to_string();
        if !is_option(&name) {
            return Err(unknown_option(&key, &name));
        }
        let before = input.cursor();
        match name.as_str() {
            "skip" => {
                let value = parse_skip(&key, input)?;
                set(&mut self.skip, key, value, errors);
            }
            "early_refresh" => {
                let is_bare = input.is_empty() || input.peek(Token![,]);
                let value =
                    if is_bare { None } else { Some(after_equals(&key, input, Expr::parse)?) };
                set(&mut self.early_refresh, key, value, errors);
            }
            "codec" => {
                let value = after_equals(&key, input, Type::parse)?;
                set(&mut self.codec, key, value, errors);
            }
            "crate" => {
                let value = after_equals(&key, input, Path::parse_mod_style)?;
                set(&mut self.krate, key, value, errors);
            }
            _ => {
                let value = after_equals(&key, input, Expr::parse)?;
                set(self.slot(&name), key, value, errors);
            }
        }
        if !matches!(name.as_str(), "key" | "crate") {
            self.written.push((name.clone(), text_between(before, input)));
        }
        if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
            let comma_forgotten = input.peek(Ident::peek_any);
            let is_called = name == "codec" && input.peek(syn::token::Paren);
            let message = if is_called { CODEC } else { "expected `,` before the next option" };
            errors.push(input.error(message));
            if !comma_forgotten {
                skip_option(input);
            }
        }
        Ok(())
    }

    /// Where the option `name`, whose value is an expression, is kept.
    fn slot(&mut self, name: &str) -> &mut Option<Opt<Expr>> {
        match name {
            "ttl" => &mut self.ttl,
            "ttl_setting" => &mut self.ttl_setting,
            "ttl_with" => &mut self.ttl_with,
            "version" => &mut self.version,
            "jitter" => &mut self.jitter,
            "none_ttl" => &mut self.none_ttl,
            "cache_if" => &mut self.cache_if,
            "max_size" => &mut self.max_size,
            "stale_while_revalidate" => &mut self.stale_while_revalidate,
            "stale_if_error" => &mut self.stale_if_error,
            "soft_timeout" => &mut self.soft_timeout,
            "hard_timeout" => &mut self.hard_timeout,
            "single_flight" => &mut self.single_flight,
            "cache" => &mut self.cache,
            "entry" => &mut self.entry,
            _ => &mut self.key,
        }
    }
}

fn set<T>(slot: &mut Option<Opt<T>>, key: Ident, value: T, errors: &mut Errors) {
    if slot.is_some() {
        errors.at(key.span(), format!("`{key}` is given twice: remove one of them"));
    } else {
        *slot = Some(Opt { key, value });
    }
}

fn after_equals<T>(
    key: &Ident,
    input: ParseStream<'_>,
    value: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let example = example(&key.to_string());
    let needs_value = format!("`{key}` needs a value: write `{example}`");
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(key.span(), needs_value));
    }
    if !input.peek(Token![=]) || input.peek(Token![==]) {
        let message = format!("expected `=` after `{key}`: write `{example}`");
        let in_parentheses = input.peek(syn::token::Paren);
        let span = if in_parentheses { key.span() } else { input.span() };
        return Err(syn::Error::new(span, message));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(key.span(), needs_value));
    }
    let start = input.span();
    value(input).map_err(|error| match key.to_string().as_str() {
        "codec" => syn::Error::new(start, CODEC),
        "crate" => syn::Error::new(
            start,
            "`crate` is the path of the runtime, without quotes: \
             write `crate = my_crate::cache_runtime`",
        ),
        // It would be an error about the whole attribute.
        _ if input.is_empty() => {
            let message = format!("the value of `{key}` ends too soon: write `{example}`");
            syn::Error::new(start, message)
        }
        _ => error,
    })
}

const CODEC: &str = "`codec` is a type, such as `Json`, `MessagePack` or `Postcard`, without \
                     quotes or parentheses: write `codec = MessagePack`";

fn parse_skip(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    const HELP: &str = "`skip` is a list of whole arguments, `self` or type parameters: write \
                        `skip(db, token)`";
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(key.span(), HELP));
    }
    let list = input.parse::<Group>()?;
    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    let names = (|input: ParseStream<'_>| names(input, Ident::parse_any))
        .parse2(list.stream())
        .map_err(|error| syn::Error::new(error.span(), HELP))?;
    if names.is_empty() {
        let message = "`skip()` skips nothing: name an argument, or remove it";
        return Err(syn::Error::new(list.span(), message));
    }
    Ok(names.into_iter().collect())
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

fn unknown_option(key: &Ident, name: &str) -> syn::Error {
    let names = || OPTIONS.iter().map(|(name, _)| *name);
    let synonym = ELSEWHERE.iter().find(|(theirs, _)| *theirs == name);
    let suggestion = match (nearest(name, names()), synonym) {
        (None, Some((_, ours))) => format!("; did you mean `{ours}`?"),
        _ => did_you_mean(name, names()),
    };
    let expected = list(names());
    syn::Error::new(
        key.span(),
        if suggestion.is_empty() {
            format!("unknown option `{name}`; expected one of {expected}")
        } else {
            format!("unknown option `{name}`{suggestion} (expected one of {expected})")
        },
    )
}

/// Goes on behind the next comma that an option follows.
fn skip_option(input: ParseStream<'_>) {
    while !input.is_empty() {
        if input.parse::<Option<Token![,]>>().is_ok_and(|comma| comma.is_some()) {
            let next_is_option = input.peek(Ident::peek_any)
                && (input.peek2(Token![=])
                    || input.peek2(Token![,])
                    || input.peek2(syn::token::Paren));
            if input.is_empty() || next_is_option {
                return;
            }
        } else if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

/// The tokens since `before` as one would write them, without `=`, parentheses or quotes.
fn text_between(before: syn::buffer::Cursor<'_>, input: ParseStream<'_>) -> String {
    let mut cursor = before;
    let mut tokens = Vec::new();
    while cursor != input.cursor()
        && let Some((tree, rest)) = cursor.token_tree()
    {
        tokens.push(tree);
        cursor = rest;
    }
    match tokens.as_slice() {
        [TokenTree::Group(group)] => tidy(&group.stream().to_string()),
        [TokenTree::Punct(_), TokenTree::Literal(literal)] => match Lit::new(literal.clone()) {
            Lit::Str(text) => text.value(),
            _ => literal.to_string(),
        },
        [_, value @ ..] => tidy(&value.iter().cloned().collect::<TokenStream>().to_string()),
        [] => String::new(),
    }
}

fn tidy(tokens: &str) -> String {
    let mut text = tokens.to_owned();
    for (loose, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (" < ", "<"),
        (" >", ">"),
        ("& ", "&"),
        ("| ", "|"),
        (" |", "|"),
        (" ;", ";"),
        (" !", "!"),
        (" ?", "?"),
    ] {
        text = text.replace(loose, tight);
    }
    text
}
