//! What operators get to read: once per outage, whatever the number of calls and of pools.

use super::super::Reachability;
use crate::figures::measure;
use crate::sync::{Mutex, lock};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A point in time, in microseconds since the store was made, never zero.
pub(super) type Moment = u64;

/// What a server lacks of what the cache may ask of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lacks {
    /// In words, by what does not work: `SCAN: patterns fail`.
    pub(super) what: String,
    /// Whether cached functions suffer from it.
    pub(super) matters: bool,
}

/// What is known of one server, for all pools together.
#[derive(Debug)]
pub(super) struct Report {
    /// Its address, without user or password.
    server: String,
    origin: Instant,
    /// When the outage began; zero: there is none.
    down: AtomicU64,
    /// When the last outage ended, or the first connection was made; zero: never.
    up: AtomicU64,
    /// Why it is down, as last said.
    reason: Mutex<String>,
    /// The code of the last refused write.
    code: Mutex<String>,
    /// It was said that it does not say what changes.
    untracked: AtomicBool,
    /// It was said that it is one of a cluster's.
    in_cluster: AtomicBool,
    /// It was said that a sentinel does not say by itself which is the primary.
    unheard: AtomicBool,
}

impl Report {
    pub(super) fn new(server: String) -> Self {
        Self {
            server,
            origin: Instant::now(),
            down: AtomicU64::new(0),
            up: AtomicU64::new(0),
            reason: Mutex::default(),
            code: Mutex::default(),
            untracked: AtomicBool::new(false),
            in_cluster: AtomicBool::new(false),
            unheard: AtomicBool::new(false),
        }
    }

    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// The machine's time and not the cache's clock: what is on the network does not stand
    /// still with a clock that a test has stopped.
    pub(super) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    pub(super) fn moment(&self) -> Moment {
        u64::try_from(self.now().as_micros()).unwrap_or(u64::MAX).max(1)
    }

    /// Something that was begun or connected at `since` has turned out to be no good.
    ///
    /// What was made before the last recovery says nothing new: its outage has been reported,
    /// and is over.
    pub(super) fn lost(&self, since: Moment, reason: &str) {
        let up = self.up.load(Ordering::Acquire);
        if up != 0 && since < up {
            return;
        }
        let begun =
            self.down.compare_exchange(0, self.moment(), Ordering::AcqRel, Ordering::Acquire);
        let news = {
            let mut last = lock(&self.reason);
            let news = *last != reason;
            reason.clone_into(&mut last);
            news
        };
        if begun.is_ok() {
            measure::breaker(&self.server, true);
            tracing::warn!(
                target: "cache_runtime",
                server = %self.server,
                reason = %reason,
                "Redis is out of reach; cached functions run without it until it is back",
            );
        } else if news && is_refusal(reason) {
            // The server is there and refuses us: somebody has to act.
            tracing::info!(
                target: "cache_runtime",
                server = %self.server,
                reason = %reason,
                "Redis is still out of reach",
            );
        }
    }

    /// A pool is connected. Answers since when.
    pub(super) fn regained(&self) -> Moment {
        let now = self.moment();
        let begun = self.down.swap(0, Ordering::AcqRel);
        measure::breaker(&self.server, false);
        if begun != 0 {
            self.up.store(now, Ordering::Release);
            tracing::info!(
                target: "cache_runtime",
                server = %self.server,
                outage = ?Duration::from_micros(now.saturating_sub(begun)),
                "Redis is back",
            );
        } else if self.up.compare_exchange(0, now, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            tracing::info!(target: "cache_runtime", server = %self.server, "connected to Redis");
        }
        now
    }

    pub(super) fn reachability(&self) -> Reachability {
        if self.down.load(Ordering::Acquire) != 0 {
            Reachability::Unreachable
        } else if self.up.load(Ordering::Acquire) != 0 {
            Reachability::Reachable
        } else {
            Reachability::Untried
        }
    }

