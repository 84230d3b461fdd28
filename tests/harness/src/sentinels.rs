//! Three sentinels that watch a primary and its replica.

use crate::builder::RedisServerBuilder;
use crate::poll::eventually_blocking;
use crate::server::RedisServer;
use std::time::Duration;

/// The name that they have for the primary.
const PRIMARY: &str = "shop";

/// Three `redis-server --sentinel`, which agree by two of three.
#[derive(Debug)]
pub struct Sentinels {
    all: Vec<RedisServer>,
}

impl Sentinels {
    /// How long a failover may take. A sentinel that a busy machine has left alone for two seconds does
    /// nothing for thirty (TILT).
    pub const SWITCHES_WITHIN: Duration = Duration::from_secs(90);

    /// Starts them, and waits until they know each other and the `replicas`.
    pub fn start(primary: &RedisServer, replicas: usize) -> Self {
        Self::with(primary, replicas, |builder| builder, &[])
    }

    /// The same, with more settings of each, and of what they know of the primary: `auth-pass secret`.
    pub fn with(
        primary: &RedisServer,
        replicas: usize,
        settings: impl Fn(RedisServerBuilder) -> RedisServerBuilder,
        about: &[&str],
    ) -> Self {
        let mut lines = vec![format!("monitor {PRIMARY} 127.0.0.1 {} 2", primary.port())];
        // Soon down, and soon tried again: a test waits for it.
        lines.push(format!("down-after-milliseconds {PRIMARY} 500"));
        lines.push(format!("failover-timeout {PRIMARY} 3000"));
        for setting in about {
            let (name, value) = setting.split_once(' ').unwrap_or((setting, ""));
            lines.push(format!("{name} {PRIMARY} {value}"));
        }
        let one = || settings(RedisServer::builder()).sentinel(&lines).start();
        let sentinels = Self { all: (0..3).map(|_| one()).collect() };
        let know = |sentinel: &RedisServer| {
            let about = about_primary(sentinel);
            let is = |name: &str, value: String| {
                about.chunks_exact(2).any(|field| field[0] == name && field[1] == value)
            };
            is("num-other-sentinels", "2".to_owned()) && is("num-slaves", replicas.to_string())
        };
        eventually_blocking(Self::SWITCHES_WITHIN, || sentinels.all.iter().all(know));
        sentinels
    }

    /// `host:port,host:port,host:port/name`, what follows the scheme and the login in a URL.
    pub fn place(&self) -> String {
        let addresses: Vec<_> = self.all.iter().map(RedisServer::address).collect();
        format!("{}/{PRIMARY}", addresses.join(","))
    }

    /// The URL, without a password.
    pub fn url(&self) -> String {
        format!("redis-sentinel://{}", self.place())
    }

    /// The sentinels themselves.
    pub fn each(&mut self) -> &mut [RedisServer] {
        &mut self.all
    }

    /// Where the primary is by what most of those say that are alive.
    pub fn primary(&self) -> Option<u16> {
        let ask = |sentinel: &RedisServer| {
            let answer: Option<(String, u16)> = sentinel
                .try_command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", PRIMARY])
                .ok()
                .flatten();
            answer.map(|(_, port)| port)
        };
        let said: Vec<_> = self.all.iter().filter_map(ask).collect();
        let times = |port: &u16| said.iter().filter(|other| *other == port).count();
        said.iter().copied().find(|port| times(port) >= 2)
    }

    /// Makes the replica the primary, though nothing is wrong with that one.
    pub fn failover(&self) {
        eventually_blocking(Self::SWITCHES_WITHIN, || {
            self.all[0].try_command::<()>(&["SENTINEL", "FAILOVER", PRIMARY]).is_ok()
        });
    }
}

fn about_primary(sentinel: &RedisServer) -> Vec<String> {
    sentinel.try_command(&["SENTINEL", "MASTER", PRIMARY]).unwrap_or_default()
}
