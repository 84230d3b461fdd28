//! The command that reads one value.
//!
//! Each thread keeps one between two reads, so that writing it allocates nothing.

use redis::Cmd;
use std::cell::Cell;

thread_local! {
    static SPARE: Cell<Option<Cmd>> = const { Cell::new(None) };
}

/// A `GET`, which the thread has back when this is dropped. It is no longer than keys are.
pub(super) struct Get(Cmd);

impl Get {
    /// The thread's command, of the value of `key`. Whoever asks while another has it gets one of
    /// its own.
    pub(super) fn of(key: &str) -> Self {
        let spare = SPARE.try_with(Cell::take).unwrap_or_default(); // a thread that ends has none
        let mut command = spare.unwrap_or_default();
        command.arg("GET").arg(key);
        Self(command)
    }

    pub(super) fn as_cmd(&self) -> &Cmd {
        &self.0
    }
}

impl Drop for Get {
    fn drop(&mut self) {
        let mut command = std::mem::take(&mut self.0);
        command.clear();
        let _ = SPARE.try_with(|spare| spare.set(Some(command)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_of_its_own_key_alone() {
        let one = Get::of("p:a-long-one");
        let other = Get::of("p:b");
        drop(one);
        let again = Get::of("p:c");
        for (get, key) in [(other, "p:b"), (again, "p:c")] {
            let mut whole = Cmd::new();
            whole.arg("GET").arg(key);
            assert_eq!(get.as_cmd().get_packed_command(), whole.get_packed_command());
        }
    }
}
