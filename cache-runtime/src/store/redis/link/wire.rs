//! The kinds of connection. No other file of the store names the client library's own types for
//! them, so that another kind (one that is pushed to, say) is one more variant here.

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ConnectionAddr, ConnectionInfo, Pipeline, RedisResult, Value};

/// Where a server is, and what it wants to know of who connects.
pub(crate) type Server = ConnectionInfo;

/// A connection. Clones share it.
#[derive(Debug, Clone)]
pub(super) enum Wire {
    /// Commands of many callers, one behind the other.
    Multiplexed(MultiplexedConnection),
}

impl Wire {
    pub(super) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Multiplexed(connection) => connection.send_packed_command(command).await,
        }
    }

    /// Sends `count` commands as one message; an answer for each, errors of the server included.
    pub(super) async fn send_all(
        &mut self,
        commands: &Pipeline,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Self::Multiplexed(connection) => {
                connection.send_packed_commands(commands, 0, count).await
            }
        }
    }
}

/// A server's address, without user or password.
pub(crate) fn address(server: &Server) -> String {
    let db = server.redis_settings().db();
    match server.addr() {
        ConnectionAddr::Unix(path) => format!("{} db {db}", path.display()),
        address => format!("{address}/{db}"),
    }
}
