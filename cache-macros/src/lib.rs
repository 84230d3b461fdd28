//! The macros of `cache-runtime`.
