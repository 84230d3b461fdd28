//! Who asks: anybody, or a moderator with the admin token.

use crate::AppState;
use crate::error::ApiError;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use cache_runtime::{CacheKey, KeyWriter};
use std::convert::Infallible;

/// What a request may see. It is part of the keys of what roles see differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Anybody.
    Anonymous,
    /// Who has the admin token.
    Moderator,
}

/// Who must be a moderator to get this far.
#[derive(Debug, Clone, Copy)]
pub struct Moderator;

impl CacheKey for Role {
    fn write_key(&self, key: &mut KeyWriter<'_>) {
        // Not derived, which writes the variants' names as they are: the keys are lower case.
        match self {
            Self::Anonymous => "anonymous",
            Self::Moderator => "moderator",
        }
        .write_key(key);
    }
}

/// The token behind `Bearer`, whatever the case of that word (RFC 9110).
fn bearer_token(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

impl Role {
    fn of(parts: &Parts, state: &AppState) -> Self {
        match (&state.admin_token, bearer_token(parts)) {
            (Some(token), Some(guess)) if token.is(guess) => Self::Moderator,
            _ => Self::Anonymous,
        }
    }
}

impl FromRequestParts<AppState> for Role {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(Self::of(parts, state))
    }
}

impl FromRequestParts<AppState> for Moderator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let unauthorized = |why| Err(ApiError::new(StatusCode::UNAUTHORIZED, why));
        if state.admin_token.is_none() {
            unauthorized("the service was started without an admin token (CATALOG_ADMIN_TOKEN)")
        } else if bearer_token(parts).is_none() {
            unauthorized("this is for moderators: send `Authorization: Bearer <admin token>`")
        } else if Role::of(parts, state) == Role::Moderator {
            Ok(Self)
        } else {
            Err(ApiError::new(StatusCode::FORBIDDEN, "this is not the admin token"))
        }
    }
}
