//! The breaker, with callers side by side.

use crate::breaker::{Admission, Breaker};
use crate::explore;
use crate::figures::stats::BreakerState;
use loom::thread;
use std::sync::Arc;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A breaker that is to let one trial through from 100 ms on.
fn open() -> Arc<Breaker> {
    let breaker = Arc::new(Breaker::new());
    assert!(breaker.failed(Admission::Normal, ms(0)));
    breaker
}

/// Runs the same in two threads, and answers what each came to.
fn twice<T: 'static>(
    breaker: &Arc<Breaker>,
    act: impl Fn(&Breaker) -> T + Copy + Send + 'static,
) -> [T; 2] {
    let there = thread::spawn({
        let breaker = breaker.clone();
        move || act(&breaker)
    });
    [act(breaker), there.join().unwrap()]
}

#[test]
fn one_trial_at_a_time() {
    explore(|| {
        let mut admitted = twice(&open(), |breaker| breaker.admit(ms(100)));
        admitted.sort_by_key(|it| *it == Admission::Refused);
        assert_eq!(admitted, [Admission::Trial, Admission::Refused]);
    });
}

#[test]
fn one_caller_says_that_it_opened() {
    explore(|| {
        let breaker = Arc::new(Breaker::new());
        let opened = twice(&breaker, |breaker| breaker.failed(Admission::Normal, ms(0)));
        assert!(opened[0] ^ opened[1]);
        assert_eq!(breaker.state(), BreakerState::Open);
    });
}

#[test]
fn one_caller_says_that_it_closed() {
    explore(|| {
        let breaker = open();
        // The first has not come back in its window, so that there is a second.
        assert_eq!(breaker.admit(ms(100)), Admission::Trial);
        assert_eq!(breaker.admit(ms(200)), Admission::Trial);
        let closed = twice(&breaker, |breaker| breaker.succeeded(Admission::Trial));
        assert!(closed[0] ^ closed[1]);
        assert_eq!(breaker.admit(ms(201)), Admission::Normal);
    });
}

/// However outcomes, old and new, meet: soon there is another trial, and it closes the breaker.
#[test]
fn it_is_never_stuck() {
    explore(|| {
        let breaker = open();
        assert_eq!(breaker.admit(ms(100)), Admission::Trial);
        let one = thread::spawn({
            let breaker = breaker.clone();
            move || {
                breaker.failed(Admission::Trial, ms(110));
            }
        });
        let other = thread::spawn({
            let breaker = breaker.clone();
            move || match breaker.admit(ms(200)) {
                Admission::Refused => {}
                admission => {
                    breaker.succeeded(admission);
                }
            }
        });
        breaker.failed(Admission::Normal, ms(120));
        one.join().unwrap();
        other.join().unwrap();
        match breaker.admit(ms(800)) {
            Admission::Normal => {}
            Admission::Trial => assert!(breaker.succeeded(Admission::Trial)),
            Admission::Refused => panic!("stuck"),
        }
        assert_eq!(breaker.admit(ms(801)), Admission::Normal);
    });
}
