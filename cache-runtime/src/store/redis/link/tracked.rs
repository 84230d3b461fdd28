//! A value and what is left of its life, read by a connection that tracks: `MULTI`, and no script,
//! which would cost the server twice as much. Either way the key is tracked from then on.

use super::wire::Wire;
use redis::{RedisError, RedisResult, Value};
use std::time::Duration;

/// `MULTI`, `PTTL`, `GET`, `EXEC`.
const COMMANDS: usize = 4;

/// A value, and what is left of its life where that has an end.
pub(crate) type Found = Option<(Vec<u8>, Option<Duration>)>;

/// What there is under `key`. `None` where the answer is none that this can have.
pub(super) async fn read(wire: &mut Wire, key: &str) -> RedisResult<Option<Found>> {
    let mut commands = redis::Pipeline::with_capacity(COMMANDS);
    commands.cmd("MULTI").cmd("PTTL").arg(key).cmd("GET").arg(key).cmd("EXEC");
    found(wire.send_all(&commands, COMMANDS).await?)
}

fn found(answers: Vec<Value>) -> RedisResult<Option<Found>> {
    let answers: Result<Vec<_>, RedisError> =
        answers.into_iter().map(Value::extract_error).collect();
    let Some(Value::Array(both)) = answers?.pop() else { return Ok(None) };
    let both: Result<Vec<_>, RedisError> = both.into_iter().map(Value::extract_error).collect();
    let Ok([Value::Int(left), value]) = <[Value; 2]>::try_from(both?) else { return Ok(None) };
    Ok(match value {
        Value::Nil => Some(None),
        Value::BulkString(bytes) => {
            Some(Some((bytes, u64::try_from(left).ok().map(Duration::from_millis))))
        }
        _ => None,
    })
}
