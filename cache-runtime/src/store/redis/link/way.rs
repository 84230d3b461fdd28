//! How one command gets to the server.

use super::pool::Pool;
use super::wire::Wire;
use crate::error::Error;
use redis::{Cmd, RedisResult, Value};
use std::sync::Arc;

/// A command on its way.
pub(crate) struct Way(To);

enum To {
    /// By this connection, whose generation is that.
    Ready(Cmd, Wire, u64),
    /// By waiting for the first attempt to connect.
    Wait(Cmd, Arc<Pool>),
}

impl Way {
    pub(super) fn by(pool: &Arc<Pool>, command: Cmd) -> Result<Self, Error> {
        match pool.pick() {
            Some(Ok((wire, generation))) => Ok(Self(To::Ready(command, wire, generation))),
            Some(Err(error)) => Err(error),
            None => Ok(Self::wait(pool.clone(), command)),
        }
    }

    pub(super) fn wait(pool: Arc<Pool>, command: Cmd) -> Self {
        Self(To::Wait(command, pool))
    }

    /// Sends the command and waits for its answer. `generation` becomes that of the connection.
    pub(crate) async fn take(self, generation: &mut u64) -> Result<RedisResult<Value>, Error> {
        let (command, mut wire, current) = match self.0 {
            To::Ready(command, wire, current) => (command, wire, current),
            To::Wait(command, pool) => {
                let (wire, current) = pool.wire().await?;
                (command, wire, current)
            }
        };
        *generation = current;
        Ok(wire.send(&command).await)
    }
}
