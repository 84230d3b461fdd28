//! Servers do not outlive the program that started them, however that ends.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Is told who has been started and who has ended, and kills who is left when nobody is there to tell
/// it anything any more.
const WATCH: &str = r#"pids=" "
while read -r what pid; do
    case $what in
        started) pids="$pids$pid " ;;
        ended) pids="${pids%% $pid *} ${pids#* $pid }" ;;
    esac
done
[ "$pids" = " " ] || kill -9 $pids"#;

/// Has this process killed when the one that we are is gone, unless it [`ended`] before.
pub(crate) fn started(pid: u32) {
    tell("started", pid);
}

/// It is gone, and its number may be somebody else's soon.
pub(crate) fn ended(pid: u32) {
    tell("ended", pid);
}

fn tell(what: &str, pid: u32) {
    static WATCHER: OnceLock<Mutex<Child>> = OnceLock::new();
    let watcher = WATCHER.get_or_init(|| {
        let mut command = Command::new("sh");
        command.args(["-c", WATCH]).stdin(Stdio::piped()).stdout(Stdio::null());
        Mutex::new(command.stderr(Stdio::null()).spawn().unwrap())
    });
    let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
    // Where there is none any more, servers are killed where they are dropped all the same.
    let _ = watcher.stdin.as_mut().map(|input| writeln!(input, "{what} {pid}"));
}
