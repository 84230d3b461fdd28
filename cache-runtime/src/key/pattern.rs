//! The shape of keys: of those that a function can render, of those that a person's pattern names.
//! Whether two shapes have a key in common is one question, whatever they are made of.

use super::encode::is_kept;
use super::glob;

/// Bytes that stand where they stand, and runs of bytes that do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    One(Bytes),
    /// Any number of them, none too.
    Run(Bytes),
}

impl Pattern {
    /// Of a template that the macro has checked.
    pub(crate) fn of_template(template: &str) -> Self {
        let mut pattern = Self(Vec::with_capacity(template.len()));
        let mut bytes = template.bytes().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'{' if bytes.next_if_eq(&b'{').is_none() => {
                    while bytes.next().is_some_and(|byte| byte != b'}') {}
                    pattern.argument();
                }
                b'}' => {
                    bytes.next_if_eq(&b'}');
                    pattern.text("}");
                }
                byte => pattern.0.push(Part::One(Bytes::one(byte))),
            }
        }
        pattern
    }

    /// Of a default key: the path, then each part behind a colon.
    pub(crate) fn of_path(path: &str, parts: usize) -> Self {
        let mut pattern = Self::of_text(path);
        for _ in 0..parts {
            pattern.text(":");
            pattern.argument();
        }
        pattern
    }

    /// Of what Redis' glob matches.
    pub(crate) fn of_glob(glob: &str) -> Self {
        let mut parts = Vec::with_capacity(glob.len());
        let mut rest = glob.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            if *first == b'*' {
                parts.push(Part::Run(Bytes::of(|_| true)));
                rest = after;
                continue;
            }
            parts.push(Part::One(Bytes::of(|byte| glob::one(rest, byte).is_some())));
            // What follows is the same for whichever byte this item matches, if it matches one.
            rest = (0..=u8::MAX).find_map(|byte| glob::one(rest, byte)).unwrap_or_default();
        }
        Self(parts)
    }

    /// Of one text.
    pub(crate) fn of_text(text: &str) -> Self {
        let mut pattern = Self(Vec::with_capacity(text.len()));
        pattern.text(text);
        pattern
    }

    /// Of a rendering in which some arguments are left open.
    pub(crate) fn of_holes(rendering: &str) -> Self {
        let mut pattern = Self(Vec::with_capacity(rendering.len()));
        let mut texts = rendering.split('*');
        pattern.text(texts.next().unwrap_or_default());
        for text in texts {
            pattern.argument();
            pattern.text(text);
        }
        pattern
    }

    /// Of every text that begins with `head`.
    pub(crate) fn of_head(head: &str) -> Self {
        let mut pattern = Self::of_text(head);
        pattern.0.push(Part::Run(Bytes::of(|_| true)));
        pattern
    }

    /// What every text of this shape begins with.
    pub(crate) fn head(&self) -> String {
        let bytes = self.0.iter().map_while(|part| match part {
            Part::One(bytes) => bytes.only(),
            Part::Run(_) => None,
        });
        let bytes: Vec<u8> = bytes.collect();
        // It may end within a character.
        bytes.utf8_chunks().next().map(|chunk| chunk.valid().to_owned()).unwrap_or_default()
    }

    fn text(&mut self, text: &str) {
        self.0.extend(text.bytes().map(|byte| Part::One(Bytes::one(byte))));
    }

    fn argument(&mut self) {
        self.0.push(Part::Run(Bytes::of(is_kept)));
    }

    /// Whether some text is of both shapes, by walking all pairs of positions once.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        // reachable[j]: the parts of ours so far and the first j of the other's can be one text.
        let mut reachable = vec![false; other.0.len() + 1];
        for i in 0..=self.0.len() {
            if i > 0 && !reachable.contains(&true) {
                return false;
            }
            let mut diagonal = false; // row i-1, column j-1
            let here = i.checked_sub(1).and_then(|i| self.0.get(i));
            for j in 0..=other.0.len() {
                let above = i > 0 && reachable.get(j).copied().unwrap_or(false); // row i-1
                let left = j > 0 && reachable.get(j - 1).copied().unwrap_or(false); // column j-1
                let there = j.checked_sub(1).and_then(|j| other.0.get(j));
                let now = match (here, there) {
                    (None, None) => true,
                    // A run is empty, or ends here.
                    (Some(Part::Run(_)), _) if above => true,
                    (_, Some(Part::Run(_))) if left => true,
                    (Some(Part::Run(run)), Some(Part::One(one))) => left && run.share(*one),
                    (Some(Part::One(one)), Some(Part::Run(run))) => above && run.share(*one),
                    (Some(Part::One(one)), Some(Part::One(other))) => diagonal && one.share(*other),
                    _ => false,
                };
                if let Some(cell) = reachable.get_mut(j) {
                    diagonal = std::mem::replace(cell, now);
                }
                // `diagonal` must be the old value of this column for the next one.
                if i == 0 {
                    diagonal = false;
                }
            }
        }
        reachable.last().copied().unwrap_or(false)
    }
}

/// A set of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bytes([u128; 2]);

