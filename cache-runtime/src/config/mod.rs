//! What a cache is told: by code, by the environment, or by nobody.
//!
//! - [`builder`]: the public [`Builder`]; [`chosen`]: how it and the environment become [`Settings`];
//! - [`environment`]: the variables; [`target`]: what a URL or a host leads to;
//! - [`url`]: a URL of one [`server`]; [`sentinels`]: of those who know where it is; [`cluster`]: of
//!   several that share the keys.

mod builder;
mod chosen;
mod cluster;
mod environment;
mod sentinels;
mod server;
mod settings;
mod target;
#[cfg(test)]
mod tests;
mod url;

pub use builder::Builder;
pub(crate) use server::{Password, Place, Sentinels, Server, Tls};
pub(crate) use settings::Settings;
pub(crate) use target::{Bounds, Off, Target};
