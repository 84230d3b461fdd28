use super::table::TABLE;
use crate::shared::table::tests::{check_file, check_table, documentation};
use std::path::Path;

#[test]
fn every_row_is_complete() {
    check_table(TABLE);
}

#[test]
fn every_row_is_documented() {
    check_file("docs/options/redis_cache.md", |_| documentation(TABLE));
}

#[test]
fn every_option_is_in_the_lists_of_the_readme_and_the_guide() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for file in ["README.md", "cache-runtime/docs/guide/functions.md"] {
        let text = std::fs::read_to_string(home.join(file)).unwrap();
        for row in TABLE {
            let name = format!("`{}`", row.name);
            assert!(text.contains(&name), "{name} is not among the options in {file}");
        }
    }
}
