//! A script as a command: by its hash, and in full where the server has not seen it.

use redis::{Cmd, Script};

/// A script and what the server knows it by.
pub(super) struct Hashed {
    source: &'static str,
    hash: String,
}

impl Hashed {
    pub(super) fn new(source: &'static str) -> Self {
        Self { source, hash: Script::new(source).get_hash().to_owned() }
    }

    /// The command that the server understands once it has seen the script.
    pub(super) fn by_hash<K: AsRef<str>>(&self, keys: &[K], arguments: &[&[u8]]) -> Cmd {
        command("EVALSHA", &self.hash, keys, arguments)
    }

    /// The command that it always understands.
    pub(super) fn in_full<K: AsRef<str>>(&self, keys: &[K], arguments: &[&[u8]]) -> Cmd {
        command("EVAL", self.source, keys, arguments)
    }
}

fn command<K: AsRef<str>>(name: &str, script: &str, keys: &[K], arguments: &[&[u8]]) -> Cmd {
    let mut command = with_room(name, script, keys, arguments);
    command.arg(script).arg(keys.len());
    for key in keys {
        command.arg(key.as_ref());
    }
    for argument in arguments {
        command.arg(*argument);
    }
    command
}

/// An empty command that need not grow while these are written into it.
fn with_room<K: AsRef<str>>(name: &str, script: &str, keys: &[K], arguments: &[&[u8]]) -> Cmd {
    const NUMBER: usize = 20; // of keys: the most digits it can have
    let keys_len = keys.iter().map(|key| key.as_ref().len()).sum::<usize>();
    let arguments_len = arguments.iter().map(|argument| argument.len()).sum::<usize>();
    let bytes = name.len() + script.len() + NUMBER + keys_len + arguments_len;
    let mut command = Cmd::with_capacity(3 + keys.len() + arguments.len(), bytes);
    command.arg(name);
    command
}