impl Bytes {
    fn of(holds: impl Fn(u8) -> bool) -> Self {
        let half = |from: u8| {
            (0..128_u8).filter(|bit| holds(from | bit)).fold(0, |bits, bit| bits | 1 << bit)
        };
        Self([half(0), half(128)])
    }

    fn one(byte: u8) -> Self {
        let bit = 1 << (byte & 127);
        Self(if byte < 128 { [bit, 0] } else { [0, bit] })
    }

    /// The byte, where it is one.
    fn only(self) -> Option<u8> {
        let [low, high] = self.0;
        let byte = if high == 0 { low.trailing_zeros() } else { 128 + high.trailing_zeros() };
        let is_one = low.count_ones() + high.count_ones() == 1;
        u8::try_from(byte).ok().filter(|_| is_one)
    }

    fn share(self, other: Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Pattern {
        Pattern::of_template(text)
    }

    #[test]
    fn what_two_templates_share_is_found_by_unification() {
        let cases = [
            ("user:{name}", "user:admin", true),
            ("user:{a}:{b}", "user:{a}", false),
            ("user:{a}:x", "user:y:{b}", true),
            ("user:{a}:x", "user:{a}:y", false),
            ("{a}:{b}", "user:{id}", true),
            ("a{x}b", "ab", true),
            ("a{x}b", "acb", true),
            ("a{x}b", "a:b", false),
            ("{{shop}}:{a}", "{{shop}}:b", true),
            ("{{shop}}:{a}", "{{mall}}:b", false),
            ("user:{id}", "users:{id}", false),
            ("user:x{id}", "user:{id}y", true),
        ];
        for (one, other, expected) in cases {
            assert_eq!(template(one).meets(&template(other)), expected, "{one} {other}");
            assert_eq!(template(other).meets(&template(one)), expected, "{other} {one}");
        }
    }

    #[test]
    fn renderings_are_recognised() {
        let renders = |pattern: Pattern, text: &str| pattern.meets(&Pattern::of_text(text));
        assert!(renders(template("user:{id}"), "user:7"));
        assert!(renders(template("user:{id}:orders"), "user:~:orders"));
        assert!(renders(template("{{shop}}:{id}"), "{shop}:é%2F"));
        assert!(renders(Pattern::of_path("app.find", 2), "app.find:1:2"));
        for other in ["user:7:orders", "users:7", "user:*", "user", "user:a/b"] {
            assert!(!renders(template("user:{id}"), other), "{other}");
        }
    }

    #[test]
    fn a_glob_names_a_template_if_it_matches_one_of_its_keys() {
        for (glob, pattern, expected) in [
            ("list:*:page", "list:{a}:page", true),
            ("list:*:page", "list:{a}:items", false),
            ("list:*", "list:{a}:items", true),
            ("*", "list:{a}", true),
            ("list:[0-9]", "list:{a}", true),
            ("list:[:]", "list:{a}", false),
            ("list:[]x", "list:{a}", false),
            ("list:\\*", "list:{a}", false),
            ("list:?", "list:{a}", true),
            ("lis[a-s]*", "list:{a}", false),
            ("lis[a-z]*", "list:{a}", true),
        ] {
            assert_eq!(Pattern::of_glob(glob).meets(&template(pattern)), expected, "{glob}");
        }
    }

    #[test]
    fn a_glob_is_the_shape_of_what_it_matches() {
        for glob in ["a*b", "a?", "[a-c]*", "[^a]b", "\\*", "a\\", "[ab", "[]"] {
            for text in ["a", "ab", "acb", "*", "b", "cb", "a\\", "é", ""] {
                let shape = Pattern::of_glob(glob).meets(&Pattern::of_text(text));
                assert_eq!(shape, glob::matches(glob.as_bytes(), text.as_bytes()), "{glob} {text}");
            }
        }
    }

    #[test]
    fn what_all_begin_with() {
        for (glob, head) in [
            ("user:*", "user:"),
            ("*", ""),
            ("a?c", "a"),
            ("a\\*b[cd]", "a*b"),
            ("a\\", "a\\"),
            ("é?", "é"),
        ] {
            assert_eq!(Pattern::of_glob(glob).head(), head);
        }
        assert_eq!(template("{{shop}}:{id}:x").head(), "{shop}:");
    }

    #[test]
    fn a_hole_is_one_argument() {
        let names = |rendering: &str, text: &str| {
            Pattern::of_holes(rendering).meets(&Pattern::of_text(text))
        };
        assert!(names("list:north:*", "list:north:7") && names("list:*:*", "list::~"));
        assert!(!names("list:north:*", "list:south:7") && !names("list:north:*", "list:north:7:x"));
        assert_eq!(Pattern::of_holes("list:north:*:x").head(), "list:north:");
    }

    #[test]
    fn a_head_is_that_of_a_longer_text() {
        let begins = |head: &str| template("list:{a}:items").meets(&Pattern::of_head(head));
        assert!(begins("list:aaaa") && begins("list:a:it") && begins("li"));
        assert!(!begins("lists") && !begins("list:a:page"));
    }
}
