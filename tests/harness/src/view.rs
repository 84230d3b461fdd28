//! What a node of a cluster takes the cluster for.

use crate::server::RedisServer;
use std::ops::RangeInclusive;

/// What one node says of all.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) nodes: Vec<Seen>,
}

/// A node as one of them sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Where its clients find it.
    pub(crate) port: u16,
    flags: String,
    pub(crate) epoch: u64,
    ranges: Vec<Range>,
}

/// Slots that follow each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Range(u16, u16);

impl Range {
    pub(crate) fn len(&self) -> usize {
        self.whole().count()
    }

    fn whole(&self) -> RangeInclusive<u16> {
        self.0..=self.1
    }
}

impl Seen {
    pub(crate) fn has(&self, slot: u16) -> bool {
        self.ranges.iter().any(|range| range.whole().contains(&slot))
    }

    /// Whether it is who says this.
    pub(crate) fn is_itself(&self) -> bool {
        self.flags.contains("myself")
    }

    /// Nobody misses it, and it is no stranger any more.
    pub(crate) fn is_well(&self) -> bool {
        !["fail", "handshake", "noaddr"].iter().any(|flag| self.flags.contains(flag))
    }
}

impl View {
    /// Who has which slots.
    pub(crate) fn slots(&self) -> Vec<(Range, u16)> {
        let of = |seen: &Seen| {
            let port = seen.port;
            seen.ranges.iter().map(move |range| (range.clone(), port)).collect::<Vec<_>>()
        };
        let mut all: Vec<_> = self.nodes.iter().flat_map(of).collect();
        all.sort();
        all
    }
}

/// What those say who are up, with their numbers.
pub(crate) fn views(nodes: &[RedisServer]) -> Vec<(usize, View)> {
    let up = nodes.iter().enumerate().filter(|(_, node)| node.is_up());
    let say = |node: &RedisServer| node.try_command::<String>(&["CLUSTER", "NODES"]).ok();
    up.filter_map(|(number, node)| Some((number, parse(&say(node)?)))).collect()
}

/// `id ip:port@bus[,name] flags primary ping pong epoch link slot-slot [slot->-id] …`
fn parse(text: &str) -> View {
    let line = |line: &str| {
        let mut words = line.split(' ');
        let (address, flags) = (words.nth(1)?, words.next()?);
        let port = address.split('@').next()?.rsplit(':').next()?.parse().ok()?;
        let epoch = words.nth(3)?.parse().ok()?;
        let ranges = words.skip(1).filter(|word| !word.starts_with('['));
        let range = |word: &str| {
            let (from, to) = word.split_once('-').unwrap_or((word, word));
            Some(Range(from.parse().ok()?, to.parse().ok()?))
        };
        let ranges = ranges.filter_map(range).collect();
        Some(Seen { port, flags: flags.to_owned(), epoch, ranges })
    };
    View { nodes: text.lines().filter_map(line).collect() }
}
