//! A walk over all keys of several nodes, between which keys move meanwhile: pure state.
//!
//! A key that moves is on the node that it comes from until it is on the one that it goes to. So it
//! is missed only by who walks over the second before the first. A walk goes in an order in which
//! nodes that slots leave come first; and at its end it counts only if everything that has moved
//! meanwhile went along with that order. Else it begins again.

/// How often a walk begins at the most.
pub(super) const MOST_PASSES: u32 = 3;

/// How far a walk has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Walk {
    /// How often it has begun again; who counts begins again with it.
    pub(crate) pass: u32,
    /// The nodes, by their addresses, in the order in which they are walked over.
    pub(crate) order: Vec<String>,
    /// Which of them is next.
    pub(crate) place: usize,
    /// What the nodes said of themselves when it began.
    pub(crate) before: Vec<Own>,
    /// There are nodes that could not be asked: it comes to nothing for what they have.
    pub(crate) failed: bool,
}

/// What a node of a cluster says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Own {
    pub(crate) address: String,
    /// The slots that it has, by their ends.
    pub(crate) slots: Vec<(u16, u16)>,
    /// The addresses of nodes to which some of them are being moved.
    pub(crate) going_to: Vec<String>,
    /// Raised when it takes a slot over, unless no other node's is as high: so a slot that has gone
    /// and come back has raised one.
    pub(crate) epoch: u64,
}

/// What becomes of a walk that has gone over all nodes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// All keys were seen.
    Whole,
    /// Some may not have been; from the beginning.
    Again(Walk),
    /// Some may not have been, time after time.
    Never,
}

impl Walk {
    /// A walk that begins, by what the nodes say of themselves.
    pub(crate) fn begin(before: Vec<Own>, failed: bool) -> Self {
        Self { order: order(&before), before, failed, ..Self::default() }
    }

    /// What becomes of it at its end, by what they say then.
    pub(crate) fn end(self, after: Vec<Own>) -> End {
        let place = |address: &str| self.order.iter().position(|own| own == address);
        let along = |from: &str, to: &str| match (place(from), place(to)) {
            (Some(from), Some(to)) => from < to,
            _ => false,
        };
        if moves(&self.before, &after).iter().all(|(from, to)| along(from, to)) {
            return End::Whole;
        }
        let pass = self.pass + 1;
        if pass == MOST_PASSES {
            return End::Never;
        }
        End::Again(Self { pass, ..Self::begin(after, self.failed) })
    }
}

/// Nodes that slots leave before those that they go to. Where they go around in a circle, somewhere.
fn order(nodes: &[Own]) -> Vec<String> {
    let mut left: Vec<&str> = Vec::new();
    for node in nodes {
        for address in std::iter::once(&node.address).chain(&node.going_to) {
            if !left.contains(&address.as_str()) {
                left.push(address);
            }
        }
    }
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let comes_to = |address: &str| {
            nodes.iter().any(|from| {
                left.contains(&from.address.as_str())
                    && from.going_to.iter().any(|to| to == address)
            })
        };
        let next = left.iter().position(|address| !comes_to(address)).unwrap_or(0);
        order.push(left.remove(next).to_owned());
    }
    order
}

