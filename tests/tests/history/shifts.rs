//! What happens to a cluster in a run, at random: slots move and nodes change places. What a primary
//! has acknowledged and its replica has not heard of is lost with it, which is no fault of the cache:
//! who is killed here has been silenced before, and the replica has all.

use crate::faults::any;
use crate::functions::text;
use crate::record::now;
use cache_tests::{Cluster, DEADLINE, eventually_blocking};
use fastrand::Rng;
use std::time::Duration;

/// Six nodes, each primary of which goes on whatever becomes of the others.
pub fn cluster() -> Cluster {
    Cluster::builder().replicas().going_on().start()
}

/// Until the end: something shifts, then nothing for a while.
pub fn shift(cluster: &mut Cluster, (mut random, keys): (Rng, u64), until: Duration) {
    let mut done = [0; 3];
    while now() < until {
        let what = random.usize(..8);
        match what {
            0 => {
                let primary = holder(cluster, &mut random, keys).1;
                cluster.failover(cluster.partner(primary));
                cluster.settled();
            }
            1 => {
                let (slot, primary) = holder(cluster, &mut random, keys);
                cluster.node(primary).command::<()>(&["CLIENT", "PAUSE", "60000", "WRITE"]);
                cluster.in_step(primary);
                cluster.node_mut(primary).kill();
                eventually_blocking(DEADLINE, || cluster.owner(slot) != Some(primary));
                cluster.node_mut(primary).restart();
                cluster.settled();
            }
            _ => half_way(cluster, (&mut random, keys)),
        }
        done[what.min(2)] += 1;
        std::thread::sleep(Duration::from_millis(random.u64(..50)));
    }
    println!("{} failovers, {} killed, {} moves", done[0], done[1], done[2]);
}

/// A slot that is in use, and who has it.
fn holder(cluster: &Cluster, random: &mut Rng, keys: u64) -> (u16, usize) {
    let key = match random.u8(..6) {
        0 => (if random.bool() { "shop:~tag:all" } else { "shop:~tags" }).to_owned(),
        _ => format!("shop:{}", text(any(random, keys))),
    };
    let slot = cluster.slot(&key);
    (slot, cluster.owner(slot).unwrap())
}

/// Moves a part of a slot, leaves it at that for a while, and ends it, one way or the other.
fn half_way(cluster: &Cluster, (random, keys): (&mut Rng, u64)) {
    let (slot, from) = holder(cluster, random, keys);
    let to = holder(cluster, random, keys).1;
    if from == to {
        return;
    }
    let moving = cluster.begin_move(slot, to);
    for _ in 0..random.u32(..4) {
        for key in moving.left() {
            if random.bool() {
                moving.key(&key);
            }
        }
        std::thread::sleep(Duration::from_millis(random.u64(..40)));
    }
    if random.u8(..4) == 0 { moving.cancel() } else { moving.finish() }
}
