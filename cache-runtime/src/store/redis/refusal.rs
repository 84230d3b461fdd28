//! What an error of the client library or the server means for the cache.

use crate::error::Error;
use redis::{ErrorKind, RedisError};

/// What a command was for: a refusal means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Reading a value, which every cached call begins with.
    Read,
    /// Looking at anything else; whoever asked gets to know, and calls go on.
    Look,
    /// Storing a value.
    Write,
    /// Storing one that is large: it may be what ends the connection, and then nothing else is wrong.
    Bulk,
    /// Changing anything else; whoever asked gets to know, and calls go on.
    Change,
}

impl Asked {
    /// Whether it may be sent again where nobody knows whether it has arrived.
    pub(super) fn changes_nothing(self) -> bool {
        matches!(self, Self::Read | Self::Look)
    }
}

/// What to make of an error.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The key holds something else.
    WrongType,
    /// This command was refused, by its error code; the connection is good.
    Refused(String),
    /// The connection or the server is of no use now, and why.
    Lost(String),
}

/// What the caller gets to know of an error. Who holds the connection is told by `lost` if it is of
/// no use any more, and why.
pub(super) fn learn(error: &RedisError, asked: Asked, lost: impl FnOnce(&str)) -> Error {
    match judge(error, asked) {
        Verdict::WrongType => Error::WrongType,
        Verdict::Refused(code) => Error::Refused(code),
        Verdict::Lost(reason) => {
            lost(&reason);
            error.code().map_or(Error::Unavailable, |code| Error::Refused(code.to_owned()))
        }
    }
}

/// Judges by the error's code, never by its text, which may hold arguments.
fn judge(error: &RedisError, asked: Asked) -> Verdict {
    let in_script = error.detail().filter(|_| error.code() == Some("ERR")).and_then(in_script);
    match in_script.or(error.code()) {
        None => Verdict::Lost(reason(error)),
        Some("WRONGTYPE") => Verdict::WrongType,
        Some(code) if concerns_everything(code) => Verdict::Lost(code.to_owned()),
        // Without the right to read there is nothing that the cache could do.
        Some("NOPERM") if asked == Asked::Read => Verdict::Lost("NOPERM".to_owned()),
        Some(code) => Verdict::Refused(said(code, error.detail())),
    }
}

/// The code of a command's refusal inside a script, which a server before Redis 7 hides in the
/// script's own: `Error running script (call to f_…): @user_script:1: -OOM command not allowed…`.
fn in_script(words: &str) -> Option<&'static str> {
    const CODES: &[&str] = &["WRONGTYPE", "READONLY", "OOM", "MISCONF", "NOREPLICAS"];
    let (_, mut said) =
        words.strip_prefix("Error running script (call to f_")?.split_once("): ")?;
    while let Some(place) = said.strip_prefix("@user_script:") {
        (_, said) = place.split_once(": ")?;
    }
    if said.starts_with("The user executing the script can't run") {
        return Some("NOPERM");
    }
    let code = said.trim_start_matches('-').split(' ').next()?;
    CODES.iter().find(|known| **known == code).copied()
}

/// What `ERR` means; by itself it says nothing. The server's words go on with our arguments, so
/// no more of them is kept than is known here.
const WORDS: &[&str] = &[
    "unknown command",
    "unknown subcommand",
    "wrong number of arguments",
    "Error compiling script",
    "Error running script",
    "This Redis command is not allowed",
    "command not allowed",
    "syntax error",
    "invalid expire time",
    "string exceeds maximum allowed size",
];

/// The code, and for `ERR` what is known of its meaning: `ERR unknown command 'EVALSHA'`.
fn said(code: &str, words: Option<&str>) -> String {
    let known = words.filter(|_| code == "ERR").and_then(|words| {
        let known = WORDS.iter().find(|known| words.starts_with(**known))?;
        Some((known, words.get(known.len()..)?))
    });
    let Some((known, rest)) = known else { return code.to_owned() };
    // Which command, where it is one: in quotes, and of letters alone.
    let mut quoted = rest.trim_start().split(['\'', '`', '"']);
    match (quoted.next(), quoted.next()) {
        (Some(""), Some(name))
            if name.len() < 16 && name.bytes().all(|b| b.is_ascii_alphabetic()) =>
        {
            format!("{code} {known} '{name}'")
        }
        _ => format!("{code} {known}"),
    }
}

/// Whether the connection has ended, or does now: that is what an error without a code of its own
/// is followed by where a value is too large for the protocol.
pub(super) fn closes(error: &RedisError) -> bool {
    error.is_connection_dropped() || error.code() == Some("ERR")
}

/// Codes with which a server refuses every command, whatever its key.
fn concerns_everything(code: &str) -> bool {
    matches!(code, "LOADING" | "BUSY" | "NOAUTH" | "WRONGPASS" | "MASTERDOWN" | "UNKILLABLE")
}