/// From where to where slots were moved, or begun to be. A slot that was nobody's comes from nowhere.
fn moves<'o>(before: &'o [Own], after: &'o [Own]) -> Vec<(&'o str, &'o str)> {
    let mut moves = Vec::new();
    for node in before.iter().chain(after) {
        moves.extend(node.going_to.iter().map(|to| (node.address.as_str(), to.as_str())));
    }
    for node in after {
        let was = before.iter().find(|old| old.address == node.address);
        if was.is_none_or(|old| old.epoch != node.epoch) {
            // It has taken slots over, perhaps of any other, and perhaps they are gone again.
            let others = before.iter().filter(|old| old.address != node.address);
            moves.extend(others.map(|old| (old.address.as_str(), node.address.as_str())));
        }
        for &(first, last) in &node.slots {
            for old in before.iter().filter(|old| old.address != node.address) {
                let took = old.slots.iter().any(|&(from, to)| from <= last && first <= to);
                if took {
                    moves.push((old.address.as_str(), node.address.as_str()));
                }
            }
            if was.is_none() {
                // Who was not there may have had keys before.
                moves.push(("", node.address.as_str()));
            }
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(address: &str, slots: &[(u16, u16)], going_to: &[&str]) -> Own {
        let going_to = going_to.iter().map(|to| (*to).to_owned()).collect();
        Own { address: address.to_owned(), slots: slots.to_vec(), going_to, epoch: 0 }
    }

    fn two(first: u16, going_to: &[&str]) -> Vec<Own> {
        vec![node("a", &[(0, first)], going_to), node("b", &[(first + 1, 99)], &[])]
    }

    #[test]
    fn where_nothing_moves_every_order_is_good() {
        let walk = Walk::begin(two(49, &[]), false);
        assert_eq!(walk.order, ["a", "b"]);
        assert_eq!(walk.end(two(49, &[])), End::Whole);
    }

    #[test]
    fn who_slots_leave_comes_first() {
        let nodes =
            [node("b", &[(50, 99)], &[]), node("c", &[], &["b"]), node("a", &[], &["c", "new"])];
        assert_eq!(order(&nodes), ["a", "c", "b", "new"]);
        let circle = [node("a", &[], &["b"]), node("b", &[], &["a"])];
        assert_eq!(order(&circle), ["a", "b"]);
    }

    #[test]
    fn what_moves_along_is_seen() {
        for after in [two(49, &["b"]), two(48, &[]), two(10, &["b"])] {
            let walk = Walk::begin(two(49, &["b"]), false);
            assert_eq!(walk.end(after.clone()), End::Whole, "{after:?}");
            let unforeseen = Walk::begin(two(49, &[]), false);
            assert_eq!(unforeseen.end(after), End::Whole);
        }
    }

    #[test]
    fn what_moves_against_the_order_may_be_missed() {
        let back = |first, going_to| {
            vec![node("b", &[(first + 1, 99)], going_to), node("a", &[(0, first)], &[])]
        };
        for after in [back(49, &["a"]), back(50, &[])] {
            let walk = Walk::begin(two(49, &[]), false);
            let End::Again(walk) = walk.end(after.clone()) else { panic!("{after:?}") };
            assert_eq!((walk.pass, walk.place, &walk.before), (1, 0, &after));
            assert_eq!(walk.order, ["b", "a"], "now it goes along");
        }
    }

    #[test]
    fn what_has_gone_and_come_back_may_be_missed() {
        let with_epoch = |epoch| {
            let mut nodes = two(49, &[]);
            nodes[0].epoch = epoch;
            nodes
        };
        assert!(matches!(Walk::begin(with_epoch(1), false).end(with_epoch(3)), End::Again(_)));
        assert_eq!(Walk::begin(with_epoch(3), false).end(with_epoch(3)), End::Whole);
    }

    #[test]
    fn who_was_not_there_may_have_had_some() {
        let mut after = two(49, &[]);
        after.push(node("new", &[(99, 99)], &[]));
        after[1].slots = vec![(50, 98)];
        assert!(matches!(Walk::begin(two(49, &[]), false).end(after), End::Again(_)));
    }

    #[test]
    fn it_does_not_begin_for_ever() {
        let circle = || vec![node("a", &[(0, 49)], &["b"]), node("b", &[(50, 99)], &["a"])];
        let mut walk = Walk::begin(circle(), true);
        for pass in 1..MOST_PASSES {
            let End::Again(again) = walk.end(circle()) else { panic!() };
            assert!(again.pass == pass && again.failed);
            walk = again;
        }
        assert_eq!(walk.end(circle()), End::Never);
    }
}
