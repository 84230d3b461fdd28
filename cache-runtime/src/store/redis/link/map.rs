//! Asking one node of a cluster which node has which slots.

use super::address::{text, told};
use super::bounded::Bound;
use super::dial::dial;
use super::locate::locate;
use crate::config::{Place, Server};
use crate::key::whole::SLOTS;
use crate::store::redis::late::late;
use crate::store::redis::refusal;
use redis::{ConnectionAddr, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Slots that have one primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u16,
    pub(crate) last: u16,
    pub(crate) primary: ConnectionAddr,
}

/// Asks `node`, which has so long to answer, on a connection of its own.
pub(crate) async fn ask(node: &Server, within: Duration) -> Result<Vec<Range>, String> {
    let Place::Member(teller) = &node.place else { return Err("it is none of a cluster".into()) };
    // What says our password has a time of its own.
    let (to, _) = locate(node, within).await?;
    let answer = async {
        let wire = dial(&to, &Arc::default(), &Arc::new(Bound::none())).await;
        let mut wire = wire.map_err(|error| refusal::greeting(&error))?;
        let mut slots = redis::cmd("CLUSTER");
        slots.arg("SLOTS");
        match wire.send(&slots).await.and_then(Value::extract_error) {
            Ok(answer) => read(&answer, teller)
                .ok_or_else(|| "what it says of its cluster is not understood".to_owned()),
            Err(error) => Err(refusal::greeting(&error)),
        }
    };
    timeout(within, answer).await.unwrap_or_else(|_| Err(late().to_owned()))
}

/// The answer of `CLUSTER SLOTS`: for each range its ends, the primary, and replicas. A primary whose
/// name is not known there is none; of slots without one nobody is said to have them.
fn read(answer: &Value, teller: &ConnectionAddr) -> Option<Vec<Range>> {
    let Value::Array(ranges) = answer else { return None };
    let slot = |value: &Value| match value {
        Value::Int(slot) => u16::try_from(*slot).ok().filter(|slot| *slot < SLOTS),
        _ => None,
    };
    let mut all = Vec::with_capacity(ranges.len());
    for range in ranges {
        let Value::Array(parts) = range else { return None };
        let [first, last, Value::Array(primary), ..] = parts.as_slice() else { return None };
        let [host, Value::Int(port), ..] = primary.as_slice() else { return None };
        let host = if *host == Value::Nil { "" } else { text(host)? };
        let (first, last) = (slot(first)?, slot(last)?);
        if let Some(primary) = told(teller, host, u16::try_from(*port).ok()?) {
            all.push(Range { first, last, primary });
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let node = |host, port| Value::Array(vec![host, Value::Int(port), name("id")]);
        let replica = node(name("10.0.0.9"), 7009);
        Value::Array(vec![Value::Int(first), Value::Int(last), node(host, port), replica])
    }

    fn name(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    #[test]
    fn hosts_are_as_announced_or_as_asked() {
        let teller = ConnectionAddr::Tcp("seed".to_owned(), 7000);
        let at = |first, last, host: &str, port| {
            let primary = ConnectionAddr::Tcp(host.to_owned(), port);
            Range { first, last, primary }
        };
        let answer = Value::Array(vec![
            range(0, 5460, name("10.0.0.1"), 7001),
            range(5461, 9, name(""), 7002),
            range(10, 20, Value::Nil, 7003),
            range(21, 30, name("?"), 7004),
        ]);
        let expected =
            [at(0, 5460, "10.0.0.1", 7001), at(5461, 9, "seed", 7002), at(10, 20, "seed", 7003)];
        assert_eq!(read(&answer, &teller).unwrap(), expected);
        assert_eq!(read(&Value::Array(vec![]), &teller), Some(vec![]));
    }

    #[test]
    fn what_is_not_understood_is_nothing() {
        let teller = ConnectionAddr::Tcp("seed".to_owned(), 7000);
        for odd in [
            Value::Nil,
            Value::Array(vec![Value::Nil]),
            Value::Array(vec![range(0, 16_384, name("h"), 1)]),
            Value::Array(vec![range(-1, 5, name("h"), 1)]),
            Value::Array(vec![range(0, 5, name("h"), 70_000)]),
            Value::Array(vec![range(0, 5, Value::Int(7), 1)]),
        ] {
            assert_eq!(read(&odd, &teller), None, "{odd:?}");
        }
    }
}
