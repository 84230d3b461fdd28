//! How one command gets to the server.

use super::pool::Pool;
use super::wire::Wire;
use crate::error::Error;
use std::sync::Arc;

/// A way for one command.
pub(crate) enum Way {
    /// By this connection, whose generation is that.
    Ready(Wire, u64),
    /// By waiting for a connection that is being made.
    Wait(Arc<Pool>),
}

impl Way {
    pub(super) fn by(pool: &Arc<Pool>) -> Result<Self, Error> {
        match pool.pick() {
            Some(Ok((wire, generation))) => Ok(Self::Ready(wire, generation)),
            Some(Err(error)) => Err(error),
            None => Ok(Self::Wait(pool.clone())),
        }
    }
}
