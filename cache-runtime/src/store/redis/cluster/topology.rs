//! Which node has which slot: pure state. A node is whatever the caller has for an address.

use crate::key::whole::SLOTS;
use crate::store::redis::link::map::Range;
use redis::ConnectionAddr;

/// The most nodes that there are connections to: as many as Redis recommends for a whole cluster.
const MOST_NODES: usize = 1_000;
/// A node that somebody was sent to and that has no slots is kept while the map is learnt so often.
const KEPT: u8 = 3;
/// In the place of a node: nobody has this slot.
const NOBODY: u16 = u16::MAX;

/// The nodes of a cluster, and which has which slot.
#[derive(Debug)]
pub(super) struct Topology<N> {
    /// The place in `nodes` of the node that has the slot.
    owners: Box<[u16]>,
    nodes: Vec<Known<N>>,
}

#[derive(Debug, Clone)]
struct Known<N> {
    address: ConnectionAddr,
    node: N,
    /// How often the map was learnt since it had slots, or somebody was sent there.
    idle: u8,
}

impl<N: Clone> Topology<N> {
    pub(super) fn new() -> Self {
        Self { owners: vec![NOBODY; usize::from(SLOTS)].into(), nodes: Vec::new() }
    }

    /// The node that has `slot`.
    pub(super) fn owner(&self, slot: u16) -> Option<&N> {
        let place = *self.owners.get(usize::from(slot))?;
        self.nodes.get(usize::from(place)).map(|known| &known.node)
    }

    /// The nodes that have slots, each with its address.
    pub(super) fn primaries(&self) -> impl Iterator<Item = (&ConnectionAddr, &N)> {
        let mut has = vec![false; self.nodes.len()];
        for owner in &self.owners {
            if let Some(has) = has.get_mut(usize::from(*owner)) {
                *has = true;
            }
        }
        let all = self.nodes.iter().zip(has).filter(|(_, has)| *has);
        all.map(|(known, _)| (&known.address, &known.node))
    }

    /// Whether every slot has a node.
    pub(super) fn is_whole(&self) -> bool {
        !self.owners.contains(&NOBODY)
    }

    /// The nodes that have lost slots, by what a node says of all of them.
    pub(super) fn losers(&self, ranges: &[Range]) -> Vec<N> {
        let mut lost = self.owners.clone();
        for Range { first, last, primary } in ranges {
            let place = self.nodes.iter().position(|known| known.address == *primary);
            let slots = lost.get_mut(usize::from(*first)..=usize::from(*last));
            let slots = slots.into_iter().flatten();
            let own = slots.filter(|owner| Some(usize::from(**owner)) == place);
            own.for_each(|owner| *owner = NOBODY);
        }
        let has_lost = |place: usize| lost.iter().any(|owner| usize::from(*owner) == place);
        let all = self.nodes.iter().enumerate();
        all.filter(|(place, _)| has_lost(*place)).map(|(_, known)| known.node.clone()).collect()
    }

    /// The address of the node that has `slot`.
    pub(super) fn address(&self, slot: u16) -> Option<&ConnectionAddr> {
        let place = *self.owners.get(usize::from(slot))?;
        self.nodes.get(usize::from(place)).map(|known| &known.address)
    }

    /// Takes over what a node says of all slots. Nodes that have none any more go, but for those that
    /// somebody was sent to lately; `make` makes those that are new. Answers whether any node has lost
    /// all its slots: who has them then perhaps lacks what was written last. Not so where slots are
    /// moved while both are well.
    pub(super) fn learn(
        &mut self,
        ranges: &[Range],
        mut make: impl FnMut(&ConnectionAddr) -> N,
    ) -> bool {
        let mut nodes: Vec<Known<N>> = Vec::new();
        let mut owners: Box<[u16]> = vec![NOBODY; usize::from(SLOTS)].into();
        for Range { first, last, primary } in ranges {
            let place = nodes.iter().position(|known| known.address == *primary);
            let place = match place {
                Some(place) => place,
                None if nodes.len() >= MOST_NODES => continue,
                None => {
                    let node = self.find(primary).cloned().unwrap_or_else(|| make(primary));
                    nodes.push(Known { address: primary.clone(), node, idle: 0 });
                    nodes.len() - 1
                }
            };
            let place = u16::try_from(place).unwrap_or(NOBODY);
            let slots = owners.get_mut(usize::from(*first)..=usize::from(*last));
            slots.into_iter().flatten().for_each(|owner| *owner = place);
        }
        let mut left = false;
        for known in self.nodes.drain(..) {
            let has_slots = nodes.iter().any(|other| other.address == known.address);
            left |= !has_slots && known.idle == 0;
            if !has_slots && (1..KEPT).contains(&known.idle) && nodes.len() < MOST_NODES {
                nodes.push(Known { idle: known.idle + 1, ..known });
            }
        }
        (self.nodes, self.owners) = (nodes, owners);
        left
    }

