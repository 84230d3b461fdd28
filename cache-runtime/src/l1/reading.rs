//! A read that is under way, and what is to be kept of it.

use super::coarse;
use super::lines::Line;
use super::stripes::Ticket;
use super::tags::Noted;
use std::time::Duration;

/// A read that is under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    pub(super) ticket: Ticket,
    /// By which connection.
    pub(super) line: Line,
    /// When it was sent, by the clock of ends, and by that of the machine.
    pub(super) sent: Duration,
    pub(super) at: u64,
}

impl Reading {
    pub(crate) fn begun(self) -> Begun {
        Begun { at: self.at }
    }

    /// Whether nobody says when what it brings is no more so.
    pub(crate) fn is_untracked(self) -> bool {
        self.line.is_none()
    }
}

/// A value to be kept, beside its type.
#[derive(Debug)]
pub(crate) struct Keeping {
    pub(crate) reading: Reading,
    /// What was noted of its tags before they were read.
    pub(crate) noted: Option<Noted>,
    /// For how long, from when it was asked for.
    pub(crate) life: Duration,
    /// After how long it is to be refreshed.
    pub(crate) early: Duration,
}

/// When something was sent, by the coarse clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    pub(super) at: u64,
}

impl Begun {
    pub(crate) fn now() -> Self {
        Self { at: coarse::now() }
    }
}
