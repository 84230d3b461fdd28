//! Pauses between attempts that fail.

use std::time::Duration;

/// Pauses that double from one to the next, up to a longest one, each shortened by chance by up to
/// a half, so that not all who wait come back at once.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// The next pause. `random` is in `0.0..1.0`.
    pub(crate) fn pause(&mut self, random: f64) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause.mul_f64(0.5 + random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_chance_shortens_them() {
        let millis = Duration::from_millis;
        let mut backoff = Backoff::new(millis(50), millis(150));
        assert_eq!(backoff.pause(1.0), millis(50));
        assert_eq!(backoff.pause(0.0), millis(50));
        assert_eq!(backoff.pause(1.0), millis(150));
        assert_eq!(backoff.pause(1.0), millis(150));
    }
}
