//! The machine's time, some milliseconds late, for next to nothing. Read from the system at each
//! look: what a thread noted now and then would be old when a stopped process goes on.

/// Nanoseconds of a clock that never goes back.
#[cfg(all(feature = "l1", any(target_os = "linux", target_os = "android")))]
#[inline]
pub(super) fn now() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::MonotonicCoarse);
    // Of a clock that counts from the start of the machine.
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// The same where there is no coarse one.
#[cfg(not(all(feature = "l1", any(target_os = "linux", target_os = "android"))))]
pub(super) fn now() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    let since = ORIGIN.get_or_init(Instant::now).elapsed();
    // From one, since zero is before everything.
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX).saturating_add(1)
}
