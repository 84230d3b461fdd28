//! Where a server is, how to connect to it, and how to see that it is of use.

use super::wire::{Server, Wire};
use crate::error::Error;
use crate::store::redis::late::late;
use crate::store::redis::refusal;
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, Cmd, ConnectionAddr, Value};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// How long one attempt, or one probe, may take. Short, for a stalled server takes the connection
/// and then says nothing, and a recovery is to be seen within a second.
const ATTEMPT: Duration = Duration::from_millis(400);
/// TLS needs two round trips more, and the platform's certificates read.
const TLS_ATTEMPT: Duration = Duration::from_secs(1);
/// Where the server is, and how it is asked whether it works.
pub(super) struct Endpoint {
    client: Client,
    config: AsyncConnectionConfig,
    connections: usize,
    probe: Cmd,
}

impl Endpoint {
    pub(super) fn new(server: Server, prefix: &str, connections: usize) -> Result<Self, Error> {
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
    pub(super) async fn connect(&self) -> Result<Vec<Wire>, String> {
        let mut opened = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let attempt = self.client.get_multiplexed_async_connection_with_config(&self.config);
            let connection = attempt.await.map_err(|error| match error.is_timeout() {
                true => late().to_owned(),
                false => refusal::greeting(&error),
            })?;
            opened.push(Wire::Multiplexed(connection));
        }
        self.probe(&opened).await?;
        Ok(opened)
    }

    /// Whether the server answers reads on each of `wires`.
    pub(super) async fn probe(&self, wires: &[Wire]) -> Result<(), String> {
        let all = async {
            for wire in wires {
                let reply = wire.clone().send(&self.probe).await;
                match reply.and_then(Value::extract_error) {
                    Ok(_) => {}
                    // Somebody keeps something under our key: it could be read all the same.
                    Err(error) if error.code() == Some("WRONGTYPE") => {}
                    Err(error) => return Err(refusal::reason(&error)),
                }
            }
            Ok(())
        };
        timeout(ATTEMPT, all).await.unwrap_or_else(|_| Err(late().to_owned()))
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
