//! What a node of a cluster says where it does not do what it was asked: nothing was carried out, so
//! the same may be asked of another one.

use super::address::told;
use redis::{ConnectionAddr, RedisError};

/// Whom to ask instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) slot: u16,
    pub(crate) to: ConnectionAddr,
    /// It has the key only perhaps and for now, and wants to be told that this is known (`ASKING`).
    pub(crate) asking: bool,
}

impl Redirect {
    /// The one that this error of a node at `teller` is, if it is one.
    pub(super) fn of(error: &RedisError, teller: &ConnectionAddr) -> Option<Self> {
        let asking = match error.code()? {
            "MOVED" => false,
            "ASK" => true,
            _ => return None,
        };
        let (address, slot) = error.redirect_node()?;
        // By the last colon: an address of IPv6 has some itself, and stands there without brackets.
        let (host, port) = address.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Some(Self { slot, to: told(teller, host, port.parse().ok()?)?, asking })
    }
}

/// Whether an error is about a key's place in a cluster, and says nothing of the connection.
pub(super) fn is_about_place(error: &RedisError) -> bool {
    matches!(error.code(), Some("MOVED" | "ASK" | "TRYAGAIN" | "CLUSTERDOWN" | "CROSSSLOT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str, words: &str) -> Option<Redirect> {
        let teller = ConnectionAddr::Tcp("10.0.0.1".to_owned(), 7000);
        let reply = redis::parse_redis_value(format!("-{code} {words}\r\n").as_bytes()).unwrap();
        Redirect::of(&reply.extract_error().unwrap_err(), &teller)
    }

    #[test]
    fn it_says_whom_to_ask() {
        let to = |slot, host: &str, port, asking| {
            Some(Redirect { slot, to: ConnectionAddr::Tcp(host.to_owned(), port), asking })
        };
        assert_eq!(said("MOVED", "3999 10.0.0.2:7001"), to(3999, "10.0.0.2", 7001, false));
        assert_eq!(said("ASK", "1 n2.shop.internal:7001"), to(1, "n2.shop.internal", 7001, true));
        assert_eq!(said("MOVED", "1 fd00::2:7001"), to(1, "fd00::2", 7001, false));
        assert_eq!(said("MOVED", "1 [fd00::2]:7001"), to(1, "fd00::2", 7001, false));
        assert_eq!(said("MOVED", "1 :7001"), to(1, "10.0.0.1", 7001, false));
    }

    #[test]
    fn what_leads_nowhere_is_none() {
        for words in ["1 ?:7001", "x 10.0.0.2:7001", "1 10.0.0.2", "1 10.0.0.2:x", "1", ""] {
            assert_eq!(said("MOVED", words), None, "{words}");
        }
        assert_eq!(said("TRYAGAIN", "1 10.0.0.2:7001"), None);
        assert_eq!(said("ERR", "MOVED 1 10.0.0.2:7001"), None);
    }
}
