//! What the protocols share: one key in Redis, and the record that the promises are read from.
//!
//! Every method of [`Slot`] is one command or one script, so one atomic step. Lives are not
//! counted here: that a lease or a value expires is a step that may happen at any time.

/// A value is known by the invalidations (a bit each) that had been called when its
/// computation began: nothing else about it matters to G3.
pub(crate) type Value = u8;

/// Never used twice: not for two acquisitions, nor for one that is sent again.
pub(crate) type Token = u8;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Slot {
    pub(crate) value: Option<Value>,
    pub(crate) lease: Option<Token>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    Found(Value),
    Ours,
    Theirs,
}

impl Slot {
    pub(crate) fn acquire(&mut self, token: Token) -> Reply {
        match (self.value, self.lease) {
            (Some(value), _) => Reply::Found(value),
            (None, Some(_)) => Reply::Theirs,
            (None, None) => {
                self.lease = Some(token);
                Reply::Ours
            }
        }
    }

    /// Whether it was stored.
    pub(crate) fn fill(&mut self, token: Token, value: Value) -> bool {
        let ours = self.release(token);
        if ours {
            self.value = Some(value);
        }
        ours
    }

    /// Whether it still was ours.
    pub(crate) fn release(&mut self, token: Token) -> bool {
        let ours = self.lease == Some(token);
        if ours {
            self.lease = None;
        }
        ours
    }

    pub(crate) fn seize(&mut self, token: Token) {
        self.lease = Some(token);
    }

    pub(crate) fn invalidate(&mut self) {
        *self = Self::default();
    }
}

pub(crate) const G3: &str = "G3: a value older than an invalidation that had returned";
pub(crate) const G4: &str = "G4: one body too many";

/// What an observer of the whole system would write down.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Record {
    /// Invalidations that have been called.
    pub(crate) called: u8,
    /// Those that have returned `Ok`: what a call that begins now must not be older than.
    pub(crate) returned: u8,
    /// Bodies that G4 excuses, less the bodies run beyond the first.
    spare: i8,
    pub(crate) broken: Option<&'static str>,
}

impl Record {
    /// A call that had to respect `must` when it began returns `value`.
    pub(crate) fn serve(&mut self, must: u8, value: Value) {
        if must & !value != 0 {
            self.broken = Some(G3);
        }
    }

    /// One of the exceptions that G4 names has happened: one more body is within the promise.
    pub(crate) fn excuse(&mut self) {
        self.spare += 1;
    }

    /// A body starts; what it returns is as new as this moment.
    pub(crate) fn body(&mut self) -> Value {
        self.spare -= 1;
        if self.spare < -1 {
            self.broken = Some(G4);
        }
        self.called
    }
}
