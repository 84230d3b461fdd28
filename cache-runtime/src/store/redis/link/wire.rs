//! The kinds of connection. No other file of the store names the client library's own types for
//! them, so that another kind (one that is pushed to, say) is one more variant here.

use super::alarm::{Alarm, Late};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, RedisResult, Value};
use std::pin::pin;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// A connection. Clones share it.
#[derive(Debug, Clone)]
pub(crate) enum Wire {
    /// Commands of many callers, one behind the other.
    Multiplexed { connection: MultiplexedConnection, driver: Arc<Driver> },
}

impl Wire {
    /// A connection with the future that moves its bytes, which tells `ended` when it ends.
    pub(super) fn driven(
        connection: MultiplexedConnection,
        driver: impl Future<Output = ()> + Send + 'static,
        ended: Arc<Notify>,
    ) -> Self {
        let task = tokio::spawn(async move {
            driver.await;
            ended.notify_one();
        });
        let alarm = Arc::new(Alarm::default());
        let watch = tokio::spawn(alarm.clone().watch());
        let tasks = [task, watch].map(|task| task.abort_handle());
        Self::Multiplexed { connection, driver: Arc::new(Driver { tasks, alarm }) }
    }

    /// [`send`](Self::send) for who waits no longer than until `deadline`.
    pub(crate) async fn send_by(
        &mut self,
        command: &Cmd,
        deadline: Instant,
    ) -> Result<RedisResult<Value>, Late> {
        match self {
            Self::Multiplexed { connection, driver } => {
                let sent = pin!(connection.send_packed_command(command));
                driver.alarm.by(deadline, sent).await
            }
        }
    }

    pub(crate) async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Multiplexed { connection, .. } => connection.send_packed_command(command).await,
        }
    }

    /// Sends a command about a key that is being moved to this node.
    pub(crate) async fn send_asking(&mut self, command: &Cmd) -> RedisResult<Value> {
        let mut both = Pipeline::with_capacity(2);
        both.cmd("ASKING").add_command(command.clone());
        // An answer that is missing is none that any command has.
        Ok(self.send_all(&both, 2).await?.pop().unwrap_or(Value::Array(Vec::new())))
    }

    /// Sends `count` commands as one message; an answer for each, errors of the server included.
    pub(crate) async fn send_all(
        &mut self,
        commands: &Pipeline,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        match self {
            Self::Multiplexed { connection, .. } => {
                connection.send_packed_commands(commands, 0, count).await
            }
        }
    }
}

/// The tasks that drive a connection and watch its deadlines, for as long as anybody uses that.
#[derive(Debug)]
pub(crate) struct Driver {
    tasks: [AbortHandle; 2],
    alarm: Arc<Alarm>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}
