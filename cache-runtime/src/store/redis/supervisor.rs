//! The task behind each pool: it connects, and reconnects for ever, so that no caller waits.

use super::pool::{Link, Phase, Pool};
use super::refusal;
use super::report::{Moment, Report};
use crate::error::Error;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, Value};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

/// How long one attempt, or one probe, may take. Short, for a stalled server takes the connection
/// and then says nothing, and a recovery is to be seen within a second.
const ATTEMPT: Duration = Duration::from_millis(400);
/// TLS needs two round trips more, and the platform's certificates read.
const TLS_ATTEMPT: Duration = Duration::from_secs(1);
/// Between attempts, first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Who fails again within this time has not recovered: no probe without a pause.
const STEADY: Duration = Duration::from_secs(1);

/// Where the server is, and how to find out whether it is of use.
pub(super) struct Endpoint {
    client: Client,
    config: AsyncConnectionConfig,
    connections: usize,
    probe: Cmd,
}

impl Endpoint {
    pub(super) fn new(
        server: ConnectionInfo,
        prefix: &str,
        connections: usize,
    ) -> Result<Self, Error> {
        let tls = matches!(server.addr(), ConnectionAddr::TcpTls { .. });
        if tls {
            provide_cryptography();
        }
        let tcp = TcpSettings::default().set_nodelay(true).set_keepalive(
            TcpKeepalive::new()
                .with_time(Duration::from_secs(15))
                .with_interval(Duration::from_secs(5)),
        );
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        let tcp = tcp.set_user_timeout(Duration::from_secs(5));
        let client = Client::open(server.set_tcp_settings(tcp))
            .map_err(|error| Error::Config(format!("the server: {}", error.category())))?;
        // Every command has a deadline of its own; a second one beside it would only cost.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_connection_timeout(Some(if tls { TLS_ATTEMPT } else { ATTEMPT }));
        let mut probe = redis::cmd("GET");
        probe.arg(format!("{prefix}:~probe"));
        Ok(Self { client, config, connections, probe })
    }

    /// New connections, seen to work.
    async fn connect(&self) -> Result<Vec<MultiplexedConnection>, String> {
        let mut opened = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let attempt = self.client.get_multiplexed_async_connection_with_config(&self.config);
            opened.push(attempt.await.map_err(|error| refusal::greeting(&error))?);
        }
        self.probe(&opened).await?;
        Ok(opened)
    }

    /// Whether the server answers reads on each of `connections`.
    async fn probe(&self, connections: &[MultiplexedConnection]) -> Result<(), String> {
        let all = async {
            for connection in connections {
                let mut connection = connection.clone();
                let reply = connection.send_packed_command(&self.probe).await;
                match reply.and_then(Value::extract_error) {
                    Ok(_) => {}
                    // Somebody keeps something under our key: it could be read all the same.
                    Err(error) if error.code() == Some("WRONGTYPE") => {}
                    Err(error) => return Err(refusal::reason(&error)),
                }
            }
            Ok(())
        };
        timeout(ATTEMPT, all).await.unwrap_or_else(|_| Err("it did not answer in time".to_owned()))
    }
}

impl fmt::Debug for Endpoint {
    // The client knows the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("connections", &self.connections).finish_non_exhaustive()
    }
}

/// rustls panics when it has to choose between several providers, or has none: choose first.
fn provide_cryptography() {
    #[cfg(feature = "tls")]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // An error says that somebody else was faster, and then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Keeps the pool connected until it, or the runtime, is gone.
pub(super) async fn supervise(
    pool: Weak<Pool>,
    endpoint: Arc<Endpoint>,
    report: Arc<Report>,
    mut link: watch::Receiver<Link>,
) {
    let ending = Ending { pool: pool.clone(), report: report.clone() };
    let mut pause = Pause::new();
    let mut connections = Vec::new();
    loop {
        let begun = report.moment();
        // A hiccup ends with one round trip on the connections that there are.
        if connections.is_empty() || endpoint.probe(&connections).await.is_err() {
            connections.clear();
            match endpoint.connect().await {
                Ok(opened) => connections = opened,
                Err(reason) => {
                    if !failed(&pool, &report, begun, &reason) {
                        break;
                    }
                    sleep(pause.next()).await;
                    continue;
                }
            }
        }
        let Some(alive) = pool.upgrade() else { break };
        alive.up(connections.clone());
        drop(alive);
        let up = Instant::now();
        let changed = link.wait_for(|link| link.phase != Phase::Up).await.map(|link| link.phase);
        if !matches!(changed, Ok(Phase::Down)) {
            break;
        }
        if up.elapsed() < STEADY {
            sleep(pause.next()).await;
        } else {
            pause = Pause::new();
        }
    }
    drop(ending);
}

/// An attempt came to nothing. Answers whether anybody still cares.
fn failed(pool: &Weak<Pool>, report: &Report, begun: Moment, reason: &str) -> bool {
    let Some(pool) = pool.upgrade() else { return false };
    // Of the first attempt callers may be waiting; later it is down already.
    pool.fail(0, reason);
    report.lost(begun, reason);
    true
}

/// Growing pauses, with chance in them so that not all processes come back at once.
struct Pause(Duration);

impl Pause {
    fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        pause.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// However the task ends (its runtime dropped it, it panicked), its pool must not wait for it.
struct Ending {
    pool: Weak<Pool>,
    report: Arc<Report>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.report.lost(Moment::MAX, "this Tokio runtime was built without `enable_all`");
        }
        if let Some(pool) = self.pool.upgrade() {
            pool.die();
        }
    }
}
