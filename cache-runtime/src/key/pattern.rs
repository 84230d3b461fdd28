//! The shape of a function's keys: which keys it can render, without calling it.

/// Literal text and holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Char(char),
    /// A rendered argument: any text without a separator or a brace.
    Hole,
}

/// What a rendered argument always encodes, so that no hole can match it.
fn separates(c: char) -> bool {
    matches!(c, ':' | '/' | '|' | '{' | '}')
}

impl Pattern {
    /// Of a template that the macro has checked.
    pub(crate) fn of_template(template: &str, mark: &str) -> Self {
        let mut parts = Vec::with_capacity(template.len());
        let mut chars = template.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '{' if chars.next_if_eq(&'{').is_some() => parts.push(Part::Char('{')),
                '}' if chars.next_if_eq(&'}').is_some() => parts.push(Part::Char('}')),
                '{' => {
                    while chars.next().is_some_and(|c| c != '}') {}
                    parts.push(Part::Hole);
                }
                c => parts.push(Part::Char(c)),
            }
        }
        parts.extend(mark.chars().map(Part::Char));
        Self(parts)
    }

    /// Of a default key: the path, then each part behind a colon.
    pub(crate) fn of_path(path: &str, arguments: usize, with_self: bool, mark: &str) -> Self {
        let mut parts: Vec<_> = path.chars().map(Part::Char).collect();
        for _ in 0..arguments + usize::from(with_self) {
            parts.extend([Part::Char(':'), Part::Hole]);
        }
        parts.extend(mark.chars().map(Part::Char));
        Self(parts)
    }

    /// The text before the first hole.
    pub(crate) fn head(&self) -> String {
        self.0
            .iter()
            .map_while(|part| if let Part::Char(c) = part { Some(c) } else { None })
            .collect()
    }

    /// Whether `key` (without its prefix) can be one of these. A shortened key is taken for one
    /// when its head fits: what follows is a hash.
    pub(crate) fn matches(&self, key: &str) -> bool {
        if key.contains("~h") && key.starts_with(&self.head()) {
            return true;
        }
        let key: Vec<_> = key.chars().map(Part::Char).collect();
        meet(&self.0, &key, &|c| !separates(c))
    }

    /// Whether some key is of both shapes. A mark counts as text here: versions never meet.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        meet(&self.0, &other.0, &|c| !separates(c) && c != '~')
    }
}

/// Whether some text is described by both, by walking all pairs of positions once.
fn meet(one: &[Part], other: &[Part], fills_hole: &dyn Fn(char) -> bool) -> bool {
    // reachable[j]: the parts of `one` so far and the first j of `other` can be the same text.
    let mut reachable = vec![false; other.len() + 1];
    for i in 0..=one.len() {
        let mut diagonal = false; // row i-1, column j-1
        let here = i.checked_sub(1).and_then(|i| one.get(i));
        for j in 0..=other.len() {
            let above = i > 0 && reachable.get(j).copied().unwrap_or(false); // row i-1, column j
            let left = j > 0 && reachable.get(j - 1).copied().unwrap_or(false); // row i, column j-1
            let there = j.checked_sub(1).and_then(|j| other.get(j));
            let now = match (here, there) {
                (None, None) => true,
                (Some(Part::Hole), _) if above => true, // the hole is empty, or ends here
                (_, Some(Part::Hole)) if left => true,
                (Some(Part::Hole), Some(Part::Char(c))) => left && fills_hole(*c),
                (Some(Part::Char(c)), Some(Part::Hole)) => above && fills_hole(*c),
                (Some(Part::Char(a)), Some(Part::Char(b))) => diagonal && a == b,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Pattern {
        Pattern::of_template(text, "")
    }

    #[test]
    fn overlaps_are_found_by_unification() {
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
            assert_eq!(template(one).overlaps(&template(other)), expected, "{one} {other}");
            assert_eq!(template(other).overlaps(&template(one)), expected, "{other} {one}");
        }
    }

    #[test]
    fn versions_never_meet() {
        let one = Pattern::of_template("user:{id}", "~1");
        assert!(!one.overlaps(&Pattern::of_template("user:{id}", "~2")));
        assert!(!one.overlaps(&template("user:{id}")));
    }

    #[test]
    fn keys_are_recognised() {
        assert!(template("user:{id}").matches("user:7"));
        assert!(!template("user:{id}").matches("user:7:orders"));
        assert!(!template("user:{id}").matches("users:7"));
        assert!(template("user:{id}:orders").matches("user:~:orders"));
        assert!(template("list:{a}:items").matches("list:aaaa~h00112233445566778899aabbccddeeff"));
        assert!(Pattern::of_path("app.find", 2, false, "").matches("app.find:1:2"));
    }
}
