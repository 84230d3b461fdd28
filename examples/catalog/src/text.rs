//! Texts that people search by.

/// A text in which capitals, and what only capitals tell apart, make no difference: up and then
/// down, so that `ß` meets `SS` and `ς` meets `σ`. Neither database does this alike for more than
/// ASCII, so the folded text is kept in a column.
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The pattern of `LIKE … ESCAPE '\'` for texts that contain `text` as it is.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_makes_capitals_and_their_likes_equal() {
        assert_eq!(fold("CAFÉ"), fold("café"));
        assert_eq!(fold("Straße"), fold("STRASSE"));
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
    }

    #[test]
    fn wildcards_are_meant_as_they_are_written() {
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }
}
