//! What a server lacks of what the cache may ask of it: asked when it is first connected to, so that
//! its operators read it when the program starts and not when somebody first needs it.

use super::bounded::Bound;
use super::dial::{Destination, dial};
use crate::store::redis::report::{Lacks, Report};
use redis::{Cmd, Pipeline, RedisError, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Nobody waits for it.
const ASKING: Duration = Duration::from_secs(5);
/// The oldest version that the tests run on.
const OLDEST: (u32, u32) = (6, 2);

/// What does not work without a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    Storing,
    Invalidating,
    Patterns,
    Pinging,
    Figures,
    ReadingTogether,
    Measuring,
    SoftTags,
    OwnTags,
    Keeping,
}

impl For {
    fn in_words(self) -> &'static str {
        match self {
            Self::Storing => "values are not stored",
            Self::Invalidating => "invalidations fail",
            Self::Patterns => "patterns, `clear` and `count_keys` fail",
            Self::Pinging => "`ping` and `health` fail",
            Self::Figures => "`stats` knows nothing of the server",
            Self::ReadingTogether => {
                "functions with `tags` are not cached, reads that go together cost more"
            }
            Self::Measuring => {
                "what takes too long to read is read again as a whole, soft invalidations of tags fail"
            }
            Self::SoftTags => "soft invalidations of tags fail",
            Self::OwnTags => {
                "functions with `tags_with` are not cached, and those of other processes do not \
                 hear of this one's invalidations"
            }
            Self::Keeping => "`l1` is told of no change",
        }
    }
}

/// Each command with its arguments; `KEY` is a key that nobody has.
const QUESTIONS: &[(For, &[&str])] = &[
    (For::Figures, &["INFO", "server"]), // the one that is run
    (For::Storing, &["EVAL", "return 1", "0"]),
    (For::Storing, &["EVALSHA", "0000000000000000000000000000000000000000", "0"]),
    (For::Storing, &["SET", "KEY", "", "PX", "1", "XX"]),
    (For::Storing, &["DEL", "KEY"]),
    (For::Storing, &["PTTL", "KEY"]),
    (For::Storing, &["PEXPIRE", "KEY", "1"]),
    (For::Invalidating, &["UNLINK", "KEY"]),
    (For::Patterns, &["SCAN", "0", "MATCH", "KEY", "COUNT", "1"]),
    (For::Pinging, &["PING"]),
    (For::ReadingTogether, &["MGET", "KEY"]),
    (For::Measuring, &["STRLEN", "KEY"]),
    (For::SoftTags, &["SETRANGE", "KEY", "0", ""]),
    (For::OwnTags, &["ZADD", "KEY", "XX", "0", ""]),
    (For::OwnTags, &["ZSCORE", "KEY", ""]),
    (For::OwnTags, &["ZREMRANGEBYSCORE", "KEY", "0", "0"]),
    (For::Keeping, &["HELLO", "3"]),
    (For::Keeping, &["CLIENT TRACKING", "ON"]),
    (For::Keeping, &["MULTI"]), // and the other half of it would run all this
];

/// What is asked of a server. Nobody misses what functions with `l1` need where there are none.
fn questions(l1: bool) -> impl Iterator<Item = (For, &'static [&'static str])> {
    QUESTIONS.iter().copied().filter(move |(reason, _)| l1 || *reason != For::Keeping)
}

/// Has the report told what the server lacks, if it can be asked; answers whether it could. `l1`:
/// whether there are functions with it.
pub(super) async fn check(to: &Destination, prefix: &str, l1: bool, report: &Report) -> bool {
    match timeout(ASKING, ask(to, prefix, l1)).await {
        Ok(Some(answers)) => {
            if let Some(lacks) = judge(answers, l1) {
                report.lacks(&lacks);
            }
            true
        }
        _ => false,
    }
}

/// What the server answers.
///
/// On a connection of its own, which ends in mid-transaction: a server refuses what it does not know
/// or does not permit when it is queued, and runs none of it.
async fn ask(to: &Destination, prefix: &str, l1: bool) -> Option<Vec<Value>> {
    let key = format!("{prefix}:~check:{:016x}", fastrand::u64(..));
    let unbounded = Arc::new(Bound::none());
    let (mut pipeline, mut wire) =
        (Pipeline::new(), dial(to, &Arc::default(), &unbounded).await.ok()?);
    for (n, (_, words)) in questions(l1).enumerate() {
        let mut command = Cmd::new();
        let (name, arguments) = words.split_first()?;
        for word in name.split(' ').chain(arguments.iter().copied()) {
            command.arg(if word == "KEY" { key.as_str() } else { word });
        }
        pipeline.add_command(command);
        if n == 0 {
            pipeline.cmd("MULTI");
        }
    }
    let mut answers = wire.send_all(&pipeline, pipeline.len()).await.ok()?;
    answers.remove(1);
    Some(answers)
}

/// What it lacks by its answers.
fn judge(answers: Vec<Value>, l1: bool) -> Option<Lacks> {
    let (mut missing, mut version) = (Vec::<(For, Vec<&str>)>::new(), None);
    for ((reason, words), answer) in questions(l1).zip(answers) {
        let command = words.first().copied().unwrap_or_default();
        match answer.extract_error() {
            Err(error) if is_missing(&error) => match missing.last_mut() {
                Some((last, commands)) if *last == reason => commands.push(command),
                _ => missing.push((reason, vec![command])),
            },
            Ok(answer) if reason == For::Figures => version = old_version(answer),
            _ => {}
        }
    }
    let matters = missing.iter().any(|(r, _)| matches!(r, For::Storing | For::Invalidating));
    let mut what: Vec<_> = missing
        .iter()
        .map(|(reason, commands)| format!("{}: {}", commands.join(", "), reason.in_words()))
        .collect();
    what.extend(version);
    (!what.is_empty()).then(|| Lacks { what: what.join("; "), matters })
}

/// Whether the command is not there, or not for us. Everything else, such as a full server or a
/// script that is not known, says that it is.
fn is_missing(error: &RedisError) -> bool {
    let words = error.detail().unwrap_or_default();
    match error.code() {
        Some("NOPERM") => true,
        Some("ERR") => words.starts_with("unknown command") || words.contains("not allowed"),
        _ => false,
    }
}

fn old_version(answer: Value) -> Option<String> {
    let text = match answer {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok()?,
        Value::VerbatimString { text, .. } => text,
        _ => return None,
    };
    let version = text.lines().find_map(|line| line.trim().strip_prefix("redis_version:"))?;
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    let (major, minor) = (numbers.next()?, numbers.next()?);
    let (oldest, first) = OLDEST;
    ((major, minor) < OLDEST)
        .then(|| format!("version {major}.{minor} is older than what is tested, {oldest}.{first}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(info: &str) -> Option<Lacks> {
        let mut answers = vec![Value::Okay; QUESTIONS.len()];
        answers[0] = Value::BulkString(info.into());
        judge(answers, true)
    }

    #[test]
    fn an_old_version_is_named() {
        for (version, old) in [
            ("6.0.16", true),
            ("5.0.7", true),
            ("6.2.0", false),
            ("7.2.4", false),
            ("255.1", false),
        ] {
            let lacks = with(&format!("# Server\r\nredis_version:{version}\r\nx:y\r\n"));
            assert_eq!(lacks.is_some(), old, "{version}: {lacks:?}");
            assert!(lacks.is_none_or(|lacks| !lacks.matters && lacks.what.contains("version")));
        }
        assert_eq!(with("of another kind"), None);
    }
}
