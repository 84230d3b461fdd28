//! The deadlines of those who wait for one connection, kept by one timer.
//!
//! A timer for each command costs more than all else that a call does to send it, and who sets the
//! only timer that there is wakes the runtime's driver, a system call. Here a task sleeps until the
//! earliest deadline that there was when it looked last. Who comes later has a later one, as a rule,
//! and has been answered when it wakes.

use crate::sync::{Mutex, lock};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

/// For who waits for ever: the addition of more would overflow.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// There was no answer in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Late;

impl From<Elapsed> for Late {
    fn from(_: Elapsed) -> Self {
        Self
    }
}

/// The end of a wait that begins now.
pub(crate) fn deadline(within: Duration) -> Instant {
    Instant::now() + within.min(FOR_EVER)
}

/// Tells those who wait that it is too late.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    waiting: Mutex<Waiting>,
    /// There is a deadline before the one that the task sleeps until.
    earlier: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    places: Vec<Place>,
    /// The place that is taken next, if it is one of these.
    free: usize,
    /// When the task looks next; `None` while nobody waits.
    next: Option<Instant>,
    /// The task has ended with its runtime.
    ended: bool,
}

#[derive(Debug)]
enum Place {
    /// With the free place behind it.
    Free(usize),
    Waits(Instant, Waker),
    Late,
}

impl Alarm {
    /// The output of `future`, if it is there before `deadline`.
    // Pinned by the caller: it is large, and an `async fn` holds its arguments twice.
    pub(super) async fn by<F: Future>(
        &self,
        deadline: Instant,
        mut future: Pin<&mut F>,
    ) -> Result<F::Output, Late> {
        let mut waiter = Waiter { alarm: self, place: None };
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending if waiter.is_late(deadline, context) => Poll::Ready(Err(Late)),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Tells who is late, for as long as it is polled.
    pub(super) async fn watch(self: Arc<Self>) {
        let alarm = Ending(self);
        loop {
            let earlier = alarm.0.earlier.notified();
            match alarm.0.ring(Instant::now()) {
                Some(next) => drop(timeout_at(next, earlier).await),
                None => earlier.await,
            }
        }
    }

    /// Tells all whose deadline is not after `now`. Answers which is the next.
    fn ring(&self, now: Instant) -> Option<Instant> {
        let mut late = Vec::new();
        let mut waiting = lock(&self.waiting);
        let mut next: Option<Instant> = None;
        for place in &mut waiting.places {
            match place {
                Place::Waits(deadline, _) if *deadline > now => {
                    next = Some(next.map_or(*deadline, |next| next.min(*deadline)));
                }
                Place::Waits(..) => {
                    if let Place::Waits(_, waker) = std::mem::replace(place, Place::Late) {
                        late.push(waker);
                    }
                }
                Place::Free(_) | Place::Late => {}
            }
        }
        waiting.next = next;
        drop(waiting);
        // Outside of the lock, which the woken need.
        late.into_iter().for_each(Waker::wake);
        next
    }
}

/// Nobody is to wait for an alarm that nobody rings.
struct Ending(Arc<Alarm>);

impl Drop for Ending {
    fn drop(&mut self) {
        lock(&self.0.waiting).ended = true;
        self.0.ring(deadline(FOR_EVER) + FOR_EVER);
    }
}

/// One that waits, with its place.
struct Waiter<'a> {
    alarm: &'a Alarm,
    place: Option<usize>,
}

impl Waiter<'_> {
    /// Whether it is too late. If not, the task of `context` is woken when it is.
    fn is_late(&mut self, deadline: Instant, context: &Context<'_>) -> bool {
        let mut waiting = lock(&self.alarm.waiting);
        let Some(place) = self.place else {
            if waiting.ended {
                return true;
            }
            self.place = Some(waiting.take(Place::Waits(deadline, context.waker().clone())));
            let earlier = waiting.next.is_none_or(|next| deadline < next);
            if earlier {
                waiting.next = Some(deadline);
                drop(waiting);
                self.alarm.earlier.notify_one();
            }
            return false;
        };
        match waiting.places.get_mut(place) {
            Some(Place::Waits(_, waker)) => {
                waker.clone_from(context.waker());
                false
            }
            _ => true,
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let Some(place) = self.place else { return };
        let mut waiting = lock(&self.alarm.waiting);
        let left = waiting.leave(place);
        drop(waiting);
        drop(left); // a waker is the code of others
    }
}

impl Waiting {
    fn take(&mut self, place: Place) -> usize {
        let at = self.free;
        match self.places.get_mut(at) {
            Some(free) => {
                if let Place::Free(behind) = std::mem::replace(free, place) {
                    self.free = behind;
                }
            }
            None => {
                self.places.push(place);
                self.free = self.places.len();
            }
        }
        at
    }

    fn leave(&mut self, at: usize) -> Option<Place> {
        let place = self.places.get_mut(at)?;
        let left = std::mem::replace(place, Place::Free(self.free));
        self.free = at;
        Some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use std::future::{pending, ready};
    use std::pin::pin;

    const SECOND: Duration = Duration::from_secs(1);

    fn alarm() -> Arc<Alarm> {
        let alarm = Arc::new(Alarm::default());
        drop(tokio::spawn(alarm.clone().watch()));
        alarm
    }

    /// Waits for what does not come. Answers after how many seconds that was too late.
    async fn late_after(alarm: &Alarm, seconds: u32) -> Duration {
        let begun = Instant::now();
        assert_eq!(alarm.by(deadline(seconds * SECOND), pin!(pending::<()>())).await, Err(Late));
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn each_is_told_at_its_own_deadline() {
        let alarm = alarm();
        for seconds in [[3, 1, 2], [1, 2, 3], [2, 2, 1]] {
            let [one, two, three] = seconds.map(|seconds| late_after(&alarm, seconds));
            let waited = tokio::join!(one, two, three);
            assert_eq!([waited.0, waited.1, waited.2], seconds.map(|seconds| seconds * SECOND));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_later_with_an_earlier_deadline_is_told_in_time() {
        let alarm = alarm();
        let one = late_after(&alarm, 10);
        let other = async {
            tokio::time::sleep(SECOND).await;
            late_after(&alarm, 2).await
        };
        assert_eq!(tokio::join!(one, other), (10 * SECOND, 2 * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_answered_leaves_its_place() {
        let alarm = alarm();
        assert_eq!(alarm.by(deadline(SECOND), pin!(ready(7))).await, Ok(7));
        for _ in 0..9 {
            let answer = tokio::time::sleep(SECOND / 2);
            assert_eq!(alarm.by(deadline(SECOND), pin!(answer)).await, Ok(()));
            let dropped = alarm.by(deadline(SECOND), pin!(pending::<()>())).now_or_never();
            assert_eq!(dropped, None);
        }
        assert_eq!(lock(&alarm.waiting).places.len(), 1);
        assert_eq!(late_after(&alarm, 1).await, SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_an_alarm_that_has_ended() {
        let alarm = Arc::new(Alarm::default());
        let watch = tokio::spawn(alarm.clone().watch());
        let begun = Instant::now();
        let waiting = late_after(&alarm, 10);
        let ends = async {
            tokio::time::sleep(SECOND).await;
            watch.abort();
        };
        assert_eq!(tokio::join!(waiting, ends).0, SECOND);
        assert_eq!(late_after(&alarm, 10).await, Duration::ZERO);
        assert_eq!(begun.elapsed(), SECOND);
    }

    #[tokio::test]
    async fn the_longest_time_is_no_overflow() {
        assert!(deadline(Duration::MAX) > deadline(SECOND));
    }
}
