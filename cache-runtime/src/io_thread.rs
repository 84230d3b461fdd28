//! The one thread of the process that drives connections for who has no runtime to do it: plain
//! functions, whose callers park, and renewals, which must not wait for a busy runtime.

use once_cell::sync::OnceCell;
use std::thread;
use tokio::runtime::{Builder, Handle};

/// The thread's runtime, started when it is first needed; `None` where none can be had.
pub(crate) fn handle() -> Option<&'static Handle> {
    static IO: OnceCell<Option<Handle>> = OnceCell::new();
    IO.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().ok()?;
        let handle = runtime.handle().clone();
        let thread = thread::Builder::new().name("cache-io".to_owned());
        // It lives as long as the process; connections end with their caches.
        thread.spawn(move || runtime.block_on(std::future::pending::<()>())).ok()?;
        Some(handle)
    })
    .as_ref()
}
