//! The kinds of runs, and the rules that each is judged by.

use crate::check::Rules;
use crate::functions::{BRIEF, STALE};
use crate::history::Kind;
use cache_runtime::Cache;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::time::Duration;

/// A slow machine's excuse; nothing here is a measurement.
const SLACK: Duration = Duration::from_secs(5);

/// What is larger is nobody's value.
pub const MAX_SIZE: usize = 1 << 20;

/// What happens in a run.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Profile {
    /// For humans.
    pub name: Name,
    /// Invalidations, puts, refreshes, errors, panics and cancelled calls.
    pub disturbed: bool,
    /// Processes are killed and replaced.
    pub killed: bool,
    /// Networks and the server fail.
    pub faults: bool,
    /// Somebody else writes into the keys of leases.
    pub meddled: bool,
    /// On a cluster.
    pub sharded: bool,
    /// Its slots move, and its nodes change places.
    pub shifting: bool,
    /// Only what processes keep is called, seldom changed, and each has ids of its own that others
    /// seldom ask for: a value that is kept for too long stays until its calls show it, and is not
    /// replaced by others before.
    pub seldom: bool,
    /// The connections alone are cut, again and again, that say what has changed.
    pub cut: bool,
    /// Ids per function.
    pub keys: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Name {
    Calm,
    Busy,
    Killed,
    Faulty,
    Meddled,
    Sharded,
    Shifting,
    Seldom,
    Cut,
}

impl Profile {
    pub fn of(name: Name) -> Self {
        let seldom = matches!(name, Name::Seldom | Name::Cut);
        Self {
            name,
            disturbed: name != Name::Calm,
            killed: matches!(name, Name::Killed | Name::Faulty | Name::Shifting),
            faults: name == Name::Faulty,
            meddled: name == Name::Meddled,
            sharded: matches!(name, Name::Sharded | Name::Shifting),
            shifting: name == Name::Shifting,
            seldom,
            cut: name == Name::Cut,
            keys: if seldom { 9 } else { 3 },
        }
    }

    /// How long the processes are at it. A failover takes some seconds.
    pub fn lasts(self) -> Duration {
        Duration::from_millis(match self.name {
            Name::Shifting => 8_000,
            Name::Seldom | Name::Cut => 4_000,
            _ => 2_500,
        })
    }

    pub fn kinds(self) -> &'static [Kind] {
        if self.seldom { &[Kind::Kept, Kind::Both, Kind::Told] } else { &Kind::ALL }
    }

    /// The ids that a call of this process may be about.
    pub fn ids(self, process: u64, random: &mut Rng) -> Range<u64> {
        // Where connections are cut few values are computed, and those of others are to be seen all the same.
        let foreign = if self.cut { 30 } else { 400 };
        if self.seldom && random.u16(..foreign) > 0 {
            let first = process % 3 * 3;
            return first..first + 3;
        }
        0..self.keys
    }

    /// One in so many calls may be disturbed, or a write. Where connections are cut these are few: each
    /// takes away what was kept for too long.
    pub fn disturbed_in(self) -> Option<u8> {
        let many = match self.name {
            Name::Cut => 80,
            Name::Seldom => 30,
            _ => 1,
        };
        self.disturbed.then_some(many)
    }

    fn troubled(self) -> bool {
        self.faults || self.shifting
    }

    /// Where nothing fails, nothing may time out either: the machine is shared.
    fn timeout(self) -> Duration {
        Duration::from_millis(match (self.faults, self.shifting) {
            (true, _) => 100,
            (false, true) => 500,
            (false, false) => 2_000,
        })
    }

    /// Who waits for what nobody holds is to be late for every excuse.
    fn wait(self) -> Duration {
        match (self.troubled(), self.waits_for_bodies_alone()) {
            (true, _) => Duration::from_secs(1),
            (false, true) => 4 * SLACK,
            (false, false) => Duration::from_secs(4),
        }
    }

    /// Where nobody is killed, what is waited for comes: two calls that wait for each other do it to the
    /// end of their wait.
    fn waits_for_bodies_alone(self) -> bool {
        !self.killed
    }

    /// How much of a wait is allowed: for bodies alone, which are short.
    fn waits(self) -> Duration {
        if self.waits_for_bodies_alone() { Duration::from_secs(1) } else { self.wait() }
    }

    pub fn cache(self, url: &str) -> Cache {
        let builder = Cache::builder().url(url).prefix("shop").max_size(MAX_SIZE);
        builder.timeout(self.timeout()).wait(self.wait()).build().unwrap()
    }

    pub fn rules(self) -> Rules {
        let lease = Duration::from_secs(2);
        Rules {
            life: |kind| match kind {
                Kind::Brief | Kind::Early => BRIEF,
                Kind::Stale => BRIEF + STALE,
                Kind::Lasting
                | Kind::Tagged
                | Kind::Saying
                | Kind::Kept
                | Kind::Both
                | Kind::Told => Duration::from_secs(600),
            },
            // What was held back in the network arrives later, but under a lease alone.
            fill_delay: if self.troubled() { lease } else { Duration::ZERO } + SLACK / 20,
            answer_delay: self.timeout() + SLACK / 5,
            patience: self.timeout() + self.waits() + SLACK,
            wait: self.wait(),
            lease: lease.mul_f64(0.75),
            trouble: self.troubled(),
        }
    }
}
