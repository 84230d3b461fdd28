//! axum's extractors, with our JSON errors instead of its texts, and what we ask of values.

use crate::error::ApiError;
use axum::extract::{FromRequest, FromRequestParts};

/// A body.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub(crate) struct Json<T>(pub(crate) T);

/// Parameters of the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(crate) struct Path<T>(pub(crate) T);

/// Parameters of the query.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(crate) struct Query<T>(pub(crate) T);

/// A text of at most `most` characters that every database takes (PostgreSQL takes no NUL).
pub(crate) fn text(name: &str, text: &str, most: usize) -> Result<(), ApiError> {
    if text.chars().count() > most {
        Err(ApiError::bad_request(format!("{name} is longer than {most} characters")))
    } else if text.contains('\0') {
        Err(ApiError::bad_request(format!("{name} has a NUL character in it")))
    } else {
        Ok(())
    }
}

/// A number within these bounds.
pub(crate) fn within(
    name: &str,
    number: i64,
    bounds: std::ops::RangeInclusive<i64>,
) -> Result<i64, ApiError> {
    if bounds.contains(&number) {
        Ok(number)
    } else {
        let (least, most) = bounds.into_inner();
        Err(ApiError::bad_request(format!("{name} must be from {least} to {most}")))
    }
}
