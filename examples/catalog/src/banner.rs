//! What the service says of itself when it starts.

use crate::settings::Settings;
use std::fmt;
use std::net::SocketAddr;

/// What is on and where; never a secret.
#[derive(Debug)]
pub struct Banner<'s> {
    settings: &'s Settings,
    address: SocketAddr,
}

impl<'s> Banner<'s> {
    /// Of a service that listens on `address`.
    #[must_use]
    pub fn new(settings: &'s Settings, address: SocketAddr) -> Self {
        Self { settings, address }
    }

    /// To the standard output, for people; what happens later is logged.
    #[allow(clippy::print_stdout)] // the one thing that is
    pub fn print(&self) {
        println!("{self}");
    }

    fn store(&self) -> String {
        let settings = self.settings;
        if !settings.caching() {
            return "off: every request runs its query".to_owned();
        }
        let place = settings.store_place();
        format!(
            "{place}, keys {}:*, TTL {} s, dashboard {} s",
            settings.redis_prefix,
            settings.redis_cache_ttl.as_secs_f64(),
            settings.redis_cache_ttl_dashboard.as_secs_f64()
        )
    }
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = self.settings;
        let (least, most) = (settings.database_pool_min, settings.database_pool_max);
        let latency = if settings.simulate_latency { "simulated" } else { "that of the database" };
        let admin =
            if settings.admin_token.is_some() { "on" } else { "off (no CATALOG_ADMIN_TOKEN)" };
        writeln!(f, "catalog   http://{}", self.address)?;
        writeln!(f, "database  {}, {least} to {most} connections", settings.database().place())?;
        writeln!(f, "cache     {}", self.store())?;
        writeln!(f, "latency   {latency}")?;
        write!(f, "operators {admin}")
    }
}
