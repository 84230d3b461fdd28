//! Invalidation by pattern: a scan, which is not atomic, against fills.
//!
//! A scan visits the buckets in order and sees the keys that are in a bucket when it is there;
//! what it saw is deleted a step later. Lease and value of one key are two keys of Redis, so
//! they may lie in any bucket each.

use crate::explore::{Protocol, Steps, breaks, holds};
use crate::redis::{G3, Record, Reply, Slot, Value};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scan {
    /// One pass over the leases, and when Redis has acknowledged it, one over the values.
    LeasesThenValues,
    /// The same; the second pass leaves the leases alone.
    ValuesWithoutLeases,
    ValuesThenLeases,
    /// One pass over the values, each deleted together with its lease.
    ValuesOnly,
    /// One pass that matches values and leases.
    Together,
    /// The second pass does not wait until the deletions of the first are acknowledged.
    Pipelined,
}

struct Model {
    scan: Scan,
    /// The buckets of lease and value, for both keys.
    buckets: [(u8, u8); 2],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Computing(Value),
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    slots: [Slot; 2],
    /// Two callers for each key.
    callers: [[(Phase, u8); 2]; 2],
    record: Record,
    /// Pass and bucket of the scan.
    at: (u8, u8),
    /// Keys whose lease or value was seen and is about to be deleted.
    leases: [bool; 2],
    values: [bool; 2],
}

/// Neither called nor returned.
const BEFORE: u8 = 9;
const NAMES: [[&str; 2]; 2] = [["a of key 0", "b of key 0"], ["a of key 1", "b of key 1"]];

impl Model {
    fn caller(&self, s: &State, key: usize, i: usize, to: &mut Steps<State>) {
        let (who, (phase, must), token) = (NAMES[key][i], s.callers[key][i], i as u8);
        match phase {
            Phase::Idle => to.step(s, who, "asks for the lease", |n| {
                let must = n.record.returned;
                let next = match n.slots[key].acquire(token) {
                    Reply::Found(value) => {
                        n.record.serve(must, value);
                        Phase::Done
                    }
                    Reply::Ours => Phase::Computing(n.record.called),
                    Reply::Theirs => Phase::Idle,
                };
                n.callers[key][i] = (next, must);
            }),
            Phase::Computing(value) => to.step(s, who, "fills", |n| {
                n.slots[key].fill(token, value);
                n.callers[key][i] = (Phase::Done, must);
            }),
            Phase::Done => {}
        }
    }

    fn passes(&self) -> u8 {
        if matches!(self.scan, Scan::ValuesOnly | Scan::Together) { 1 } else { 2 }
    }

    /// What this pass looks for: leases, values.
    fn sought(&self, pass: u8) -> (bool, bool) {
        match self.scan {
            Scan::LeasesThenValues | Scan::ValuesWithoutLeases | Scan::Pipelined => {
                (pass == 0, pass == 1)
            }
            Scan::ValuesThenLeases => (pass == 1, pass == 0),
            Scan::ValuesOnly => (false, true),
            Scan::Together => (true, true),
        }
    }

    fn scan(&self, s: &State, to: &mut Steps<State>) {
        let (pass, bucket) = s.at;
        for key in 0..2 {
            if s.leases[key] {
                to.step(s, "redis", "deletes a lease that was seen", |n| {
                    n.slots[key].lease = None;
                    n.leases[key] = false;
                });
            }
            if s.values[key] {
                to.step(s, "redis", "deletes a value that was seen", |n| {
                    n.slots[key].value = None;
                    if self.scan != Scan::ValuesWithoutLeases {
                        n.slots[key].lease = None;
                    }
                    n.values[key] = false;
                });
            }
        }
        let pending = s.leases.contains(&true) || s.values.contains(&true);
        if pass == BEFORE {
            to.step(s, "writer", "calls invalidate_matching", |n| {
                n.record.called = 1;
                n.at = (0, 0);
            });
        } else if pass < self.passes() && (!pending || self.scan == Scan::Pipelined) {
            let what = if bucket == 0 { "scans bucket 0" } else { "scans bucket 1" };
            to.step(s, "writer", what, |n| {
                let (leases, values) = self.sought(pass);
                for (key, (lease_in, value_in)) in self.buckets.into_iter().enumerate() {
                    n.leases[key] |= leases && lease_in == bucket && n.slots[key].lease.is_some();
                    n.values[key] |= values && value_in == bucket && n.slots[key].value.is_some();
                }
                n.at = if bucket == 0 { (pass, 1) } else { (pass + 1, 0) };
            });
        } else if pass == self.passes() && !pending && s.record.returned == 0 {
            to.step(s, "writer", "hears that all is deleted", |n| n.record.returned = 1);
        }
    }
}

impl Protocol for Model {
    type State = State;

    fn start(&self) -> State {
        State {
            slots: [Slot::default(); 2],
            callers: [[(Phase::Idle, 0); 2]; 2],
            record: Record::default(),
            at: (BEFORE, 0),
            leases: [false; 2],
            values: [false; 2],
        }
    }

    fn steps(&self, s: &State, to: &mut Steps<State>) {
        for key in 0..2 {
            for i in 0..2 {
                self.caller(s, key, i, to);
            }
            if s.slots[key].lease.is_some() {
                to.step(s, "redis", "expires a lease", |n| n.slots[key].lease = None);
            }
        }
        self.scan(s, to);
    }

    fn broken(&self, s: &State) -> Option<&'static str> {
        s.record.broken
    }

    fn settled(&self, s: &State) -> bool {
        s.callers.iter().flatten().all(|c| c.0 == Phase::Done)
    }
}

/// Every way to spread a lease and a value over two buckets, two ways at a time.
const LAYOUTS: [[(u8, u8); 2]; 2] = [[(0, 1), (1, 0)], [(0, 0), (1, 1)]];

#[test]
fn two_passes_are_enough() {
    for buckets in LAYOUTS {
        for scan in [Scan::LeasesThenValues, Scan::ValuesWithoutLeases] {
            holds("pattern", &Model { scan, buckets });
        }
    }
}

#[test]
fn every_other_scan_lets_a_stale_fill_through() {
    let buckets = LAYOUTS[0];
    let breaks = |name, scan| breaks(name, &Model { scan, buckets }, G3);
    breaks("a scan that passed the value's bucket before the fill", Scan::ValuesOnly);
    breaks("one pass for values and leases", Scan::Together);
    breaks("values first, leases second", Scan::ValuesThenLeases);
    breaks("a second pass that does not wait for the first", Scan::Pipelined);
}
