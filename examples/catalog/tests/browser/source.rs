//! The page's files themselves.

use std::path::Path;

/// What the page shows as the developer's source is the source.
#[test]
fn the_source_on_the_page_is_the_source() {
    let page = include_str!("../../page/index.html");
    let sources = source_text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let snippets: Vec<&str> = page.split("<pre ").skip(1).collect();
    assert_eq!(snippets.len(), 4);
    for snippet in snippets {
        let code = snippet.split_once("<code>").unwrap().1.split_once("</code>").unwrap().0;
        let code = code.replace("<mark>", "").replace("</mark>", "");
        let code = code.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        assert!(code.starts_with("#[redis_"), "{code}");
        for line in code.lines().filter(|line| line.trim() != "…") {
            assert!(sources.contains(line.trim_end()), "not in the source: {line}");
        }
    }
}

fn source_text(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        text += &if path.is_dir() {
            source_text(&path)
        } else {
            std::fs::read_to_string(&path).unwrap()
        };
    }
    text
}

/// Data is set as text; nothing on the page could run it.
#[test]
fn the_page_makes_no_markup_of_data() {
    let script = include_str!("../../page/app.js");
    for sink in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "srcdoc",
    ] {
        assert!(!script.contains(sink), "{sink}");
    }
    let page = include_str!("../../page/index.html");
    for inline in [" style=", " onclick=", "<script>", "<style>", "http://", "https://"] {
        let page = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!page.contains(inline), "{inline}");
    }
}
