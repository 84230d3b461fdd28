//! The protocols that G3, G4 and G5 rest on, as small transition systems that are searched
//! through completely: every order in which callers, processes, Redis, late messages, crashes
//! and expiries can meet, for two or three callers and one or two invalidations.
//!
//! Each file models one protocol as it is to be coded, shows that the promises hold in every
//! state, and then makes each known mistake on purpose and shows that the search finds it; the
//! shortest way there is printed (`cargo test -p cache-tests --test model -- --nocapture`).
//! Change a protocol here first, and in the code after.
//!
//! Not modelled: what Redis itself forgets in a failover, a journal lost with its process,
//! encodings, and how long a wait is (only that it ends).

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test throughout; clippy.toml allows these in tests, but sees only test functions"
)]

mod apart;
mod batch;
mod ended;
mod explore;
mod flight;
mod journal;
mod l1;
mod lease;
mod life;
mod own_tags;
mod pattern;
mod put;
mod redis;
mod refresh;
mod tags;
mod takeover;
mod wait;
mod walk;
