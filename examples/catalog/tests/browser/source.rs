//! The page's files themselves.

use std::path::Path;

/// Data is set as text; nothing on the page could run it.
#[test]
fn the_page_makes_no_markup_of_data() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let scripts = files.filter(|file| file.extension().is_some_and(|kind| kind == "js"));
    let script: String = scripts.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert!(script.contains("replaceChildren"));
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
