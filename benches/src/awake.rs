//! Cores that do not sleep.
//!
//! One caller at a time leaves every core idle between two answers. How deep a core sleeps then, and
//! how long it takes to wake it, differs from machine to machine and with the smallest change of what
//! runs where: by several times what the calls cost.

use rustix::process::nice;
use std::hint::spin_loop;
use std::os::unix::process::parent_id;
use std::process::{Child, Command};
use std::thread::available_parallelism;

/// A process for each core, which has what nobody else wants of it. Ends them when it is dropped.
#[derive(Debug)]
pub(crate) struct Awake(Vec<Child>);

impl Awake {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let cores = available_parallelism().unwrap().get();
        let own = std::process::id().to_string();
        let process = || Command::new(&program).args(["--awake", &own]).spawn().unwrap();
        Self(std::iter::repeat_with(process).take(cores).collect())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for process in &mut self.0 {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

/// What each of the processes does, for as long as the one with the number `parent` lives.
pub(crate) fn stay_awake(parent: u32) {
    const LOWEST: i32 = 19;
    nice(LOWEST).unwrap();
    while parent_id() == parent {
        (0..1_000_000).for_each(|_| spin_loop());
    }
}
