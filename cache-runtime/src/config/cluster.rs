//! URLs that name some nodes of a Redis cluster: `redis-cluster://user:password@h1:6379,h2`.

use super::environment::malformed;
use super::server::{Place, Server};
use super::url::{ENCODED, server};
use crate::error::Error;

/// What the URL says. The hosts and the login are read as those of a server's URL are.
pub(super) fn cluster(
    url: &str,
    scheme: &str,
    setting: &str,
    asked: bool,
) -> Result<Server, Error> {
    let odd = || {
        let shape = "://[[user]:password@]host[:port][,host[:port]…]";
        malformed(setting, &format!("of the form `{scheme}{shape}`; {ENCODED}"))
    };
    let plain = if scheme == "rediss-cluster" { "rediss" } else { "redis" };
    let (_, rest) = url.split_once("://").ok_or_else(odd)?;
    if rest.contains('#') {
        return Err(Error::Config(format!("{setting}: the URL has a `#` in it; {ENCODED}")));
    }
    if rest.contains('?') {
        return Err(odd());
    }
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = authority.rsplit_once('@').map_or(("", authority), |(l, h)| (l, h));
    match database {
        "" | "0" => {}
        number if number.parse::<u32>().is_ok() => {
            return Err(Error::Config(format!(
                "{setting}: a cluster has the database 0 alone; leave the number out, and keep \
                 services apart by their prefixes"
            )));
        }
        _ => return Err(odd()),
    }
    let at = if login.is_empty() { "" } else { "@" };
    let mut found = server(&format!("{plain}://{login}{at}host"), plain, setting, asked)?;
    let mut seeds = Vec::new();
    for host in hosts.split(',') {
        let seed = server(&format!("{plain}://{host}"), plain, setting, asked);
        let Place::Server(seed) = seed.map_err(|_| odd())?.place else { return Err(odd()) };
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    found.place = Place::Cluster(seeds);
    Ok(found)
}
