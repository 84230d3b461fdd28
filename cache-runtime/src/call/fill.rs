//! What becomes of a computed value: its bytes, and the step that stores them.

use crate::call::Active;
use crate::call::budget::Budget;
use crate::call::lease::Lease;
use crate::codec::envelope::{self, Envelope};
use crate::error::Error;
use crate::flight::single_flight::Leader;
use crate::plan::Plan;
use crate::plan::shape::Shape;
use crate::store::Act;
use std::time::Instant;

/// A value's bytes, behind its envelope.
pub(crate) struct Encoded {
    pub(crate) sealed: Vec<u8>,
    from: usize,
}

impl Encoded {
    /// The value alone.
    pub(crate) fn value(&self) -> &[u8] {
        self.sealed.get(self.from..).unwrap_or_default()
    }
}

/// The value's bytes, unless it is one that could not be read back.
pub(crate) fn encode<S: Shape>(
    call: &Active,
    plan: &Plan<S>,
    stored: &S::Stored,
    envelope: Envelope,
) -> Option<Encoded> {
    let sealed = plan.encode(stored, call.function.expected_size()).and_then(|mut bytes| {
        let length = bytes.len();
        envelope::seal(&call.key, envelope, &mut bytes)?;
        Ok(Encoded { from: bytes.len() - length, sealed: bytes })
    });
    match sealed {
        Ok(encoded) => {
            call.function.note_size(encoded.sealed.len());
            Some(encoded)
        }
        Err(error) => {
            call.codec_failed(&error);
            None
        }
    }
}

/// Whether the store says that a value was computed under a lease that is still good.
pub(crate) enum Confirmed {
    Yes,
    /// It was invalidated meanwhile, or it is not known.
    No,
    /// There is no store to say it.
    NobodyCan,
}

/// Fills, or gives the lease back, in one step that looks whether it is still ours.
pub(crate) async fn settle(
    call: &Active,
    budget: &mut Budget,
    leader: &Leader,
    lease: Lease<'_>,
    act: Act<'_>,
) -> Confirmed {
    let Some(within) = budget.left() else { return Confirmed::No };
    leader.asks();
    let sent = Instant::now();
    let settled = lease.settle(act, within).await;
    budget.charge(sent, settled.is_ok());
    match settled {
        Ok(true) => Confirmed::Yes,
        Ok(false) => {
            if matches!(act, Act::Fill(..)) {
                call.function.count_voided();
            }
            Confirmed::No
        }
        Err(error) => {
            call.store_failed(&error);
            match error {
                Error::Unavailable | Error::Refused(_) => Confirmed::NobodyCan,
                _ => Confirmed::No,
            }
        }
    }
}
