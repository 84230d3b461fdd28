//! The page's files themselves.

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
