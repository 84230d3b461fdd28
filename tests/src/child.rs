//! Processes of their own, for what only a process can do: being killed, having an environment.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};

/// A command that runs one test of this program, alone, with a variable in its environment.
/// Without that variable, where no parent runs it, such a test returns at once.
pub fn own_process(test: &str, variable: &str, value: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(variable, value);
    command
}

/// Waits until a child whose output is piped has printed this line.
///
/// # Panics
///
/// If it ends without.
pub fn wait_for_line(child: &mut Child, wanted: &str) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = lines.map_while(Result::ok).any(|line| line == wanted);
    assert!(said, "it ended without having said: {wanted}");
}
