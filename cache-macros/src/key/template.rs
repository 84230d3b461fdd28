//! Key templates: `user:{id}:{email:hash}`. Text in, parts out; nothing here knows the function.

use crate::key::text::{forbidden_text, why_forbidden};
use crate::key::transform::{Transform, parse_transform};

/// What a template is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Text that every key has, braces unescaped.
    Text(String),
    /// What a call fills in.
    Placeholder(Placeholder),
}

/// `{root.field.field:transform}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    /// An argument, a type or const parameter, `self` or `Self`; without `r#`.
    pub(crate) root: String,
    /// `.name` and `.0`, outermost first.
    pub(crate) fields: Vec<String>,
    pub(crate) transform: Option<Transform>,
    /// As written, with its braces.
    pub(crate) written: String,
}

/// The characters between which arguments stay apart, since arguments always encode them.
const SEPARATORS: [char; 3] = [':', '/', '|'];

/// What people write for an argument that may be anything.
pub(super) fn left_open(text: &str) -> Option<&'static str> {
    let is_part = |part: &str| text.split(SEPARATORS).any(|own| own == part);
    let holes = [("*", text.contains('*')), ("{_}", is_part("{_}")), ("_", is_part("_"))];
    holes.into_iter().find(|(_, is_there)| *is_there).map(|(hole, _)| hole)
}

/// Whether a placeholder is empty, which is a mistake of every template that has one.
pub(crate) fn names_nothing(template: &str) -> bool {
    template.replace("{{", "").contains("{}")
}

/// Reads a template. Every mistake in it is one message; with a mistake the parts are those that
/// could be read.
pub(crate) fn parse(template: &str) -> (Vec<Part>, Vec<String>) {
    let mut parser = Parser::default();
    parser.run(template);
    let Parser { parts, mut mistakes, .. } = parser;
    if mistakes.is_empty() {
        if template.trim().is_empty() {
            mistakes.push(
                "the key template is empty: write text and arguments, such as \"user:{id}\", \
                 or leave `key` out for the default key"
                    .into(),
            );
        }
        check_separators(&parts, &mut mistakes);
    }
    (parts, mistakes)
}

#[derive(Default)]
struct Parser {
    parts: Vec<Part>,
    text: String,
    mistakes: Vec<String>,
    /// Where in `parts` and `text` the open hash tag began.
    open_tag: Option<(usize, usize)>,
    tags: usize,
    /// Tags that were opened inside of the open one; each is a mistake already.
    nested: usize,
    /// Text that keys cannot hold.
    forbidden: Vec<char>,
}

