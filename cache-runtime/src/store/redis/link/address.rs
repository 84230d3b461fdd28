//! Addresses that servers tell of other servers.

use redis::{ConnectionAddr, Value};

/// An address that is reached as `other` is.
pub(super) fn like(other: &ConnectionAddr, host: &str, port: u16) -> Option<ConnectionAddr> {
    let host = host.to_owned();
    match other {
        ConnectionAddr::Tcp(..) => Some(ConnectionAddr::Tcp(host, port)),
        ConnectionAddr::TcpTls { .. } => {
            Some(ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None })
        }
        _ => None,
    }
}

/// [`like`] by what a node of a cluster at `teller` says. A host that it leaves empty is its own, by
/// which it was asked; and `?` is one that it does not know itself.
pub(super) fn told(teller: &ConnectionAddr, host: &str, port: u16) -> Option<ConnectionAddr> {
    match (host, teller) {
        ("?", _) => None,
        ("", ConnectionAddr::Tcp(own, _) | ConnectionAddr::TcpTls { host: own, .. }) => {
            like(teller, own, port)
        }
        _ => like(teller, host, port),
    }
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}
