//! The house: no file imports one that imports it, folders depend one way, and what documents name is
//! there.
//!
//! Counted are the `use` lines and the paths of the product's files, without their tests. A `mod`
//! line is no import: a folder's `mod.rs` lists what is in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod documents;
mod graph;

use graph::Graph;
use std::path::Path;

/// What may import what: a folder, or a file beside them, imports only what stands before it.
const RUNTIME: &str = "error clock sync timers backoff boxed together io_thread figures key l1 config store \
                       codec function plan flight cache call write http private lib";
const MACROS: &str = "shared key cached writers derive lib";

fn sources(of: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src")
}

#[test]
fn no_file_of_the_runtime_imports_one_that_imports_it() {
    let circles = Graph::of(&sources("cache-runtime")).circles();
    assert!(circles.is_empty(), "files that import each other: {circles:#?}");
}

#[test]
fn no_file_of_the_macros_imports_one_that_imports_it() {
    let circles = Graph::of(&sources("cache-macros")).circles();
    assert!(circles.is_empty(), "files that import each other: {circles:#?}");
}

#[test]
fn folders_depend_one_way() {
    for (of, order) in [("cache-runtime", RUNTIME), ("cache-macros", MACROS)] {
        let graph = Graph::of(&sources(of));
        let place = |module: &str| {
            let folder = module.split("::").next().filter(|folder| !folder.is_empty());
            let folder = folder.unwrap_or("lib");
            let place = order.split_whitespace().position(|known| known == folder);
            place.unwrap_or_else(|| panic!("`{folder}` has no place yet among the folders of {of}"))
        };
        let upward: Vec<_> = graph.imports().filter(|(from, to)| place(from) < place(to)).collect();
        assert!(upward.is_empty(), "{of}: imports against the order of the folders: {upward:#?}");
    }
}

#[test]
fn a_circle_is_found() {
    let graph = Graph::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout/circle"));
    assert_eq!(graph.circles(), [["one", "two::inner"]]);
    let imports: Vec<_> = graph.imports().collect();
    assert!(!imports.contains(&("two", "two::inner")), "a `mod` line is no import: {imports:?}");
}
