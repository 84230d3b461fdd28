//! What a cache is told: by code, by the environment, or by nobody.
//!
//! - [`builder`]: the public [`Builder`], and how it and the environment become [`Settings`];
//! - [`environment`]: the variables; [`target`]: URLs and what they point to, a [`server`] mostly.

mod builder;
mod environment;
mod server;
mod settings;
mod target;
#[cfg(test)]
mod tests;

pub use builder::Builder;
#[cfg(feature = "tls")]
pub(crate) use server::Tls;
pub(crate) use server::{Password, Server};
pub(crate) use settings::Settings;
pub(crate) use target::{Bounds, Off, Target};
