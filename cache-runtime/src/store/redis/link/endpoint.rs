//! Where a server is, how to connect to it, and how to see that it is of use.

use super::bounded::Bound;
use super::dial::dial;
use super::locate::locate;
#[cfg(feature = "tls")]
use super::tls;
use super::wire::Wire;
use crate::config::Server;
use crate::store::redis::late::late;
use crate::store::redis::refusal;
use redis::{Cmd, Value};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long one attempt, or one probe, may take. Short, for a stalled server takes the connection
/// and then says nothing, and a recovery is to be seen within a second.
const ATTEMPT: Duration = Duration::from_millis(400);
/// TLS needs two round trips more, and the platform's certificates read.
const TLS_ATTEMPT: Duration = Duration::from_secs(1);

/// Connections that were opened together.
pub(super) struct Connections {
    pub(super) wires: Vec<Wire>,
    /// Told when one of them ends.
    pub(super) ended: Arc<Notify>,
}

/// Where the server is, and how it is asked whether it works.
pub(super) struct Endpoint {
    server: Server,
    /// How long one attempt to connect may take.
    attempt: Duration,
    connections: usize,
    /// How many bytes of one value are read.
    pub(super) bound: Arc<Bound>,
    probe: Cmd,
}

impl Endpoint {
    pub(super) fn new(server: Server, prefix: &str, connections: usize) -> Self {
        #[cfg(feature = "tls")]
        if server.is_tls() {
            tls::provide_cryptography();
        }
        let mut probe = redis::cmd("GET");
        probe.arg(format!("{prefix}:~probe"));
        let attempt = if server.is_tls() { TLS_ATTEMPT } else { ATTEMPT };
        let bound = Arc::new(Bound::none());
        Self { server, attempt, connections, bound, probe }
    }

    /// New connections, seen to work.
    pub(super) async fn connect(&self) -> Result<Connections, String> {
        let to = locate(&self.server).await?;
        let ended = Arc::default();
        let mut wires = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let attempt = timeout(self.attempt, dial(&to, &ended, &self.bound)).await;
            let attempt = attempt.map_err(|_| match self.server.is_tls() {
                // It waits for the end of a command.
                true => format!("{}; on this port it may not speak TLS", late()),
                false => late().to_owned(),
            })?;
            wires.push(attempt.map_err(|error| refusal::greeting(&error))?);
        }
        let opened = Connections { wires, ended };
        self.probe(&opened).await?;
        Ok(opened)
    }

    /// Whether the server answers reads on each of the connections.
    pub(super) async fn probe(&self, opened: &Connections) -> Result<(), String> {
        let all = async {
            for wire in &opened.wires {
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
    // What is known of the server holds the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("connections", &self.connections).finish_non_exhaustive()
    }
}