impl Parser {
    fn run(&mut self, template: &str) {
        let mut rest = template;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("{{") {
                self.open_tag();
                rest = after;
            } else if let Some(after) = rest.strip_prefix("}}") {
                self.close_tag();
                rest = after;
            } else if c == '{' {
                let Some((inside, after)) = rest.get(1..).and_then(|rest| rest.split_once('}'))
                else {
                    self.mistakes.push(format!(
                        "`{rest}` opens a placeholder that nothing closes: add `}}`, \
                         or write `{{{{` for a literal brace"
                    ));
                    break;
                };
                self.placeholder(inside);
                rest = after;
            } else {
                if c == '}' {
                    self.mistakes.push(
                        "a `}` closes nothing: remove it, or write `}}` for a literal brace".into(),
                    );
                } else {
                    self.literal(c);
                }
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
        if self.open_tag.is_some() {
            self.mistakes.push(
                "`{{` begins a cluster hash tag that nothing ends: add `}}` \
                 (a placeholder has single braces)"
                    .into(),
            );
        }
        self.flush();
        self.mistakes.extend(forbidden_text(std::mem::take(&mut self.forbidden)));
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.text)));
        }
    }

    fn literal(&mut self, c: char) {
        if why_forbidden(c).is_none() {
            self.text.push(c);
        } else if !self.forbidden.contains(&c) {
            self.forbidden.push(c);
        }
    }

    // Redis Cluster hashes what stands between the first `{` and the next `}`, so a second pair
    // would be text that looks like a tag and is none.
    fn open_tag(&mut self) {
        if self.open_tag.is_some() {
            self.mistakes.push(
                "`{{` inside of a cluster hash tag: tags do not nest, remove one pair".into(),
            );
            self.nested += 1;
            return;
        }
        self.tags += 1;
        if self.tags > 1 {
            self.mistakes.push(
                "a key has one cluster hash tag at most: remove the second pair of `{{` and `}}`"
                    .into(),
            );
        }
        self.open_tag = Some((self.parts.len(), self.text.len()));
        self.text.push('{');
    }

    fn close_tag(&mut self) {
        if self.nested > 0 {
            self.nested -= 1;
            return;
        }
        match self.open_tag.take() {
            None => self.mistakes.push(
                "`}}` ends a cluster hash tag that nothing begins: write `{{` before it \
                 (a placeholder has single braces)"
                    .into(),
            ),
            Some((parts, text)) if parts == self.parts.len() && text + 1 == self.text.len() => {
                self.mistakes.push(
                    "the cluster hash tag `{{}}` is empty: put what keys of one slot share \
                     between the braces, such as `{{{id}}}`, or remove it"
                        .into(),
                );
            }
            Some(_) => self.text.push('}'),
        }
    }

    fn placeholder(&mut self, inside: &str) {
        self.flush();
        let written = format!("{{{inside}}}");
        let (path, transform) = match inside.split_once(':') {
            Some((path, transform)) => (path, Some(transform)),
            None => (inside, None),
        };
        let mut names = path.split('.').map(|name| name.strip_prefix("r#").unwrap_or(name));
        let root = names.next().unwrap_or_default();
        if path.is_empty() {
            self.mistakes.push(format!(
                "`{written}` names nothing: write an argument between the braces, such as `{{id}}`"
            ));
            return;
        }
        let fields: Vec<String> = names.map(String::from).collect();
        let is_tuple_index =
            |name: &String| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
        if !is_name(root) || !fields.iter().all(|name| is_name(name) || is_tuple_index(name)) {
            self.mistakes.push(format!(
                "`{written}` is not an argument: a placeholder is a name and fields of it, \
                 such as `{{id}}`, `{{user.id}}` or `{{pair.0}}`, then perhaps `:` and a \
                 transform; compute anything else before the call"
            ));
            return;
        }
        let transform = match transform.map(|text| parse_transform(text, path)) {
            None => None,
            Some(Ok(transform)) => Some(transform),
            Some(Err(mistake)) => {
                self.mistakes.push(format!("`{written}`: {mistake}"));
                return;
            }
        };
        self.parts.push(Part::Placeholder(Placeholder {
            root: root.to_owned(),
            fields,
            transform,
            written,
        }));
    }
}

fn is_name(text: &str) -> bool {
    text != "_"
        && (syn::parse_str::<syn::Ident>(&format!("r#{text}")).is_ok()
            || ["self", "Self", "crate", "super"].contains(&text))
}

// Without a separator that arguments always encode, `("1", "23")` and `("12", "3")` would be one
// key. `-`, `_` and `.` stay as they are in arguments, so they do not separate.
fn check_separators(parts: &[Part], mistakes: &mut Vec<String>) {
    let mut last: Option<&Placeholder> = None;
    let mut between = "";
    for part in parts {
        match part {
            Part::Text(text) => between = text,
            Part::Placeholder(placeholder) => {
                if let Some(last) = last
                    && !between.contains(SEPARATORS)
                {
                    let (a, b) = (&last.written, &placeholder.written);
                    let between = between.replace('{', "{{").replace('}', "}}");
                    mistakes.push(format!(
                        "`{a}{between}{b}`: two calls could share this key, since nothing \
                         between the placeholders tells where one ends: put `:`, `/` or `|` \
                         there, as in `{a}:{b}`"
                    ));
                }
                last = Some(placeholder);
                between = "";
            }
        }
    }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
