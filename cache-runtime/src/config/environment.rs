//! The environment's variables, each read in one place and checked on the spot.

use crate::error::Error;
use std::time::Duration;

/// A view of the environment; an empty variable is one that is not set.
#[derive(Clone, Copy)]
pub(super) struct Environment<'e>(pub(super) &'e dyn Fn(&str) -> Option<String>);

impl Environment<'_> {
    pub(super) fn text(self, variable: &str) -> Option<String> {
        (self.0)(variable).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// As it is: a password may begin or end with a space.
    pub(super) fn secret(self, variable: &str) -> Option<String> {
        (self.0)(variable).filter(|text| !text.is_empty())
    }

    pub(super) fn flag(self, variable: &str) -> Result<Option<bool>, Error> {
        let Some(text) = self.text(variable) else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(Some(true)),
            "false" | "0" | "no" | "off" => Ok(Some(false)),
            _ => Err(malformed(variable, "`true` or `false`")),
        }
    }

    /// Whole seconds, or a duration as people write it.
    pub(super) fn ttl(self, variable: &str) -> Result<Option<Duration>, Error> {
        let Some(text) = self.text(variable) else { return Ok(None) };
        let ttl = match text.parse() {
            Ok(seconds) => Some(Duration::from_secs(seconds)),
            Err(_) => humantime::parse_duration(&text).ok(),
        };
        match ttl {
            Some(ttl) if !ttl.is_zero() => Ok(Some(ttl)),
            _ => Err(malformed(variable, "whole seconds or a duration such as `5m`, above zero")),
        }
    }

    /// Those of the variables that count beside `REDIS_HOST` alone.
    pub(super) fn companions_of_a_host(self) -> Vec<&'static str> {
        let mut set: Vec<_> = ["REDIS_DB", "REDIS_USERNAME", "REDIS_PASSWORD"].into();
        set.retain(|variable| self.secret(variable).is_some());
        set.extend(self.port_text("REDIS_PORT").map(|_| "REDIS_PORT"));
        set
    }

    /// Those of the variables that count with TLS alone.
    pub(super) fn files_of_tls(self) -> Vec<&'static str> {
        let mut set: Vec<_> = ["REDIS_TLS_CA", "REDIS_TLS_CERT", "REDIS_TLS_KEY"].into();
        set.retain(|variable| self.text(variable).is_some());
        set
    }

    /// Kubernetes sets `REDIS_PORT=tcp://10.0.0.1:6379` for a service that is called `redis`.
    fn port_text(self, variable: &str) -> Option<String> {
        self.text(variable).filter(|text| !text.starts_with("tcp://"))
    }

    pub(super) fn port(self, variable: &str) -> Result<Option<u16>, Error> {
        let Some(text) = self.port_text(variable) else { return Ok(None) };
        match text.parse() {
            Ok(port) if port != 0 => Ok(Some(port)),
            _ => Err(malformed(variable, "a port, 1 to 65535")),
        }
    }

    pub(super) fn database(self, variable: &str) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(variable) else { return Ok(None) };
        match text.parse::<u32>() {
            Ok(number) => Ok(Some(i64::from(number))),
            Err(_) => Err(malformed(variable, "the number of a database, such as `0`")),
        }
    }
}

/// The variable that holds the TTL called `name`.
pub(super) fn ttl_variable(name: &str) -> String {
    let name = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    format!("REDIS_CACHE_TTL_{}", name.collect::<String>().to_ascii_uppercase())
}

/// Says what is wrong without repeating it: it may hold what is not for logs.
pub(super) fn malformed(setting: &str, expected: &str) -> Error {
    Error::Config(format!("{setting} must be {expected}"))
}