    /// The node at `address`, to which somebody was sent; `None` where there are too many. If it has
    /// `slot` for good, that is noted.
    pub(super) fn sent_to(
        &mut self,
        address: &ConnectionAddr,
        slot: Option<u16>,
        make: impl FnOnce(&ConnectionAddr) -> N,
    ) -> Option<N> {
        let place = match self.nodes.iter().position(|known| known.address == *address) {
            Some(place) => place,
            None if self.nodes.len() >= MOST_NODES => return None,
            None => {
                let (address, node) = (address.clone(), make(address));
                self.nodes.push(Known { address, node, idle: 1 });
                self.nodes.len() - 1
            }
        };
        let known = self.nodes.get_mut(place)?;
        known.idle = known.idle.min(1);
        let node = known.node.clone();
        if let Some(owner) = slot.and_then(|slot| self.owners.get_mut(usize::from(slot))) {
            *owner = u16::try_from(place).unwrap_or(NOBODY);
        }
        Some(node)
    }

    /// Every node there is a connection to, with slots or without.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &N> {
        self.nodes.iter().map(|known| &known.node)
    }

    /// The node whose address reads like this.
    pub(super) fn named(&self, address: &str) -> Option<&N> {
        let known = self.nodes.iter().find(|known| known.address.to_string() == address);
        known.map(|known| &known.node)
    }

    fn find(&self, address: &ConnectionAddr) -> Option<&N> {
        self.nodes.iter().find(|known| known.address == *address).map(|known| &known.node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(host: &str) -> ConnectionAddr {
        ConnectionAddr::Tcp(host.to_owned(), 6379)
    }

    fn range(first: u16, last: u16, host: &str) -> Range {
        Range { first, last, primary: at(host) }
    }

    /// Nodes are what they are made in, counted.
    struct Made(u32);

    impl Made {
        fn make(&mut self) -> impl FnMut(&ConnectionAddr) -> u32 {
            |_| {
                self.0 += 1;
                self.0
            }
        }
    }

    fn primaries(map: &Topology<u32>) -> Vec<(String, u32)> {
        map.primaries().map(|(address, node)| (address.to_string(), *node)).collect()
    }

    fn three() -> (Topology<u32>, Made) {
        let (mut map, mut made) = (Topology::new(), Made(0));
        let thirds = [range(0, 5460, "a"), range(5461, 10922, "b"), range(10923, 16383, "c")];
        assert!(!map.learn(&thirds, made.make()));
        assert!(map.is_whole());
        (map, made)
    }

    #[test]
    fn a_slot_has_the_node_that_the_map_says() {
        let (mut map, mut made) = three();
        for (slot, owner) in [(0, 1), (5460, 1), (5461, 2), (10922, 2), (10923, 3), (16383, 3)] {
            assert_eq!(map.owner(slot), Some(&owner), "{slot}");
        }
        assert_eq!(map.owner(16_384), None);
        let thirds = [range(10923, 16383, "c"), range(0, 5460, "a"), range(5461, 10922, "b")];
        assert!(!map.learn(&thirds, made.make()));
        assert_eq!(made.0, 3, "in another order it is the same");
        assert_eq!((map.owner(0), map.owner(16383)), (Some(&1), Some(&3)));
    }

    #[test]
    fn who_has_lost_slots_is_known() {
        let (mut map, mut made) = three();
        let thirds = [range(0, 5460, "a"), range(5461, 10922, "b"), range(10923, 16383, "c")];
        assert!(map.losers(&thirds).is_empty());
        let moved = [range(0, 5461, "a"), range(5462, 10922, "b"), range(10923, 16383, "d")];
        assert_eq!(map.losers(&moved), [2, 3]);
        assert_eq!(map.losers(&thirds[1..]), [1], "also if nobody has them now");
        map.sent_to(&at("b"), Some(7), made.make());
        assert_eq!(map.losers(&thirds), [2]);
        assert_eq!(map.address(7), Some(&at("b")));
    }

    #[test]
    fn a_failover_moves_its_slots_alone_and_the_old_node_goes() {
        let (mut map, mut made) = three();
        let after = [range(0, 5460, "d"), range(5461, 10922, "b"), range(10923, 16383, "c")];
        assert!(map.learn(&after, made.make()), "it may lack what was written last");
        assert_eq!((map.owner(0), map.owner(5461), made.0), (Some(&4), Some(&2), 4));
        assert!(map.find(&at("a")).is_none());
    }

    #[test]
    fn slots_that_move_between_nodes_that_stay_are_no_loss() {
        let (mut map, mut made) = three();
        map.sent_to(&at("b"), Some(0), made.make());
        let after = [range(0, 5000, "b"), range(5001, 9999, "a"), range(10000, 16383, "c")];
        assert!(!map.learn(&after, made.make()));
        map.sent_to(&at("b"), Some(5001), made.make());
        let all = [range(0, 9999, "b"), range(10000, 16383, "c")];
        assert!(map.learn(&all, made.make()), "whichever slot was its last one");
    }

    #[test]
    fn slots_that_nobody_has_have_no_node() {
        let (mut map, mut made) = three();
        let after = [range(0, 5460, "a"), range(10923, 16383, "c")];
        assert!(map.learn(&after, made.make()));
        assert_eq!((map.owner(7000), map.is_whole()), (None, false));
        assert!(map.learn(&[], made.make()));
        assert_eq!(primaries(&map), []);
    }

    #[test]
    fn one_slot_is_moved_by_who_says_so() {
        let (mut map, mut made) = three();
        assert_eq!(map.sent_to(&at("b"), Some(7), made.make()), Some(2));
        assert_eq!((map.owner(6), map.owner(7), map.owner(8)), (Some(&1), Some(&2), Some(&1)));
        assert_eq!(map.sent_to(&at("b"), Some(7), made.make()), Some(2));
        assert_eq!(map.sent_to(&at("new"), Some(8), made.make()), Some(4));
        assert_eq!(map.owner(8), Some(&4));
    }

    #[test]
    fn who_is_asked_for_now_is_kept_for_a_while() {
        let (mut map, mut made) = three();
        assert_eq!(map.sent_to(&at("new"), None, made.make()), Some(4));
        assert_eq!(primaries(&map).len(), 3, "it has no slots");
        let thirds = [range(0, 5460, "a"), range(5461, 10922, "b"), range(10923, 16383, "c")];
        for _ in 1..KEPT {
            map.learn(&thirds, made.make());
            assert_eq!(map.find(&at("new")), Some(&4));
        }
        map.learn(&thirds, made.make());
        assert_eq!(map.find(&at("new")), None);
        map.sent_to(&at("new"), None, made.make());
        let with_new = [range(0, 5459, "a"), range(5460, 5460, "new"), range(5461, 16383, "b")];
        map.learn(&with_new, made.make());
        assert_eq!((map.owner(5460), made.0), (Some(&5), 5));
        assert_eq!(primaries(&map).len(), 3);
    }

    #[test]
    fn no_more_nodes_are_known_than_there_is_room_for() {
        let (mut map, mut made) = three();
        for n in 0..2 * MOST_NODES {
            map.sent_to(&at(&n.to_string()), Some(1), made.make());
        }
        assert_eq!(map.nodes.len(), MOST_NODES);
        assert_eq!(map.sent_to(&at("b"), Some(1), made.make()), Some(2));
        let slots = (0..=SLOTS - 1).map(|slot| range(slot, slot, &slot.to_string()));
        map.learn(&slots.collect::<Vec<_>>(), made.make());
        assert_eq!(map.nodes.len(), MOST_NODES);
        assert!(!map.is_whole() && map.owner(0).is_some());
    }
}
