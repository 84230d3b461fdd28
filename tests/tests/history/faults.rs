//! What goes wrong in a run, at random: networks and the server. Nothing is waited for here: the
//! sleeps are how long things are broken, and how long they are not.

use crate::record::now;
use cache_tests::{Fault, FaultProxy, RedisServer};
use fastrand::Rng;
use std::time::Duration;

/// Until the end: something breaks for a while, then nothing for a while.
pub fn rage(server: &mut RedisServer, proxies: &[FaultProxy], mut random: Rng, until: Duration) {
    while now() < until {
        let while_broken = Duration::from_millis(random.u64(20..400));
        let proxy = &proxies[random.usize(..proxies.len())];
        let fault = match random.u32(..8) {
            0 => Some(Fault::Stall),
            1 => Some(Fault::Drop),
            2 => Some(Fault::CutAfter(random.usize(..200))),
            3 => Some(Fault::BlackHole),
            4 => Some(Fault::Delay(Duration::from_millis(random.u64(10..120)))),
            5 => Some(Fault::Garbage),
            6 => {
                server.stop();
                std::thread::sleep(while_broken);
                server.cont();
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
