//! What the text of a template cannot hold.

/// Why literal text cannot hold this character, if it cannot.
pub(super) fn why_forbidden(c: char) -> Option<&'static str> {
    match c {
        '~' => Some("it begins the mark of a version (use the option `version`)"),
        '%' => Some("it begins an encoded character of an argument"),
        '*' | '?' | '[' | ']' | '\\' => {
            Some("`invalidate_matching` takes it for a wildcard, so it could not name this key")
        }
        c if c.is_control() => Some("control characters make keys unreadable"),
        _ => None,
    }
}

fn shown(c: char) -> String {
    if c == '\\' { c.into() } else { c.escape_debug().to_string() }
}

/// One mistake for each reason.
pub(super) fn forbidden_text(mut characters: Vec<char>) -> Vec<String> {
    let mut mistakes = Vec::new();
    while let Some(why) = characters.first().copied().and_then(why_forbidden) {
        let (these, others): (Vec<char>, Vec<char>) =
            characters.iter().partition(|c| why_forbidden(**c) == Some(why));
        characters = others;
        let these: Vec<_> = these.iter().map(|c| format!("`{}`", shown(*c))).collect();
        mistakes.push(format!(
            "{} cannot be text of a key, since {why}: remove it or put `-`, `_` or `.` there",
            these.join(" and "),
        ));
    }
    mistakes
}
