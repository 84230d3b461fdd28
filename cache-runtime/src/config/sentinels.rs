//! URLs that name sentinels: `redis-sentinel://user:password@h1:26379,h2/primary/0`.

use super::environment::malformed;
use super::server::{Place, Sentinels, Server};
use super::url::{ENCODED, server};
use crate::error::Error;
use redis::RedisConnectionInfo;

/// The sentinels' own port.
const PORT: u16 = 26379;

/// What the URL says. The sentinels' hosts, and the two logins, are read as those of a server's URL
/// are.
pub(super) fn sentinels(
    url: &str,
    scheme: &str,
    setting: &str,
    asked: bool,
) -> Result<Server, Error> {
    let odd = || {
        let shape = "://[[user]:password@]host[:port][,host[:port]…]/name-of-the-primary[/database]\
                     [?sentinel_user=…&sentinel_password=…]";
        malformed(setting, &format!("of the form `{scheme}{shape}`; {ENCODED}"))
    };
    let plain = if scheme == "rediss-sentinel" { "rediss" } else { "redis" };
    let (_, rest) = url.split_once("://").ok_or_else(odd)?;
    if rest.contains('#') {
        return Err(Error::Config(format!("{setting}: the URL has a `#` in it; {ENCODED}")));
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').ok_or_else(odd)?;
    let (login, hosts) = authority.rsplit_once('@').map_or(("", authority), |(l, h)| (l, h));
    let (primary, database) = path.trim_end_matches('/').split_once('/').unwrap_or((path, "0"));
    let primary = primary.trim_end_matches('/');
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let numbered = database.parse::<u32>().is_ok();
    if primary.is_empty() || !primary.chars().all(named) || !numbered {
        return Err(odd());
    }

    let at = if login.is_empty() { "" } else { "@" };
    let first = format!("{plain}://{login}{at}host/{database}");
    let mut found = server(&first, plain, setting, asked)?;
    let mut addresses = Vec::new();
    for host in hosts.split(',') {
        let address = server(&with_port(plain, host), plain, setting, asked).map_err(|_| odd())?;
        let Place::Server(address) = address.place else { return Err(odd()) };
        addresses.push(address);
    }
    let login = own_login(query, setting).ok_or_else(odd)??;
    found.place = Place::Primary(Sentinels { addresses, login, primary: primary.to_owned() });
    Ok(found)
}

fn with_port(scheme: &str, host: &str) -> String {
    let after_address = host.rsplit_once(']').map_or(host, |(_, after)| after);
    match after_address.contains(':') {
        true => format!("{scheme}://{host}"),
        false => format!("{scheme}://{host}:{PORT}"),
    }
}

/// Who we are to the sentinels; `None` where that is not said as it must be.
fn own_login(query: &str, setting: &str) -> Option<Result<RedisConnectionInfo, Error>> {
    let (mut user, mut password) = ("", "");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=')? {
            ("sentinel_user", text) => user = text,
            ("sentinel_password", text) => password = text,
            _ => return None,
        }
    }
    if user.is_empty() && password.is_empty() {
        return Some(Ok(RedisConnectionInfo::default()));
    }
    if password.is_empty() {
        return None;
    }
    let url = format!("redis://{user}:{password}@host");
    Some(server(&url, "redis", setting, false).map(|server| server.login))
}
