//! The breaker and the flights under a model checker: loom runs each test in every order in which
//! their threads can meet (up to a number of preemptions), also with the reorderings that the
//! memory model allows.
//!
//! The files under test are the product's own, compiled here a second time: their `crate::sync` is
//! loom's kind of locks and atomics. (`--cfg loom` for the whole build would take Tokio's network
//! away, and with it the Redis client.)
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs, dead_code, unreachable_pub, unexpected_cfgs)] // what the product has and the models do not use

#[path = "../../../cache-runtime/src/store/breaker.rs"]
mod breaker;
mod breakers;
#[path = "../../../cache-runtime/src/figures/mod.rs"]
mod figures;
mod flights;
#[path = "../../../cache-runtime/src/flight/journal.rs"]
mod journal;
#[path = "../../../cache-runtime/src/flight/landing.rs"]
mod landing;
#[path = "../../../cache-runtime/src/key/set.rs"]
mod set;
#[path = "../../../cache-runtime/src/flight/single_flight.rs"]
mod single_flight;
mod sync;
#[path = "../../../cache-runtime/src/key/tags.rs"]
mod tags;
#[path = "../../../cache-runtime/src/key/whole.rs"]
mod whole;

// By the paths that those files know each other by.
mod flight {
    pub(crate) use crate::{journal, landing};
}

mod key {
    pub(crate) use crate::{set, tags, whole};
}

mod plan {
    pub mod shape {
        pub type SharedError = Box<dyn std::any::Any + Send>;
    }
}

mod timers {
    pub fn available() -> bool {
        true
    }
}

/// Explores `test`. Three preemptions find nearly everything, and end.
fn explore(test: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(test);
}
