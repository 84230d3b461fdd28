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

/// Of what kind a server is, and what it is used for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    /// There are functions with `l1`.
    pub(super) l1: bool,
    /// It is one of a cluster's.
    pub(super) in_cluster: bool,
}

/// What does not work without a command; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum For {
    Storing,
    Invalidating,
    Moving,
    Patterns,
    AllNodes,
    Pinging,
    Figures,
    ReadingTogether,
    Measuring,
    SoftTags,
    OwnTags,
    Keeping,
    KeepingTags,
}

impl For {
    fn in_words(self) -> &'static str {
        match self {
            Self::Storing => "values are not stored",
            Self::Invalidating => "invalidations fail",
            Self::Moving => {
                "while a slot is moved, what has moved is computed, and invalidations of it wait"
            }
            Self::Patterns | Self::AllNodes => "patterns, `clear` and `count_keys` fail",
            Self::Pinging => "`ping` and `health` fail",
            Self::Figures => "`stats` knows nothing of the server",
            Self::ReadingTogether => {
                "functions with `tags` are not cached, reads that go together cost more"
            }
            Self::Measuring => "what takes too long to read is read again as a whole",
            Self::SoftTags => "soft invalidations of tags fail",
            Self::OwnTags => {
                "functions with `tags_with` are not cached, and those of other processes do not \
                 hear of this one's invalidations"
            }
            Self::Keeping => "`l1` is told of no change",
            Self::KeepingTags => "`l1` keeps nothing that has tags",
        }
    }

    /// Whether cached functions suffer from it.
    fn matters(self) -> bool {
        matches!(self, Self::Storing | Self::Invalidating | Self::Moving)
    }

    /// Whether a server that is used like this is missed for it.
    fn concerns(self, used: Use) -> bool {
        match self {
            Self::Keeping => used.l1,
            Self::KeepingTags => used.l1 && used.in_cluster,
            Self::Moving | Self::AllNodes => used.in_cluster,
            // There each key has a command of its own.
            Self::ReadingTogether => !used.in_cluster,
            _ => true,
        }
    }
}

/// What is asked behind it is not run.
const BEGIN: &[&str] = &["MULTI"];

/// Each command with its arguments; `KEY` is a key that nobody has.
const QUESTIONS: &[(For, &[&str])] = &[
    (For::Figures, &["INFO", "server"]),
    (For::Keeping, &["EXEC"]), // of nothing, which is an error
    (For::Keeping, BEGIN),
    (For::Storing, &["EVAL", "return 1", "0"]),
    (For::Storing, &["EVALSHA", "0000000000000000000000000000000000000000", "0"]),
    (For::Storing, &["SET", "KEY", "", "PX", "1", "XX"]),
    (For::Storing, &["DEL", "KEY"]),
    (For::Storing, &["PTTL", "KEY"]),
    (For::Storing, &["PEXPIRE", "KEY", "1"]),
    (For::Invalidating, &["UNLINK", "KEY"]),
    (For::Moving, &["ASKING"]),
    (For::Patterns, &["SCAN", "0", "MATCH", "KEY", "COUNT", "1"]),
    (For::AllNodes, &["CLUSTER NODES"]),
    (For::Pinging, &["PING"]),
    (For::ReadingTogether, &["MGET", "KEY"]),
    (For::KeepingTags, &["MGET", "KEY"]),
    (For::Measuring, &["STRLEN", "KEY"]),
    (For::SoftTags, &["SETRANGE", "KEY", "0", ""]),
    (For::OwnTags, &["ZADD", "KEY", "XX", "0", ""]),
    (For::OwnTags, &["ZSCORE", "KEY", ""]),
    (For::OwnTags, &["ZREMRANGEBYSCORE", "KEY", "0", "0"]),
    (For::Keeping, &["HELLO", "3"]),
    (For::Keeping, &["CLIENT TRACKING", "ON"]),
];

/// What is asked of a server. Nobody misses what others need.
fn questions(used: Use) -> impl Iterator<Item = (For, &'static [&'static str])> {
    let asked = move |(reason, words): &(For, &[&str])| reason.concerns(used) || *words == BEGIN;
    QUESTIONS.iter().copied().filter(asked)
}

/// Has the report told what the server lacks, if it can be asked; answers whether it could.
pub(super) async fn check(to: &Destination, prefix: &str, used: Use, report: &Report) -> bool {
    match timeout(ASKING, ask(to, prefix, used)).await {
        Ok(Some(answers)) => {
            if let Some(lacks) = judge(answers, used) {
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
async fn ask(to: &Destination, prefix: &str, used: Use) -> Option<Vec<Value>> {
    let key = format!("{prefix}:~check:{:016x}", fastrand::u64(..));
    let unbounded = Arc::new(Bound::none());
    let mut wire = dial(to, &Arc::default(), &unbounded).await.ok()?;
    let mut pipeline = Pipeline::new();
    for (_, words) in questions(used) {
        pipeline.add_command(command(words, &key));
    }
    wire.send_all(&pipeline, pipeline.len()).await.ok()
}

fn command(words: &[&str], key: &str) -> Cmd {
    let (mut command, mut words) = (Cmd::new(), words.iter());
    // `CLIENT TRACKING` are two words.
    let name = words.next().into_iter().flat_map(|name| name.split(' '));
    for word in name.chain(words.copied()) {
        command.arg(if word == "KEY" { key } else { word });
    }
    command
}

/// What it lacks by its answers.
fn judge(answers: Vec<Value>, used: Use) -> Option<Lacks> {
    let (mut missing, mut version) = (Vec::<(For, &str)>::new(), None);
    for ((reason, words), answer) in questions(used).zip(answers) {
        match answer.extract_error() {
            Err(error) if is_missing(&error) && reason.concerns(used) => {
                missing.push((reason, words.first().copied().unwrap_or_default()));
            }
            Ok(answer) if reason == For::Figures => version = old_version(answer),
            _ => {}
        }
    }
    missing.sort_by_key(|(reason, _)| *reason);
    let matters = missing.iter().any(|(reason, _)| reason.matters());
    let alike = missing.chunk_by(|(one, _), (other, _)| one.in_words() == other.in_words());
    let mut what: Vec<_> = alike
        .map(|alike| {
            let commands: Vec<_> = alike.iter().map(|(_, command)| *command).collect();
            let reason = alike.first().map_or("", |(reason, _)| reason.in_words());
            format!("{}: {reason}", commands.join(", "))
        })
        .collect();
    what.extend(version);
    (!what.is_empty()).then(|| Lacks { what: what.join("; "), matters })
}

/// Whether the command is not there, or not for us. Everything else, such as a full server or a
/// script that is not known, says that it is.
fn is_missing(error: &RedisError) -> bool {
    let words = error.detail().unwrap_or_default();
    match error.code() {
        // What comes of `EXEC` where it is not permitted.
        Some("NOPERM" | "EXECABORT") => true,
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
        judge(vec![Value::BulkString(info.into())], Use { l1: false, in_cluster: false })
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
