//! Walking over all keys of a cluster: over each node's, while slots move between them.

use super::nodes::Cluster;
use crate::error::Error;
use crate::store::Cursor;
use crate::store::redis::keys::BEGINNING;
use crate::store::redis::link::node::{Directory as _, Node};
use crate::store::redis::link::own::{have_all_slots, read};
use crate::store::redis::link::redirect::Redirect;
use crate::store::redis::refusal::Asked;
use crate::store::walk::{End, Own, Walk};
use crate::together::all;
use redis::ConnectionAddr;
use std::time::{Duration, Instant};

/// Until the map is looked at again while it is old.
const PAUSE: Duration = Duration::from_millis(50);

impl Cluster {
    /// One page of the keys of all nodes. Of those that do not answer nothing is seen, which is said
    /// at the end: what is done to the keys of others is done.
    pub(crate) async fn scan(
        &self,
        pattern: &str,
        from: Option<&Cursor>,
        within: Duration,
    ) -> Result<(Vec<String>, Option<Cursor>), Error> {
        let begun = Instant::now();
        let walk = match from.and_then(|cursor| cursor.walk.as_deref()) {
            Some(walk) => walk.clone(),
            None => {
                let (nodes, failed) = self.owns(within).await?;
                Walk::begin(nodes, failed)
            }
        };
        let left = within.saturating_sub(begun.elapsed());
        let again = from.map_or(0, |cursor| cursor.again);
        let beginning =
            |walk| Cursor { again, walk: Some(Box::new(walk)), ..Cursor::at(BEGINNING.to_owned()) };
        let Some(address) = walk.order.get(walk.place) else {
            return Ok((Vec::new(), self.end(walk, left).await?.map(beginning)));
        };
        let page = match self.named(address) {
            Some(node) => node.scan(pattern, from, left).await,
            // It was there when the walk began.
            None => Err(Error::Unavailable),
        };
        match page {
            Ok((keys, Some(next))) => {
                // Who counts forgets what it has counted: of all nodes, that is.
                let place = if next.again == again { walk.place } else { 0 };
                let walk = Walk { place, ..walk };
                Ok((keys, Some(Cursor { walk: Some(Box::new(walk)), ..next })))
            }
            Ok((keys, None)) => Ok((keys, Some(beginning(next_node(walk, false))))),
            Err(Error::Unavailable | Error::Timeout) => {
                Ok((Vec::new(), Some(beginning(next_node(walk, true)))))
            }
            Err(error) => Err(error),
        }
    }

    /// What becomes of a walk that has gone over all nodes: the one that is to be gone now, if any.
    async fn end(&self, walk: Walk, within: Duration) -> Result<Option<Walk>, Error> {
        if walk.failed {
            return Err(Error::Unavailable);
        }
        let (after, failed) = self.owns(within).await?;
        if failed {
            return Err(Error::Unavailable);
        }
        match walk.end(after) {
            End::Whole => Ok(None),
            End::Again(walk) => Ok(Some(walk)),
            End::Never => Err(Error::Refused("TRYAGAIN".to_owned())),
        }
    }

    /// What the nodes that have slots say of themselves; and whether any did not. Where slots are of none
    /// of these, the map is old: it is waited for.
    async fn owns(&self, within: Duration) -> Result<(Vec<Own>, bool), Error> {
        let begun = Instant::now();
        self.settled(within).await?;
        loop {
            let left = within.saturating_sub(begun.elapsed());
            let (owns, failed) = self.owns_by_map(left).await?;
            if failed || have_all_slots(&owns) {
                return Ok((owns, failed));
            }
            self.doubt();
            if begun.elapsed() + PAUSE >= within {
                return Ok((owns, true));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// What those nodes say that have slots by the map.
    async fn owns_by_map(&self, left: Duration) -> Result<(Vec<Own>, bool), Error> {
        let nodes = self.addresses();
        let known: Vec<_> = nodes.iter().map(|(address, _)| address.clone()).collect();
        let asked = nodes.iter().map(|(address, node)| own(node, address, &known, left));
        let (mut owns, mut failed) = (Vec::with_capacity(nodes.len()), nodes.is_empty());
        for answer in all(asked).await {
            match answer {
                Ok((own, going_to)) => {
                    owns.push(own);
                    // Some have no slots yet, and so are not known.
                    for to in going_to.into_iter().filter(|to| !known.contains(to)) {
                        self.follow(&Redirect { slot: 0, to, asking: true });
                    }
                }
                Err(Error::Unavailable | Error::Timeout) => failed = true,
                Err(error) => return Err(error),
            }
        }
        Ok((owns, failed))
    }
}

async fn own(
    node: &Node,
    address: &ConnectionAddr,
    known: &[ConnectionAddr],
    within: Duration,
) -> Result<(Own, Vec<ConnectionAddr>), Error> {
    let mut nodes = redis::cmd("CLUSTER");
    nodes.arg("NODES");
    node.ask(nodes, Asked::Look, within, |reply| read(&reply, address, known)).await
}

fn next_node(walk: Walk, failed: bool) -> Walk {
    Walk { place: walk.place + 1, failed: walk.failed || failed, ..walk }
}
