//! What stands behind the rendering at the end of a key: the mark of version and codec (`~2`,
//! `~msgpack`, `~2.msgpack`), and before it, where the rendering was too long, its hash (`~h…`).
//!
//! Templates have no `~`, and arguments encode it. That of a `None` is followed by neither, but by
//! a separator of the template, or by a comma and other text of it: what looks like a mark may be
//! that, so callers allow for both.

/// The longest rendering that is kept whole, in bytes.
pub(super) const LONGEST: usize = 1024;
/// What stands in for the rest of a long rendering: `~h` and 32 hex digits.
pub(super) const HASH_MARK: &str = "~h";
pub(super) const HASH_DIGITS: usize = 32;
/// What is left of the longest rendering where it is shortened, so that its hash has room.
pub(super) const HEAD: usize = LONGEST - HASH_MARK.len() - HASH_DIGITS;
/// A head does not end within a character, nor within a `%XX`.
const CUT_OFF: usize = 3 + 2;

/// The mark of a function's keys.
pub(crate) fn mark(version: Option<u64>, codec: &str) -> String {
    match (version, codec) {
        (None, "") => String::new(),
        (None, codec) => format!("~{codec}"),
        (Some(version), "") => format!("~{version}"),
        (Some(version), codec) => format!("~{version}.{codec}"),
    }
}

/// `key` without its mark, if it may have one.
pub(crate) fn without_mark(key: &str) -> Option<&str> {
    let (rest, mark) = key.rsplit_once('~')?;
    let is_mark = !mark.is_empty() && !mark.contains([':', '/', '|']) && head(key).is_none();
    is_mark.then_some(rest)
}

/// What a shortened rendering begins with; `None` of one that is whole.
pub(crate) fn head(rendering: &str) -> Option<&str> {
    let (head, hash) = rendering.rsplit_once(HASH_MARK)?;
    let is_hash = hash.len() == HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some(head)
}

/// What all keys begin with whose renderings begin with `text`, whether they were shortened or not.
pub(crate) fn common_head(text: &str) -> &str {
    let mut end = text.len().min(HEAD - CUT_OFF);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{CacheKey, KeyWriter};

    #[test]
    fn a_key_begins_with_the_common_head_of_its_rendering() {
        for unit in ["x", "é", "€", "😀", "%", "é%"] {
            for units in 160..1100 {
                let argument = unit.repeat(units);
                let key = |argument: &str| {
                    let mut key = KeyWriter::new("shop", "", None);
                    key.text("list:");
                    argument.write_key(&mut key);
                    key
                };
                let rendering = key(&argument).rendering().to_owned();
                let whole = key(&argument).finish("~2");
                assert!(whole.bare().starts_with(common_head(&rendering)), "{units} of {unit}");
                assert!(common_head(&rendering).len() + 50 > rendering.len().min(LONGEST));
            }
        }
    }

    const HASH: &str = "~h00112233445566778899aabbccddeeff";

    #[test]
    fn endings_are_told_from_renderings() {
        let shortened = format!("list:aaa{HASH}");
        let marked = format!("{shortened}~2.msgpack");
        assert_eq!(without_mark(&marked), Some(&*shortened));
        assert_eq!(without_mark(&shortened), None);
        assert_eq!(head(&shortened), Some("list:aaa"));
        assert_eq!(head(&marked), None);
        assert_eq!(without_mark("user:7~2"), Some("user:7"));
        assert_eq!(without_mark("user:~~msgpack"), Some("user:~"));
        for whole in ["user:7", "user:~", "user:~:orders", "user:~h12"] {
            assert_eq!(head(whole), None, "{whole}");
        }
        assert_eq!(without_mark("user:~"), None);
        assert_eq!(without_mark("user:~:orders"), None);
    }
}
