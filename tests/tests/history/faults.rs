//! What goes wrong in a run, at random: networks, the server, and what others write there. Nothing is waited for here: the
//! sleeps are how long things are broken, and how long they are not.

use crate::functions::text;
use crate::history::{Key, Kind};
use crate::profile::MAX_SIZE;
use crate::record::now;
use cache_tests::{Fault, FaultProxy, RedisServer};
use fastrand::Rng;
use std::time::Duration;

/// Until the end: something breaks for a while, then nothing for a while.
pub fn rage(
    server: &mut RedisServer,
    proxies: &[FaultProxy],
    (mut random, keys): (Rng, u64),
    until: Duration,
) {
    // No value of ours: who reads it leaves its key alone from then on.
    let huge = "7".repeat(3 * MAX_SIZE);

    while now() < until {
        let while_broken = Duration::from_millis(random.u64(20..400));
        let proxy = &proxies[random.usize(..proxies.len())];
        let fault = match random.u32(..12) {
            0 => Some(Fault::Stall),
            1 => Some(Fault::Drop),
            2 => Some(Fault::CutAfter(random.usize(..200))),
            3 => Some(Fault::BlackHole),
            4 => Some(Fault::Delay(Duration::from_millis(random.u64(10..120)))),
            5 => Some(Fault::Garbage),
            6 => Some(Fault::Deaf),
            7 => Some(Fault::HalfClose),
            8 => Some(Fault::StallAfter(random.usize(..200))),
            9 => {
                server.stop();
                std::thread::sleep(while_broken);
                server.cont();
                None
            }
            10 => {
                let key = format!("shop:{}", text(any(&mut random, keys)));
                let _ = server.try_command::<()>(&["SET", &key, &huge]);
                None
            }
            _ => {
                server.kill();
                std::thread::sleep(while_broken / 2);
                server.restart();
                None
            }
        };
        if let Some(fault) = fault {
            proxy.set(fault);
            std::thread::sleep(while_broken);
            proxy.set(Fault::None);
        }
        std::thread::sleep(Duration::from_millis(random.u64(..300)));
    }
}

/// Until the end: the connections alone that say what has changed are cut, one or all of them, some just
/// after they were opened and some when they have vouched for what they read. Answers how many.
pub fn cut(server: &RedisServer, mut random: Rng, until: Duration) -> usize {
    let mut cut = 0;
    while now() < until {
        let all: String = server.command(&["CLIENT", "LIST"]);
        let mut tracking: Vec<_> = all.lines().filter(|client| is_tracking(client)).collect();
        random.shuffle(&mut tracking);
        tracking.truncate(random.usize(..=tracking.len()));
        for id in tracking.into_iter().filter_map(|client| field(client, "id=")) {
            // It may have gone by itself.
            cut += usize::from(server.try_command::<u64>(&["CLIENT", "KILL", "ID", id]) == Ok(1));
        }
        let most = if random.bool() { 60 } else { 600 };
        std::thread::sleep(Duration::from_millis(random.u64(..most)));
    }
    cut
}

/// Whether a line of `CLIENT LIST` is about one that is told what changes of what it has read.
fn is_tracking(client: &str) -> bool {
    field(client, "flags=").is_some_and(|flags| flags.contains('t'))
}

fn field<'c>(client: &'c str, name: &str) -> Option<&'c str> {
    client.split(' ').find_map(|field| field.strip_prefix(name))
}

/// Until the end: what is no lease, or has no end, in the place of one that nobody holds.
pub fn meddle(server: &RedisServer, (mut random, keys): (Rng, u64), until: Duration) {
    while now() < until {
        let key = format!("shop:{}", text(any(&mut random, keys)));
        let lease = cache_tests::lease(&key);
        // On a lease that is held, the list is refused.
        let _ = match random.u32(..3) {
            0 => server.try_command::<redis::Value>(&["SET", &lease, "x", "NX"]),
            1 => server.try_command(&["SET", &lease, "x", "NX", "PX", "3600000"]),
            _ => server.try_command(&["RPUSH", &lease, "x"]),
        };
        std::thread::sleep(Duration::from_millis(random.u64(..5)));
    }
}

pub fn any(random: &mut Rng, keys: u64) -> Key {
    Key { kind: Kind::ALL[random.usize(..Kind::ALL.len())], id: random.u64(..keys) }
}
