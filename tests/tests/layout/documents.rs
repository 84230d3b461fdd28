//! What the documents name is there: the files and headings that links lead to, the pages of the
//! guide on docs.rs, and the tests of the table of faults.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const GUIDE: &str = "cache-runtime/docs/guide";
/// How a document of the crate's own names a file of the repository.
const REPOSITORY: &str = "https://github.com/redis-cache-rs/redis-cache/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(of: &Path) -> String {
    std::fs::read_to_string(of).unwrap_or_else(|error| panic!("{}: {error}", of.display()))
}

/// The pages of the guide.
fn pages() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(GUIDE)).unwrap();
    let mut pages: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    pages
}

fn documents() -> Vec<PathBuf> {
    let others = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    let examples = ["examples/README.md", "examples/catalog/README.md"];
    let others = others.into_iter().chain(examples).chain(["examples/catalog/MIGRATION.md"]);
    others.map(|file| root().join(file)).chain(pages()).collect()
}

/// Without its blocks of code.
fn prose(text: &str) -> String {
    let mut code = false;
    let lines = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    });
    lines.fold(String::new(), |prose, line| prose + line + "\n")
}

/// What is defined at a document's end: `[label]: target`.
fn definitions(prose: &str) -> Vec<(String, String)> {
    let defined = prose.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: "));
    defined.map(|(label, target)| (label.to_lowercase(), target.to_owned())).collect()
}

/// Where the links of a document lead.
fn targets(prose: &str) -> Vec<String> {
    let inline = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let defined = definitions(prose).into_iter().map(|(_, target)| target);
    inline.map(str::to_owned).chain(defined).collect()
}

/// How GitHub calls a heading.
fn anchor(heading: &str) -> String {
    let kept = |c: char| c.is_alphanumeric() || c == ' ' || c == '-' || c == '_';
    heading.trim().to_lowercase().chars().filter(|c| kept(*c)).collect::<String>().replace(' ', "-")
}

fn has_heading(document: &str, anchor_of: &str) -> bool {
    let headings = document.lines().filter_map(|line| line.strip_prefix('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).any(|found| found == anchor_of)
}

#[test]
fn links_lead_somewhere() {
    for document in documents() {
        let (text, folder) = (prose(&text(&document)), document.parent().unwrap().to_owned());
        for target in targets(&text) {
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let path = match file.strip_prefix(REPOSITORY) {
                Some(inside) => {
                    let file = inside.splitn(3, '/').nth(2).unwrap_or_default();
                    root().join(file)
                }
                None if file.starts_with("http") => continue,
                None if file.is_empty() => document.clone(),
                None => folder.join(file),
            };
            let from = document.display();
            assert!(path.exists(), "{from}: nothing is at {target}");
            if !heading.is_empty() {
                let there = std::fs::read_to_string(&path).unwrap();
                assert!(has_heading(&prose(&there), heading), "{from}: no such heading: {target}");
            }
        }
    }
}

/// On docs.rs they would lead to files, which are not there.
#[test]
fn links_of_the_guide_lead_somewhere_on_docs_rs() {
    let of = |file: &str| definitions(&text(&root().join("cache-runtime/docs/links").join(file)));
    let labels = |file: &str| of(file).into_iter().map(|(label, _)| label).collect::<BTreeSet<_>>();
    let (guide, readme) = (labels("guide.md"), labels("readme.md"));
    for page in pages() {
        for (label, _) in definitions(&prose(&text(&page))) {
            assert!(
                guide.contains(&label),
                "{}: `{label}` is not in links/guide.md",
                page.display()
            );
        }
        let name = page.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(guide.contains(&name), "`{name}` is not in links/guide.md");
        assert!(of("readme.md").iter().any(|(_, to)| *to == format!("guide::{name}")), "{name}");
    }
    for (label, _) in definitions(&prose(&text(&root().join("README.md")))) {
        assert!(readme.contains(&label), "README.md: `{label}` is not in links/readme.md");
    }
}

/// `suite::file::test`, or the path of a test in the runtime.
fn is_test(name: &str) -> bool {
    let (path, test) = name.rsplit_once("::").unwrap();
    let file = format!("{}.rs", path.replace("::", "/"));
    let inside = format!("{}/{}.rs", path.replace("::", "/"), path.rsplit("::").next().unwrap());
    let candidates = [
        format!("tests/tests/{file}"),
        format!("tests/tests/{inside}"),
        format!("tests/tests/{}/main.rs", path.replace("::", "/")),
        format!("cache-runtime/src/{file}"),
    ];
    let has = |file: &String| {
        let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let begins = |line: &str| {
            let line = line.strip_prefix("async ").unwrap_or(line);
            line.strip_prefix("fn ")
                .and_then(|rest| rest.strip_prefix(test))
                .is_some_and(|rest| rest.starts_with('('))
        };
        let Some(at) = lines.iter().position(|line| begins(line)) else { return false };
        let attributes: Vec<_> =
            lines.iter().take(at).rev().take_while(|line| line.starts_with(['#', '/'])).collect();
        // A function that is no test, or one that is left out of a run, shows nothing.
        attributes
            .iter()
            .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
            && !attributes.iter().any(|line| line.starts_with("#[ignore"))
    };
    candidates.iter().any(has)
}

#[test]
fn every_fault_names_a_test() {
    let faults = text(&root().join(GUIDE).join("faults.md"));
    let cells = |line: &str| {
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    };
    let (mut column, mut rows, mut before) = (None, 0, "");
    for line in faults.lines() {
        if line.starts_with("|---") {
            column = cells(before).iter().position(|title| title == "test");
        } else if let Some(column) =
            column.filter(|_| line.starts_with("| ") && before.starts_with('|'))
        {
            let cells = cells(line);
            let names: Vec<_> = cells.get(column).unwrap().split('`').skip(1).step_by(2).collect();
            assert!(!names.is_empty(), "no test is named for: {line}");
            let none: Vec<_> = names.into_iter().filter(|name| !is_test(name)).collect();
            assert!(none.is_empty(), "there are no such tests, or they do not run: {none:?}");
            rows += 1;
        }
        before = line;
    }
    assert!(rows > 60, "only {rows} faults are found");
}
