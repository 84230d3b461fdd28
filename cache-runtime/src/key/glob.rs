//! Redis' glob patterns, byte by byte: `*`, `?`, `[a-c]`, `[^x]` and `\` before a special character.

/// `text` as a pattern that matches it alone.
pub(crate) fn escape(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Whether all of `text` matches `pattern`, as Redis' `SCAN … MATCH` would say.
///
/// Iterative, with one point to come back to: a later `*` makes every earlier one final. So the
/// worst case is the product of the two lengths; Redis' own recursion is exponential.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut rest, mut input) = (pattern, text);
    // Where the last `*` ended, and the text it has not swallowed yet.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some((b'*', after)) = rest.split_first() {
            rest = after;
            star = Some((after, input));
            continue;
        }
        let Some((&byte, tail)) = input.split_first() else {
            // The text is used up and `rest` does not begin with a star: only nothing matches it.
            return rest.is_empty();
        };
        if let Some(after) = one(rest, byte) {
            (rest, input) = (after, tail);
            continue;
        }
        // A mismatch: let the last star swallow one byte more.
        let Some((after, swallowed)) = star else { return false };
        let Some((_, less)) = swallowed.split_first() else { return false };
        star = Some((after, less));
        (rest, input) = (after, less);
    }
}

/// Matches one byte with the first item of `pattern` (no star); answers what follows the item.
pub(super) fn one(pattern: &[u8], byte: u8) -> Option<&[u8]> {
    match pattern {
        [] => None,
        [b'?', after @ ..] => Some(after),
        [b'[', after @ ..] => {
            let (within, after) = class(after, byte);
            within.then_some(after)
        }
        [b'\\', literal, after @ ..] | [literal, after @ ..] => (*literal == byte).then_some(after),
    }
}

/// A character class, without its opening bracket: whether `byte` is in it, and what follows it.
/// One that is not closed ends with the pattern, as in Redis.
fn class(pattern: &[u8], byte: u8) -> (bool, &[u8]) {
    let (negated, mut rest) = match pattern {
        [b'^', after @ ..] => (true, after),
        _ => (false, pattern),
    };
    let mut found = false;
    loop {
        rest = match rest {
            [] => return (found != negated, rest),
            [b'\\', literal, after @ ..] => {
                found |= *literal == byte;
                after
            }
            [b']', after @ ..] => return (found != negated, after),
            [from, b'-', to, after @ ..] => {
                // Redis takes the ends of a range in either order.
                found |= (*from.min(to)..=*from.max(to)).contains(&byte);
                after
            }
            [literal, after @ ..] => {
                found |= *literal == byte;
                after
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn check(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes())
    }

    #[test]
    fn plain_text_matches_itself_alone() {
        assert!(check("user:7", "user:7"));
        assert!(!check("user:7", "user:77"));
        assert!(!check("user:77", "user:7"));
        assert!(check("", ""));
        assert!(!check("", "a"));
    }

    #[test]
    fn a_star_is_any_run_of_bytes() {
        assert!(check("*", ""));
        assert!(check("user:*", "user:"));
        assert!(check("user:*:name", "user:7:8:name"));
        assert!(!check("user:*:name", "user:7:names"));
        assert!(check("*a*b*", "xxaxxbxx"));
        assert!(!check("*a*b", "ba"));
    }

    #[test]
    fn classes_ranges_and_negation() {
        assert!(check("h[ae]llo", "hello"));
        assert!(!check("h[ae]llo", "hillo"));
        assert!(check("h[^e]llo", "hallo"));
        assert!(!check("h[^e]llo", "hello"));
        assert!(check("h[a-c]llo", "hbllo"));
        assert!(check("h[c-a]llo", "hbllo"));
        assert!(!check("h[]llo", "hllo"));
        assert!(check("[ab", "a"));
        assert!(check("[\\]]", "]"));
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        assert!(check("a\\*b", "a*b"));
        assert!(!check("a\\*b", "axb"));
        assert!(check("a\\", "a\\"));
    }

    #[test]
    fn nested_stars_do_not_blow_up() {
        let pattern = "a*".repeat(40) + "b";
        let text = "a".repeat(2_000);
        let begun = Instant::now();
        assert!(!check(&pattern, &text));
        assert!(begun.elapsed() < Duration::from_secs(60));
    }
}
