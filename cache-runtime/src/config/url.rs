//! URLs of one server.

use super::environment::malformed;
use super::server::Server;
use crate::error::Error;
use redis::IntoConnectionInfo;

/// What those forget whose password a generator made.
pub(super) const ENCODED: &str = "special characters of a user or a password are percent-encoded, such as \
                       `#` as `%23`, `?` as `%3F`, `/` as `%2F`, `@` as `%40`, `%` as `%25`";

/// A URL of a server, in the client library's understanding, with our own words for its errors:
/// its texts may repeat what was written.
pub(super) fn server(url: &str, scheme: &str, setting: &str, asked: bool) -> Result<Server, Error> {
    let shape = match scheme {
        "redis+unix" => "redis+unix:///path/to/socket[?db=0&user=…&pass=…]",
        "rediss" => "rediss://[[user]:password@]host[:port][/database]",
        _ => "redis://[[user]:password@]host[:port][/database]",
    };
    let odd = || malformed(setting, &format!("of the form `{shape}`; {ENCODED}"));
    let parsed = redis::parse_redis_url(url).ok_or_else(odd)?;
    let known: &[&str] = match scheme {
        "redis+unix" => &["db", "user", "pass"],
        _ => &[],
    };
    if parsed.fragment() == Some("insecure") {
        return Err(Error::Config(format!(
            "{setting}: `#insecure` is refused, since then anybody could pretend to be the server; \
             name the file of the root that vouches for it in REDIS_TLS_CA"
        )));
    }
    if parsed.fragment().is_some() {
        return Err(Error::Config(format!("{setting}: the URL has a `#` in it; {ENCODED}")));
    }
    // The client passes over what it does not know; somebody wrote it for a reason.
    if parsed.query_pairs().any(|(name, _)| !known.contains(&&*name)) {
        return Err(Error::Config(format!(
            "{setting}: the URL has a parameter that is not known; it must be of the form \
             `{shape}`; {ENCODED}"
        )));
    }
    let server = url.into_connection_info().map_err(|_| odd())?;
    let settings = server.redis_settings();
    if settings.db() < 0 {
        return Err(odd());
    }
    if settings.username().is_some() && settings.password().is_none() && !asked {
        return Err(Error::Config(format!(
            "{setting}: the URL has a user but no password; a password alone is written \
             `{scheme}://:password@host`"
        )));
    }
    Ok(server.into())
}
