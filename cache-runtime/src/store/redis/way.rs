//! How a command gets to the server.

use super::batch::Place;
use super::pool::{Phase, Pool};
use crate::error::Error;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, RedisResult, Value};
use std::sync::Arc;
use tokio::runtime::Handle;

/// A command, and where it goes.
pub(super) enum Way {
    /// By this connection, whose generation is that.
    Ready(Cmd, MultiplexedConnection, u64),
    /// Together with others.
    Joined(Place),
    /// By waiting for the first attempt to connect.
    Wait(Cmd, Arc<Pool>),
}

impl Pool {
    /// The way from the runtime `here`, which is the pool's; `join` is for a command that may go
    /// together with others.
    pub(super) fn way(
        self: &Arc<Self>,
        command: Cmd,
        join: bool,
        here: &Handle,
    ) -> Result<Way, Error> {
        let link = self.link.borrow();
        let command = if join && link.phase == Phase::Up {
            match self.reads.join(self, here, link.generation, command) {
                Ok(place) => return Ok(Way::Joined(place)),
                Err(command) => command,
            }
        } else {
            command
        };
        match self.pick(&link) {
            Some(Ok((connection, generation))) => Ok(Way::Ready(command, connection, generation)),
            Some(Err(error)) => Err(error),
            None => Ok(Way::Wait(command, self.clone())),
        }
    }
}

impl Way {
    /// Sends the command and waits for its answer. `generation` becomes that of the connection.
    pub(super) async fn take(self, generation: &mut u64) -> Result<RedisResult<Value>, Error> {
        let (command, mut connection, current) = match self {
            Self::Ready(command, connection, current) => (command, connection, current),
            Self::Joined(place) => {
                *generation = place.generation;
                return Ok(place.answer().await);
            }
            Self::Wait(command, pool) => {
                let (connection, current) = pool.connection().await?;
                (command, connection, current)
            }
        };
        *generation = current;
        Ok(connection.send_packed_command(&command).await)
    }
}
