//! A value, what is left of its life and the tokens of its tags, read by a connection that tracks:
//! `MULTI`, and no script, which would cost the server twice as much. Either way all of these keys are
//! tracked from then on.

use super::wire::Wire;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::store::tag::{TagToken, Tokens};
use redis::{RedisError, RedisResult, Value};
use std::time::Duration;

/// `MULTI`, `PTTL`, `GET`, `EXEC`.
const COMMANDS: usize = 4;
/// With `MGET` of the tags.
const WITH_TAGS: usize = COMMANDS + 1;

/// A value, and what is left of its life where that has an end.
pub(crate) type Found = Option<(Vec<u8>, Option<Duration>)>;

/// What there is under `key`, and the tokens of `tags`. `None` where the answer is none that this can
/// have.
pub(super) async fn read(
    wire: &mut Wire,
    key: &str,
    tags: &Tags,
) -> RedisResult<Option<(Found, Tokens)>> {
    let mut commands = redis::Pipeline::with_capacity(WITH_TAGS);
    commands.cmd("MULTI").cmd("PTTL").arg(key).cmd("GET").arg(key);
    let mut count = COMMANDS;
    if !tags.is_empty() {
        count = WITH_TAGS;
        commands.cmd("MGET").arg(tags.iter().map(Key::whole).collect::<Vec<_>>());
    }
    commands.cmd("EXEC");
    found(wire.send_all(&commands, count).await?, tags.len())
}

/// The tokens of tags, whichever slots they are in. `None` as above.
pub(super) async fn tokens(wire: &mut Wire, tags: &[Key]) -> RedisResult<Option<Tokens>> {
    let mut commands = redis::Pipeline::with_capacity(tags.len());
    for tag in tags {
        // Of a key of another type it answers that there is none.
        commands.cmd("MGET").arg(tag.whole());
    }
    let answers = each(wire.send_all(&commands, tags.len()).await?)?;
    let tokens = answers.into_iter().map(|answer| match answer {
        Value::Array(mut only) => token(only.pop()?),
        _ => None,
    });
    Ok(tokens.collect())
}

fn found(answers: Vec<Value>, tags: usize) -> RedisResult<Option<(Found, Tokens)>> {
    let Some(Value::Array(parts)) = each(answers)?.pop() else { return Ok(None) };
    let mut parts = each(parts)?.into_iter();
    let (Some(Value::Int(left)), Some(value)) = (parts.next(), parts.next()) else {
        return Ok(None);
    };
    let tokens = match (parts.next(), tags) {
        (None, 0) => Some(Tokens::default()),
        (Some(Value::Array(tokens)), _) => tokens.into_iter().map(token).collect(),
        _ => None,
    };
    let Some(tokens) = tokens.filter(|tokens| tokens.len() == tags) else { return Ok(None) };
    let found = match value {
        Value::Nil => None,
        Value::BulkString(bytes) => {
            Some((bytes, u64::try_from(left).ok().map(Duration::from_millis)))
        }
        _ => return Ok(None),
    };
    Ok(Some((found, tokens)))
}

fn each(answers: Vec<Value>) -> Result<Vec<Value>, RedisError> {
    answers.into_iter().map(Value::extract_error).collect()
}

/// What is no token, or of another type, is none.
fn token(part: Value) -> Option<Option<TagToken>> {
    match part {
        Value::BulkString(bytes) => Some(TagToken::read(&bytes)),
        Value::Nil => Some(None),
        _ => None,
    }
}
