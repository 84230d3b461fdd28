//! Values in this process, kept right by Redis' own pushes.
//!
//! One tracked connection carries the reads and the pushes in one order. A read notes how often
//! its key was heard of, and what it brings is kept only if that is still so. `steps` has the
//! protocol and its mistakes, `tagged` and `apart` have tags, and `vouch` how old what is served can be.

mod apart;
mod steps;
mod tagged;
mod vouch;

use crate::explore::{breaks, holds};
use steps::{Bug, I1, I2, I3, I5, I6, Model};

#[test]
fn what_is_kept_is_what_redis_has() {
    for flushes in [0, 1] {
        holds("l1", &Model { bug: Bug::None, flushes, owners: 0 });
    }
    holds("l1, whose key moves to another node", &Model { bug: Bug::None, flushes: 0, owners: 1 });
}

#[test]
fn every_known_mistake_with_l1_is_found() {
    let with = |bug| Model { bug, flushes: 0, owners: 0 };
    for (name, bug, promise) in [
        ("an insert that does not look whether a push came", Bug::NoCount, I2),
        ("an insert before the look whether a push came", Bug::InsertsThenLooks, I2),
        ("a push that removes and counts nothing", Bug::PushCountsNothing, I2),
        ("a push that is ignored", Bug::PushIgnored, I1),
        ("the second key of a push ignored", Bug::SecondKeyIgnored, I1),
        ("one's own fill is kept", Bug::KeepsOwnFill, I2),
        ("a fill by the tracked connection, with NOLOOP", Bug::NoLoop, I2),
        ("no removal once the local invalidation is answered", Bug::RemovesOnlyBefore, I3),
        ("entries kept over a lost connection", Bug::KeepsOverLoss, I6),
        ("a lost connection that does not count", Bug::LossCountsNothing, I6),
        ("reads before tracking is on", Bug::ReadsUntracked, I2),
        ("no look at the end of the life", Bug::NoEnd, I5),
    ] {
        breaks(name, &with(bug), promise);
    }
    breaks("a flush ignored", &Model { flushes: 1, ..with(Bug::FlushIgnored) }, I1);
    let moves = Model { owners: 1, ..with(Bug::OwnerIgnored) };
    breaks("a change of the owner that ends no generation", &moves, I1);
}
