//! No test is there that does not run. Cargo finds the suites; what it would pass over without a
//! word is found here: a folder without `main.rs`, a file that no `mod` line names, a compile-fail
//! case that no pattern of `tests/ui.rs` matches.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn stem(path: &Path) -> &str {
    path.file_stem().unwrap().to_str().unwrap()
}

/// The files and folders beside a root that none of its `mod` lines names, nor any path in it, as
/// that of a folder which a test reads.
fn strays(root: &Path) -> Vec<PathBuf> {
    let text = std::fs::read_to_string(root).unwrap();
    let lines = text.lines().map(str::trim);
    let named: BTreeSet<_> =
        lines.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let mut beside = entries(root.parent().unwrap());
    let read = |path: &Path| path.is_dir() && text.contains(&format!("/{}\"", stem(path)));
    beside.retain(|path| path != root && !named.contains(stem(path)) && !read(path));
    beside
}

#[test]
fn all_suites_are_built_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut roots: Vec<_> = entries(&folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|path| path.join("main.rs"))
        .collect();
    assert!(roots.len() > 5, "{roots:?}");
    while let Some(root) = roots.pop() {
        assert!(root.exists(), "{} is not there: nothing runs what is beside it", root.display());
        let strays = strays(&root);
        assert!(strays.is_empty(), "no `mod` line of {} names {strays:?}", root.display());
        // The folders of modules; those that a test reads are no part of it.
        let modules = entries(root.parent().unwrap()).into_iter().map(|path| path.join("mod.rs"));
        roots.extend(modules.filter(|module| module.exists()));
    }
}

#[test]
fn all_cases_of_the_macros_are_compiled() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui");
    let topics = entries(&ui.join("fail"));
    // As `ui/fail/*/*.rs` has it.
    let misplaced = topics.iter().filter(|path| path.is_file()).cloned().chain(
        topics.iter().filter(|path| path.is_dir()).flat_map(|topic| {
            entries(topic).into_iter().filter(|path| path.is_dir()).collect::<Vec<_>>()
        }),
    );
    let misplaced: Vec<_> = misplaced.collect();
    assert!(misplaced.is_empty(), "{misplaced:?}");
}