    /// Whether there was no connection ever.
    pub(super) fn never_was_up(&self) -> bool {
        self.up.load(Ordering::Acquire) == 0
    }

    /// Why it is out of reach, if it is.
    pub(super) fn outage(&self) -> Option<String> {
        (self.reachability() == Reachability::Unreachable).then(|| lock(&self.reason).clone())
    }

    /// The code that suspended writes are refused with.
    pub(super) fn refused_with(&self) -> String {
        lock(&self.code).clone()
    }

    pub(super) fn remember_refusal(&self, code: &str) {
        code.clone_into(&mut lock(&self.code));
    }

    pub(super) fn is_of_a_cluster(&self) {
        if !self.in_cluster.swap(true, Ordering::AcqRel) {
            tracing::warn!(
                target: "cache_runtime",
                server = %self.server,
                "this Redis is a node of a cluster, and what is on other nodes is not cached: use \
                 `redis-cluster://`",
            );
        }
    }

    /// It is asked every second instead.
    pub(super) fn hears_nothing(&self, sentinel: &str, why: &str) {
        if !self.unheard.swap(true, Ordering::AcqRel) {
            tracing::info!(
                target: "cache_runtime",
                server = %self.server,
                sentinel = %sentinel,
                lacks = %why,
                "the sentinel does not say when another one is the primary (`SUBSCRIBE`); it is asked every \
                 second instead",
            );
        }
    }

    pub(super) fn leads_astray(&self, node: &str) {
        tracing::warn!(
            target: "cache_runtime",
            server = %self.server,
            node = %node,
            "the Redis cluster says that it has a node there, which cannot be reached from here; behind \
             a NAT, or in containers, its nodes must announce where clients reach them \
             (`cluster-announce-ip`, `cluster-announce-port`, `cluster-announce-hostname`)",
        );
    }

    pub(super) fn leaves_alone(&self, key: &str) {
        tracing::warn!(
            target: "cache_runtime",
            server = %self.server,
            key = %key,
            "this key's value is too large: it takes connections down, or Redis does; the key is left alone \
             for a minute at a time",
        );
    }

    pub(super) fn lacks(&self, lacks: &Lacks) {
        if lacks.matters {
            tracing::warn!(
                target: "cache_runtime",
                server = %self.server,
                lacks = %lacks.what,
                "Redis does not let us do everything; the cache goes on with what works",
            );
        } else {
            tracing::info!(
                target: "cache_runtime",
                server = %self.server,
                lacks = %lacks.what,
                "Redis does not let us do everything; cached functions do not need it",
            );
        }
    }

    pub(super) fn writes_refused(&self, code: &str) {
        tracing::warn!(
            target: "cache_runtime",
            server = %self.server,
            code = %code,
            "Redis refuses to store; cached functions go on without storing until it does again",
        );
    }

    /// Said once, and again when it was different in between.
    pub(super) fn cannot_track(&self, why: &str, without: bool) {
        if self.untracked.swap(true, Ordering::AcqRel) {
            return;
        }
        let then = match without {
            true => "what functions with `l1 = \"…\"` keep in this process is served for that long",
            false => "functions with `l1` keep nothing in this process",
        };
        tracing::warn!(
            target: "cache_runtime",
            server = %self.server,
            reason = %why,
            "Redis does not say what changes (`CLIENT TRACKING`): {then}",
        );
    }

    pub(super) fn tracks(&self) {
        if self.untracked.swap(false, Ordering::AcqRel) {
            tracing::info!(target: "cache_runtime", server = %self.server, "Redis says what changes");
        }
    }

    pub(super) fn writes_resumed(&self) {
        tracing::info!(target: "cache_runtime", server = %self.server, "Redis stores again");
    }
}

/// Whether a reason is one of the server's own, which begin with a code in capitals: `NOAUTH`.
fn is_refusal(reason: &str) -> bool {
    let code = reason.split(' ').next().unwrap_or_default();
    code.len() > 1 && code.chars().all(|c| c.is_ascii_uppercase())
}
