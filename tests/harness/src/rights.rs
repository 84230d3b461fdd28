//! What an ACL user needs, by the guide: its rules are tested as they stand there.

const GUIDE: &str = include_str!("../../../cache-runtime/docs/guide/deploying.md");

/// The rights in the row of the guide's table that is about `what`, whose other words may follow.
///
/// # Panics
///
/// If there is none, or more than one.
pub fn rights_for(what: &str) -> String {
    let rows = GUIDE
        .lines()
        .filter(|line| line.strip_prefix("| ").is_some_and(|row| row.starts_with(what)));
    let rights: Vec<_> = rows.filter_map(|row| row.rsplit('`').nth(1)).collect();
    assert_eq!(rights.len(), 1, "rows about `{what}`");
    rights[0].replace("\\|", "|")
}

/// The rights of the guide's rule for one server.
///
/// # Panics
///
/// If there is none.
pub fn rights_for_all() -> String {
    let (_, rule) = GUIDE.split_once("~shop:* ").expect("no rule");
    let (rights, _) = rule.split_once("```").expect("no end of it");
    rights.split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ")
}
