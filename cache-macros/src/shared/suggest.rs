//! "did you mean …?"

/// How many insertions, deletions, replacements and swaps of neighbours make `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // Rows of the usual table, by the characters of `a`: the last but one, and the last.
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (i, ca) in a.chars().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        let mut previous_b = None;
        for (j, &cb) in b.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&last, j + 1) + 1)
                .min(cell(&row, j) + 1)
                .min(cell(&last, j) + usize::from(ca != cb));
            if previous_a == Some(cb) && previous_b == Some(ca) {
                best = best.min(cell(&before, j.wrapping_sub(1)) + 1);
            }
            row.push(best);
            previous_b = Some(cb);
        }
        before = std::mem::replace(&mut last, row);
        previous_a = Some(ca);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

/// The candidate that `wrong` is most likely a misspelling of.
///
/// One edit in three characters is near enough, and so is a name that begins like the other
/// (`user` for `user_id`), since people shorten names.
pub(crate) fn nearest<'c>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let wrong = wrong.to_lowercase();
    let closeness = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let edits = distance(&wrong, &candidate);
        let near = edits <= wrong.chars().count().max(candidate.chars().count()).div_ceil(3);
        // A single letter is one edit away from every other one.
        let alike = near && edits < candidate.chars().count().max(1);
        let prefix = wrong.len() >= 2
            && candidate.len() >= 2
            && (candidate.starts_with(&wrong) || wrong.starts_with(&candidate));
        (alike || prefix || edits == 0).then_some(edits)
    };
    candidates
        .into_iter()
        .filter_map(|candidate| Some((closeness(candidate)?, candidate)))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// "; did you mean `id`?", or nothing.
pub(crate) fn did_you_mean<'c>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> String {
    nearest(wrong, candidates).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// "`a`, `b`, `c`".
pub(crate) fn list<'c>(names: impl IntoIterator<Item = &'c str>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_are_recognised() {
        let names = ["user_id", "org", "ttl_setting", "name"];
        assert_eq!(nearest("usr_id", names), Some("user_id"));
        assert_eq!(nearest("user", names), Some("user_id"));
        assert_eq!(nearest("UserId", names), Some("user_id"));
        assert_eq!(nearest("nmae", names), Some("name"));
        assert_eq!(nearest("xyz", names), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("", ["y"]), None);
    }

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("ttl", "tll", 1),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
