//! The server's figures, from the text that `INFO` answers.

use crate::figures::stats::ServerInfo;
use redis::Value;

/// Takes what there is; a line that is missing or odd leaves its field empty.
pub(super) fn read(reply: Value) -> Option<ServerInfo> {
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
