//! The flights of one process, with callers, a foreign invalidation and a cancelled leader.

use crate::explore;
use crate::key::whole::Key;
use crate::landing::{Landing, Waited};
use crate::single_flight::{Flights, Role};
use crate::sync::Mutex;
use crate::tags::Tags;
use loom::future::block_on;
use loom::thread;
use std::sync::Arc;
use std::time::Duration;

fn key() -> Key {
    Key::new("shop", "user:7")
}

/// A process, and the Redis that it shares with others.
#[derive(Default)]
struct Process {
    flights: Flights,
    redis: Mutex<Redis>,
    bodies: Mutex<u64>,
}

/// One key in Redis, and the data that it is a copy of: each method is one atomic step.
#[derive(Default)]
struct Redis {
    data: u8,
    value: Option<u8>,
    lease: Option<u64>,
    given: u64,
}

enum Acquired {
    Found(u8),
    Ours(u64),
    Theirs,
}

impl Redis {
    fn acquire(&mut self) -> Acquired {
        match (self.value, self.lease) {
            (Some(value), _) => Acquired::Found(value),
            (None, Some(_)) => Acquired::Theirs,
            (None, None) => {
                self.given += 1;
                self.lease = Some(self.given);
                Acquired::Ours(self.given)
            }
        }
    }

    fn fill(&mut self, lease: u64, value: u8) -> bool {
        let ours = self.lease == Some(lease);
        if ours {
            (self.value, self.lease) = (Some(value), None);
        }
        ours
    }

    fn invalidate(&mut self) {
        (self.value, self.lease) = (None, None);
    }
}

impl Process {
    fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    fn body(&self) -> u8 {
        *self.bodies.lock().unwrap() += 1;
        self.redis.lock().unwrap().data
    }

    /// `read_through` without its time-outs.
    fn call(&self) -> u8 {
        loop {
            if let Some(value) = self.redis.lock().unwrap().value {
                return value;
            }
            let leader = match self.flights.join(&key(), &Tags::default()) {
                Role::Lead(leader) => leader,
                Role::Wait(waiter) => match block_on(waiter.landing()) {
                    Waited::Value(bytes, _) => return bytes[0],
                    Waited::Again => continue,
                    Waited::Unshared | Waited::Error | Waited::TimedOut => return self.body(),
                },
            };
            leader.asks();
            let acquired = self.redis.lock().unwrap().acquire();
            let lease = match acquired {
                Acquired::Found(value) => {
                    leader.land(Landing::Value([value].into(), Duration::MAX));
                    return value;
                }
                Acquired::Ours(lease) => Some(lease),
                Acquired::Theirs => None,
            };
            let began = leader.begins();
            let value = self.body();
            let confirmed = !leader.is_forgotten() && {
                leader.asks();
                lease.is_some_and(|lease| self.redis.lock().unwrap().fill(lease, value))
            };
            // Nobody waits: nothing to hand over.
            let landing = match leader.has_waiters() {
                true => Landing::Value([value].into(), Duration::MAX),
                false => Landing::Unshared,
            };
            match confirmed {
                true => leader.land(landing),
                false => leader.land_for_those_before(began, landing),
            }
            return value;
        }
    }

    fn in_a_thread<T: 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(&Self) -> T + 'static,
    ) -> thread::JoinHandle<T> {
        let process = self.clone();
        thread::spawn(move || act(&process))
    }
}

#[test]
fn two_callers_run_one_body() {
    explore(|| {
        let process = Process::new();
        let other = process.in_a_thread(Process::call);
        assert_eq!((process.call(), other.join().unwrap()), (0, 0));
        assert_eq!(*process.bodies.lock().unwrap(), 1);
    });
}

#[test]
fn who_calls_after_a_foreign_invalidation_gets_what_is_new() {
    explore(|| {
        let process = Process::new();
        let before = process.in_a_thread(Process::call);
        let after = process.in_a_thread(|process| {
            {
                let mut redis = process.redis.lock().unwrap();
                redis.data = 1;
                redis.invalidate();
            }
            process.call()
        });
        before.join().unwrap();
        assert_eq!(after.join().unwrap(), 1);
        assert_eq!(process.call(), 1);
    });
}

#[test]
fn and_after_one_of_its_own_process() {
    explore(|| {
        let process = Process::new();
        let before = process.in_a_thread(Process::call);
        process.redis.lock().unwrap().data = 1;
        process.flights.forget((&key()).into());
        process.redis.lock().unwrap().invalidate();
        process.flights.forget((&key()).into());
        assert_eq!(process.call(), 1);
        before.join().unwrap();
        assert_eq!(process.call(), 1);
    });
}

#[test]
fn a_cancelled_leader_leaves_nobody_waiting() {
    explore(|| {
        let process = Process::new();
        let Role::Lead(leader) = process.flights.join(&key(), &Tags::default()) else {
            panic!("nobody else is there")
        };
        leader.asks();
        let waiting = [process.in_a_thread(Process::call), process.in_a_thread(Process::call)];
        drop(leader);
        for caller in waiting {
            assert_eq!(caller.join().unwrap(), 0);
        }
        assert_eq!(*process.bodies.lock().unwrap(), 1);
    });
}
