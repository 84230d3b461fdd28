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

pub(super) fn routes() -> Router<AppState> {
    let file = |kind: &'static str, content: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, kind)], content) })
    };
    Router::new()
        .route("/", file("text/html; charset=utf-8", &PAGE))
        .route(
            "/static/style.css",
            file("text/css; charset=utf-8", include_str!("../../page/style.css")),
        )
        .route(
            "/static/app.js",
            file("text/javascript; charset=utf-8", include_str!("../../page/app.js")),
        )
}
