//! Functions of this program as they are written, for the page to show. The compiler takes them out of the files, so that
//! the page shows what runs, and a function that is renamed or moved ends the build.

use std::fmt::{self, Write};

/// One function and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub(super) file: &'static str,
    pub(super) name: &'static str,
    line: usize,
    /// Each ends with its line, if there are any.
    attributes: &'static str,
    function: &'static str,
}

/// The function `$name` of the file `$file` below `src`.
macro_rules! source {
    ($file:literal $name:literal) => {
        Source::find(concat!("src/", $file), include_str!(concat!("../", $file)), $name)
    };
}

/// Those that the page may show.
pub(super) const SOURCES: [Source; 13] = [
    source!("queries/categories.rs" "category_stats"),
    source!("queries/search.rs" "search"),
    source!("queries/top.rs" "top_products"),
    source!("queries/products.rs" "product"),
    source!("queries/products.rs" "set_price"),
    source!("routes/use_cache.rs" "use_cache"),
    source!("routes/compare.rs" "compare"),
    source!("routes/writes.rs" "set_price"),
    source!("routes/reads.rs" "categories"),
    source!("routes/reads.rs" "search"),
    source!("routes/reads.rs" "top"),
    source!("routes/status.rs" "status"),
    source!("routes/mod.rs" "operators"),
];

impl Source {
    /// Finds it among the functions that stand at the left margin of `text`, as rustfmt writes them.
    const fn find(file: &'static str, text: &'static str, name: &'static str) -> Self {
        let (mut at, mut line) = (0, 1);
        // Where attributes may begin: after a blank line or a comment.
        let (mut start, mut start_line) = (0, 1);
        while !is_function(text, at, name) {
            assert!(at < text.len(), "the file has no such function");
            let next = next_line(text, at);
            line += 1;
            if begins(text, at, "\n") || begins(text, at, "//") {
                (start, start_line) = (next, line);
            }
            at = next;
        }
        let mut end = at;
        while !begins(text, end, "}\n") {
            assert!(end < text.len(), "the function has no end");
            end = next_line(text, end);
        }
        let (text, _) = text.split_at(end + 1);
        let (text, function) = text.split_at(at);
        let (_, attributes) = text.split_at(start);
        Self { file, name, line: start_line, attributes, function }
    }
}

/// Whether the line that begins at `at` is the first of the function `name`.
const fn is_function(text: &str, mut at: usize, name: &str) -> bool {
    let mut words: &[&str] = &["pub ", "pub(super) ", "async ", "fn "];
    let mut is = false;
    while let [word, rest @ ..] = words {
        is = begins(text, at, word);
        if is {
            at += word.len();
        }
        words = rest;
    }
    is && begins(text, at, name) && begins(text, at + name.len(), "(")
}

/// Whether `part` stands at `at`.
const fn begins(text: &str, at: usize, part: &str) -> bool {
    let (mut text, mut part) = (text.split_at(at).1.as_bytes(), part.as_bytes());
    while let ([is, text_rest @ ..], [wanted, part_rest @ ..]) = (text, part) {
        if *is != *wanted {
            return false;
        }
        (text, part) = (text_rest, part_rest);
    }
    part.is_empty()
}

/// Where the line after that at `at` begins, or the text ends.
const fn next_line(text: &str, mut at: usize) -> usize {
    let mut bytes = text.split_at(at).1.as_bytes();
    while let [byte, rest @ ..] = bytes {
        at += 1;
        if *byte == b'\n' {
            break;
        }
        bytes = rest;
    }
    at
}

/// As HTML.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, name, line, attributes, function } = *self;
        write!(
            f,
            "<figure class=\"source\">\
             <figcaption><code>{name}</code> in <code>{file}</code>, line {line}</figcaption>\
             <div class=\"scroller\"><pre class=\"scroll\" tabindex=\"0\" role=\"group\" \
             aria-label=\"Source of {name} in {file}\"><code>"
        )?;
        if !attributes.is_empty() {
            write!(f, "<mark>{}</mark>", Escaped(attributes))?;
        }
        write!(f, "{}</code></pre></div></figure>", Escaped(function))
    }
}

/// Text as HTML.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            c => f.write_char(c),
        })
    }
}
