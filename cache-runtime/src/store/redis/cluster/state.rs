//! What operators read of a cluster: what is true of all its nodes, or which one is bad.

use super::nodes::Cluster;
use crate::error::Error;
use crate::figures::stats::{BreakerState, ServerInfo};
use crate::store::Reachability;
use crate::together::all;
use std::time::{Duration, Instant};

impl Cluster {
    /// Whether all nodes answer.
    pub(crate) async fn ping(&self, within: Duration) -> Result<(), Error> {
        let begun = Instant::now();
        self.settled(within).await?;
        let left = within.saturating_sub(begun.elapsed());
        let nodes = self.primaries();
        all(nodes.iter().map(|node| node.ping(left))).await.into_iter().collect()
    }

    /// What the nodes say of themselves, added up; the version is the oldest.
    pub(crate) async fn info(&self, within: Duration) -> Result<ServerInfo, Error> {
        let begun = Instant::now();
        self.settled(within).await?;
        let left = within.saturating_sub(begun.elapsed());
        let nodes = self.primaries();
        let mut sum = ServerInfo::default();
        for info in all(nodes.iter().map(|node| node.info(left))).await {
            add(&mut sum, info?);
        }
        Ok(sum)
    }

    /// Out of reach if any node is: what it has is missing.
    pub(crate) fn reachability(&self) -> Reachability {
        let states: Vec<_> = self.primaries().iter().map(|node| node.reachability()).collect();
        let any = |state| states.contains(&state);
        if any(Reachability::Unreachable) {
            Reachability::Unreachable
        } else if any(Reachability::Reachable) {
            Reachability::Reachable
        } else {
            self.report.reachability()
        }
    }

    /// That of the node that has `slot`, if it is known which one has.
    pub(crate) fn reachability_of(&self, slot: u16) -> Reachability {
        self.owner(slot).map_or_else(|| self.reachability(), |node| node.reachability())
    }

    /// Which node is out of reach, if any is, and why.
    pub(crate) fn outage(&self) -> Option<String> {
        let nodes = self.primaries();
        let of_node = nodes.iter().find_map(|node| {
            let why = node.outage()?;
            Some(format!("{}: {why}", node.report.server()))
        });
        of_node.or_else(|| self.report.outage())
    }

    /// Open while any node is not asked.
    pub(crate) fn breaker_state(&self) -> BreakerState {
        let states: Vec<_> = self.primaries().iter().map(|node| node.breaker_state()).collect();
        let any = |state| states.contains(&state);
        match self.reachability() {
            Reachability::Unreachable => BreakerState::Open,
            _ if any(BreakerState::Open) => BreakerState::Open,
            _ if any(BreakerState::HalfOpen) => BreakerState::HalfOpen,
            _ => BreakerState::Closed,
        }
    }
}

fn add(sum: &mut ServerInfo, info: ServerInfo) {
    let plus = |sum: &mut Option<u64>, more: Option<u64>| {
        if let Some(more) = more {
            *sum = Some(sum.unwrap_or(0).saturating_add(more));
        }
    };
    plus(&mut sum.used_memory, info.used_memory);
    plus(&mut sum.max_memory, info.max_memory);
    plus(&mut sum.connected_clients, info.connected_clients);
    plus(&mut sum.keyspace_hits, info.keyspace_hits);
    plus(&mut sum.keyspace_misses, info.keyspace_misses);
    let number = |version: &str| -> Vec<u64> {
        version.split('.').map_while(|part| part.parse().ok()).collect()
    };
    sum.version = match (sum.version.take(), info.version) {
        (Some(one), Some(other)) if number(&other) < number(&one) => Some(other),
        (one, other) => one.or(other),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_added_and_the_oldest_version_counts() {
        let node = |version: &str, used| {
            let version = Some(version.to_owned());
            ServerInfo { version, used_memory: used, ..ServerInfo::default() }
        };
        let mut sum = ServerInfo::default();
        for info in [node("7.10.1", Some(5)), node("7.2.4", None), node("8.0.0", Some(7))] {
            add(&mut sum, info);
        }
        assert_eq!((sum.version.as_deref(), sum.used_memory), (Some("7.2.4"), Some(12)));
        assert_eq!(sum.max_memory, None);
    }
}
