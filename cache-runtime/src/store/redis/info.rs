//! What a server says of itself.

use super::link::node::Node;
use super::refusal::Asked;
use crate::error::Error;
use crate::figures::stats::ServerInfo;
use redis::Value;
use std::time::Duration;

impl Node {
    /// Asks for a sign of life.
    pub(super) async fn ping(&self, within: Duration) -> Result<(), Error> {
        let pong =
            |reply| matches!(reply, Value::SimpleString(text) if text == "PONG").then_some(());
        self.ask(redis::cmd("PING"), Asked::Look, within, pong).await
    }

    /// Its figures.
    pub(super) async fn info(&self, within: Duration) -> Result<ServerInfo, Error> {
        match self.ask(redis::cmd("INFO"), Asked::Look, within, read).await {
            // An ACL that does not let us look is no fault of the cache.
            Err(Error::Refused(code)) if code == "NOPERM" => Ok(ServerInfo::default()),
            other => other,
        }
    }
}

/// From the text that `INFO` answers. Takes what there is; a line that is missing or odd leaves its field empty.
fn read(reply: Value) -> Option<ServerInfo> {
    let text = match reply {
        Value::BulkString(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text,
        _ => return None,
    };
    let mut info = ServerInfo::default();
    for (name, value) in text.lines().filter_map(|line| line.trim_end().split_once(':')) {
        match name {
            "redis_version" => info.version = Some(value.to_owned()),
            "used_memory" => info.used_memory = value.parse().ok(),
            "maxmemory" => info.max_memory = value.parse().ok(),
            "connected_clients" => info.connected_clients = value.parse().ok(),
            "keyspace_hits" => info.keyspace_hits = value.parse().ok(),
            "keyspace_misses" => info.keyspace_misses = value.parse().ok(),
            _ => {}
        }
    }
    Some(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_it_knows_and_passes_over_the_rest() {
        let text = b"# Server\r\nredis_version:7.0.15\r\nused_memory:12\r\nmaxmemory:odd\r\n\r\nx";
        let info = read(Value::BulkString(text.to_vec())).unwrap();
        assert_eq!(info.version.as_deref(), Some("7.0.15"));
        assert_eq!((info.used_memory, info.max_memory), (Some(12), None));
        assert_eq!(read(Value::Nil), None);
    }
}
