//! How one command gets to the server.

use super::pool::Pool;
use super::wire::Wire;
use crate::error::Error;
use redis::{Cmd, RedisResult, Value};
use std::sync::Arc;

/// A command on its way.
pub(crate) struct Way {
    pub(crate) command: Cmd,
    to: To,
}

enum To {
    /// By this connection, whose generation is that.
    Ready(Wire, u64),
    /// By waiting for a connection that is being made.
    Wait(Arc<Pool>),
}

impl Way {
    pub(super) fn by(pool: &Arc<Pool>, command: Cmd) -> Result<Self, Error> {
        match pool.pick() {
            Some(Ok((wire, generation))) => Ok(Self { command, to: To::Ready(wire, generation) }),
            Some(Err(error)) => Err(error),
            None => Ok(Self::wait(pool.clone(), command)),
        }
    }

    pub(super) fn wait(pool: Arc<Pool>, command: Cmd) -> Self {
        Self { command, to: To::Wait(pool) }
    }

    /// Sends the command and waits for its answer. `generation` becomes that of the connection.
    pub(crate) async fn take(&mut self, generation: &mut u64) -> Result<RedisResult<Value>, Error> {
        match &mut self.to {
            To::Ready(wire, current) => {
                *generation = *current;
                Ok(wire.send(&self.command).await)
            }
            To::Wait(pool) => {
                let mut wire = pool.wire(generation).await?;
                Ok(wire.send(&self.command).await)
            }
        }
    }
}
