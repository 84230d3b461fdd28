//! The breaker, one step after another. Side by side: `tests/loom`.

use crate::figures::stats::BreakerState;
use crate::store::breaker::*;
use std::time::Duration;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn opens_on_the_first_refusal_and_says_so_once() {
    let breaker = Breaker::new();
    assert_eq!(breaker.admit(ms(0)), Admission::Normal);
    assert!(breaker.failed(Admission::Normal, ms(0)));
    assert!(!breaker.failed(Admission::Normal, ms(1)), "a late failure is old news");
    assert_eq!(breaker.admit(ms(99)), Admission::Refused);
    assert_eq!(breaker.state(), BreakerState::Open);
}

#[test]
fn lets_one_trial_through_at_a_time() {
    let breaker = Breaker::new();
    breaker.failed(Admission::Normal, ms(0));
    assert_eq!(breaker.admit(ms(100)), Admission::Trial);
    assert_eq!(breaker.admit(ms(100)), Admission::Refused);
    assert_eq!(breaker.state(), BreakerState::HalfOpen);
    assert!(breaker.succeeded(Admission::Trial));
    assert_eq!(breaker.state(), BreakerState::Closed);
    assert_eq!(breaker.admit(ms(101)), Admission::Normal);
}

#[test]
fn waits_longer_after_each_failed_trial_up_to_the_cap() {
    let breaker = Breaker::new();
    breaker.failed(Admission::Normal, ms(0));
    let mut now = 100;
    for window in [200, 400, 500, 500] {
        assert_eq!(breaker.admit(ms(now)), Admission::Trial);
        assert!(!breaker.failed(Admission::Trial, ms(now)));
        assert_eq!(breaker.admit(ms(now + window - 1)), Admission::Refused);
        now += window;
    }
}

#[test]
fn a_trial_that_vanished_frees_its_slot_after_the_window() {
    let breaker = Breaker::new();
    breaker.failed(Admission::Normal, ms(0));
    assert_eq!(breaker.admit(ms(100)), Admission::Trial);
    assert_eq!(breaker.admit(ms(199)), Admission::Refused);
    assert_eq!(breaker.admit(ms(200)), Admission::Trial);
}

#[test]
fn success_of_what_was_sent_before_does_not_close_it() {
    let breaker = Breaker::new();
    breaker.failed(Admission::Normal, ms(0));
    assert!(!breaker.succeeded(Admission::Normal));
    assert_eq!(breaker.admit(ms(1)), Admission::Refused);
}

#[test]
fn a_late_failed_trial_of_a_closed_breaker_opens_it_again() {
    let breaker = Breaker::new();
    assert!(breaker.failed(Admission::Trial, ms(7)));
    assert_eq!(breaker.state(), BreakerState::Open);
    assert!(!breaker.failed(Admission::Trial, Duration::MAX));
    assert_eq!(breaker.admit(Duration::ZERO), Admission::Refused);
}