/// Whether a refused write says that the next one would be refused too: `READONLY`, `OOM`,
/// `MISCONF`, `NOREPLICAS`, `NOPERM` and what servers yet to come may say. Not so the codes that
/// concern one key's place in a cluster, nor those that have taken the connection down.
pub(super) fn suspends_writes(code: &str) -> bool {
    !concerns_everything(code)
        && !matches!(code, "MOVED" | "ASK" | "TRYAGAIN" | "CROSSSLOT" | "CLUSTERDOWN")
}

/// What the server said, where it refuses this and not everything.
pub(super) fn of_one(error: &RedisError) -> Option<String> {
    match (error.code(), error.kind()) {
        (Some(code), _) if !concerns_everything(code) => Some(greeting(error)),
        (None, ErrorKind::RESP3NotSupported) => Some("ERR unknown command 'HELLO'".to_owned()),
        _ => None,
    }
}

/// Why, for the log: a code, or what the system said. Never a text that the server made up from
/// our arguments.
pub(super) fn reason(error: &RedisError) -> String {
    match (error.code(), error.kind()) {
        (Some(code), _) => code.to_owned(),
        (None, ErrorKind::Io) => error.to_string(),
        (None, ErrorKind::Parse) => "it does not speak Redis' protocol".to_owned(),
        (None, _) => error.category().to_owned(),
    }
}

/// Why a connection was refused when it introduced itself. That exchange holds nothing of ours
/// that a server repeats, so its own words may be kept: "DB index is out of range".
pub(super) fn greeting(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(words)) => format!("{code} {words}"),
        _ => reason(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: &str) -> RedisError {
        redis::make_extension_error(code.to_owned(), Some("with arguments".to_owned()))
    }

    #[test]
    fn a_wrong_type_is_nobodys_fault() {
        assert_eq!(judge(&server("WRONGTYPE"), Asked::Read), Verdict::WrongType);
    }

    #[test]
    fn a_missing_right_matters_where_it_is_missing() {
        let error = server("NOPERM");
        assert_eq!(judge(&error, Asked::Read), Verdict::Lost("NOPERM".into()));
        assert_eq!(judge(&error, Asked::Write), Verdict::Refused("NOPERM".into()));
        assert!(suspends_writes("NOPERM"));
    }

    #[test]
    fn only_the_code_is_kept() {
        assert_eq!(judge(&server("OOM"), Asked::Write), Verdict::Refused("OOM".into()));
        assert_eq!(judge(&server("LOADING"), Asked::Write), Verdict::Lost("LOADING".into()));
        assert!(!suspends_writes("LOADING"));
        assert!(!suspends_writes("MOVED"));
        assert_eq!(
            judge(&server("CLUSTERDOWN"), Asked::Read),
            Verdict::Refused("CLUSTERDOWN".into())
        );
        assert!(!suspends_writes("CLUSTERDOWN"));
    }

    #[test]
    fn err_alone_says_nothing_so_what_is_known_of_it_is_kept() {
        for (words, expected) in [
            (
                "unknown command 'EVALSHA', with args beginning with: 'secret'",
                "ERR unknown command 'EVALSHA'",
            ),
            (
                "unknown command `EVAL`, with args beginning with: `x`,",
                "ERR unknown command 'EVAL'",
            ),
            ("unknown command 'secret:7'", "ERR unknown command"),
            ("unknown command secret 'EVAL'", "ERR unknown command"),
            ("Error running script (call to secret)", "ERR Error running script"),
            ("secret unknown command 'EVAL'", "ERR"),
            ("", "ERR"),
        ] {
            assert_eq!(said("ERR", Some(words)), expected);
        }
        assert_eq!(said("OOM", Some("unknown command 'EVAL'")), "OOM");
    }

    #[test]
    fn what_an_old_server_hides_in_a_script_is_found() {
        let hidden = |words: &str| {
            let words =
                format!("Error running script (call to f_d3c21d0c): @user_script:1: {words}");
            let error = redis::make_extension_error("ERR".to_owned(), Some(words));
            judge(&error, Asked::Write)
        };
        let refused = |code: &str| Verdict::Refused(code.to_owned());
        for (words, verdict) in [
            ("WRONGTYPE Operation against a key holding", Verdict::WrongType),
            ("@user_script: 1: -READONLY You can't write", refused("READONLY")),
            ("@user_script: 1: -OOM command not allowed", refused("OOM")),
            (
                "@user_script: 1: The user executing the script can't run this command",
                refused("NOPERM"),
            ),
            ("@user_script: 1: SECRET of the key", refused("ERR Error running script")),
            ("READONLYSECRET", refused("ERR Error running script")),
        ] {
            assert_eq!(hidden(words), verdict);
        }
    }

    #[test]
    fn a_transport_error_says_what_the_system_said() {
        let error = RedisError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(judge(&error, Asked::Look), Verdict::Lost("broken pipe".into()));
    }
}
