//! What a node of a cluster says of itself, and to whom some of its slots are being moved.

use super::address::told;
use crate::key::whole::SLOTS;
use crate::store::walk::Own;
use redis::{ConnectionAddr, Value};

/// Reads the answer of `CLUSTER NODES` by the node at `teller`. Of others it says where they are, as
/// it knows them; `known` are the addresses by which we know them.
pub(crate) fn read(
    answer: &Value,
    teller: &ConnectionAddr,
    known: &[ConnectionAddr],
) -> Option<(Own, Vec<ConnectionAddr>)> {
    let text = match answer {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?,
        Value::VerbatimString { text, .. } | Value::SimpleString(text) => text,
        _ => return None,
    };
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    let has_flag = |line: &[&str], flag: &str| {
        line.get(2).is_some_and(|flags| flags.split(',').any(|own| own == flag))
    };
    let own = lines.iter().find(|line| has_flag(line, "myself"))?;
    let epoch = own.get(6)?.parse().ok()?;
    let (mut slots, mut going_to) = (Vec::new(), Vec::new());
    for part in own.get(8..)? {
        if let Some(move_) = part.strip_prefix('[') {
            // `[93-<-id]` is one that comes.
            if let Some((_, id)) = move_.trim_end_matches(']').split_once("->-") {
                let line = lines.iter().find(|line| line.first() == Some(&id))?;
                going_to.push(address(line.get(1)?, teller, known)?);
            }
            continue;
        }
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let slot = |text: &str| text.parse::<u16>().ok().filter(|slot| *slot < SLOTS);
        slots.push((slot(first)?, slot(last)?));
    }
    let names = going_to.iter().map(ToString::to_string).collect();
    Some((Own { address: teller.to_string(), slots, going_to: names, epoch }, going_to))
}

/// Whether each slot is of one of these nodes, so that no other one has keys.
pub(crate) fn have_all_slots(nodes: &[Own]) -> bool {
    let mut ends: Vec<_> = nodes.iter().flat_map(|node| node.slots.iter().copied()).collect();
    ends.sort_unstable();
    let mut next = 0;
    for (first, last) in ends {
        if first > next {
            return false;
        }
        next = next.max(last.saturating_add(1));
    }
    next >= SLOTS
}

/// `10.0.0.1:6379@16379,host`, of which perhaps only one is known to us.
fn address(
    text: &str,
    teller: &ConnectionAddr,
    known: &[ConnectionAddr],
) -> Option<ConnectionAddr> {
    let mut parts = text.split(',');
    let place = parts.next()?.split('@').next()?;
    let (host, port) = place.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let hosts = std::iter::once(host).chain(parts.next().filter(|name| !name.is_empty()));
    let addresses: Vec<_> = hosts.filter_map(|host| told(teller, host, port)).collect();
    let found = addresses.iter().find(|address| known.contains(address));
    found.or_else(|| addresses.first()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: &str = "\
aa 10.0.0.1:7001@17001,one.shop,,shard-id=x myself,master - 0 0 1 connected 0-99 101 [101->-bb] [7-<-cc]
bb 10.0.0.2:7002@17002 master - 0 1 2 connected 200-300
cc :7003@17003,three.shop master,fail - 0 1 3 connected 7
";

    fn at(host: &str, port: u16) -> ConnectionAddr {
        ConnectionAddr::Tcp(host.to_owned(), port)
    }

    fn said(text: &str, known: &[ConnectionAddr]) -> Option<(Own, Vec<ConnectionAddr>)> {
        read(&Value::BulkString(text.into()), &at("one.shop", 7001), known)
    }

    #[test]
    fn its_own_slots_and_where_they_go() {
        let (own, to) = said(NODES, &[]).unwrap();
        assert_eq!(own.address, "one.shop:7001");
        assert_eq!((own.slots, own.epoch), (vec![(0, 99), (101, 101)], 1));
        assert_eq!((own.going_to, to), (vec!["10.0.0.2:7002".into()], vec![at("10.0.0.2", 7002)]));
    }

    #[test]
    fn another_node_is_named_as_we_know_it() {
        let text = NODES.replace("7002@17002", "7002@17002,two.shop");
        for known in [at("two.shop", 7002), at("10.0.0.2", 7002)] {
            assert_eq!(said(&text, std::slice::from_ref(&known)).unwrap().1, [known]);
        }
    }

    #[test]
    fn what_is_not_understood_is_nothing() {
        for odd in ["", "aa 10.0.0.1:7001@17001 master - 0 0 1 connected 0-99", "x"] {
            assert_eq!(said(odd, &[]), None, "{odd}");
        }
        assert_eq!(said(&NODES.replace("->-bb", "->-zz"), &[]), None);
        assert_eq!(said(&NODES.replace("0-99", "0-x"), &[]), None);
    }

    #[test]
    fn who_has_no_slots_alone_may_be_unknown() {
        let all = |ranges: &[(u16, u16)]| {
            have_all_slots(&[Own { slots: ranges.to_vec(), ..Own::default() }])
        };
        assert!(all(&[(0, 16_383)]) && all(&[(8, 16_383), (0, 7)]) && all(&[(0, 9), (5, 16_383)]));
        for some in [&[][..], &[(0, 16_382)], &[(1, 16_383)], &[(0, 7), (9, 16_383)]] {
            assert!(!all(some), "{some:?}");
        }
    }
}
