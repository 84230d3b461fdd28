//! The page, which is part of the program.

use super::source::SOURCES;
use crate::AppState;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use std::sync::LazyLock;

/// With each `<!-- source FILE FUNCTION -->` replaced by that function.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    SOURCES.iter().fold(include_str!("../../page/index.html").to_owned(), |page, source| {
        let place = format!("<!-- source {} {} -->", source.file, source.name);
        page.replace(&place, &source.to_string())
    })
});

macro_rules! script {
    ($name:literal) => {
        (concat!("/static/", $name), include_str!(concat!("../../page/", $name)))
    };
}

/// The first imports the others.
const SCRIPTS: [(&str, &str); 11] = [
    script!("app.js"),
    script!("chart.js"),
    script!("code.js"),
    script!("compare.js"),
    script!("counters.js"),
    script!("elements.js"),
    script!("load.js"),
    script!("operate.js"),
    script!("service.js"),
    script!("tables.js"),
    script!("write.js"),
];

pub(super) fn routes() -> Router<AppState> {
    let file = |kind: &'static str, content: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, kind)], content) })
    };
    let page = Router::new().route("/", file("text/html; charset=utf-8", &PAGE)).route(
        "/static/style.css",
        file("text/css; charset=utf-8", include_str!("../../page/style.css")),
    );
    SCRIPTS.iter().fold(page, |routes, (path, script)| {
        routes.route(path, file("text/javascript; charset=utf-8", script))
    })
}
