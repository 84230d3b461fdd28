//! Interleaved rounds, and what is left of them.

use crate::setup::Bench;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long one round is.
const ROUND: Duration = Duration::from_millis(200);

/// Nanoseconds per call.
#[derive(Debug, Clone, Copy)]
struct Round {
    /// By the clock on the wall.
    wall: f64,
    /// Of this process, on all cores: hardly depends on what else the machine does.
    cpu: f64,
    /// CPU time of the server.
    server: f64,
}

/// Both sides, round by round.
#[derive(Debug)]
pub(crate) struct Rounds {
    floor: Vec<Round>,
    ours: Vec<Round>,
}

/// A median, and the quartiles around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Median {
    pub(crate) value: f64,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// Runs both sides in turn with so many concurrent callers. What a caller does is told its number,
/// and done `burst` times between two looks at the clock.
pub(crate) fn compare<A, B, FA, FB>(
    bench: &Bench,
    callers: usize,
    burst: u32,
    floor: A,
    ours: B,
) -> Rounds
where
    A: Fn(usize) -> FA + Clone + Send + 'static,
    B: Fn(usize) -> FB + Clone + Send + 'static,
    FA: Future + Send,
    FB: Future + Send,
{
    bench.runtime.block_on(async {
        // A round of each to warm up.
        round(bench, callers, burst, floor.clone()).await;
        round(bench, callers, burst, ours.clone()).await;
        let mut rounds = Rounds { floor: Vec::new(), ours: Vec::new() };
        for _ in 0..bench.rounds {
            rounds.floor.push(round(bench, callers, burst, floor.clone()).await);
            rounds.ours.push(round(bench, callers, burst, ours.clone()).await);
        }
        rounds
    })
}

async fn round<F, Fut>(bench: &Bench, callers: usize, burst: u32, call: F) -> Round
where
    F: Fn(usize) -> Fut + Clone + Send + 'static,
    Fut: Future + Send,
{
    let server = bench.server_cpu();
    let (begun, cpu) = (Instant::now(), cpu_time());
    let mut tasks = JoinSet::new();
    for caller in 0..callers {
        let call = call.clone();
        tasks.spawn(async move {
            let mut calls = 0;
            while begun.elapsed() < ROUND {
                for _ in 0..burst {
                    std::hint::black_box(call(caller).await);
                }
                calls += burst;
            }
            f64::from(calls)
        });
    }
    let calls: f64 = tasks.join_all().await.into_iter().sum();
    Round {
        wall: begun.elapsed().as_secs_f64() * 1e9 / calls,
        cpu: (cpu_time() - cpu).as_secs_f64() * 1e9 / calls,
        server: (bench.server_cpu() - server) / calls,
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.try_into().unwrap()
}

impl Rounds {
    /// Of the throughputs of neighbouring rounds, each with the one before and the one after it.
    pub(crate) fn ratio(&self) -> Median {
        self.ratio_of(|round| round.wall)
    }

    /// The same of what the calls cost this process.
    pub(crate) fn cpu_ratio(&self) -> Median {
        self.ratio_of(|round| round.cpu)
    }

    /// The same of this process and the server together.
    pub(crate) fn both_cpu_ratio(&self) -> Median {
        self.ratio_of(|round| round.cpu + round.server)
    }

    /// Nanoseconds of CPU time per call, of ours and of the floor: what it costs this process, and
    /// what it costs the server.
    pub(crate) fn costs(&self) -> String {
        let of =
            |side: &[Round], cost: fn(&Round) -> f64| median(side.iter().map(cost).collect()).value;
        let [client, server]: [fn(&Round) -> f64; 2] = [|round| round.cpu, |round| round.server];
        format!(
            "client {:.0} against {:.0} ns, server {:.0} against {:.0}",
            of(&self.ours, client),
            of(&self.floor, client),
            of(&self.ours, server),
            of(&self.floor, server)
        )
    }

    fn ratio_of(&self, cost: impl Fn(&Round) -> f64) -> Median {
        let before = self.ours.iter().zip(&self.floor);
        let after = self.ours.iter().zip(self.floor.iter().skip(1));
        median(before.chain(after).map(|(ours, floor)| cost(floor) / cost(ours)).collect())
    }

    /// Nanoseconds that one call of ours takes longer.
    pub(crate) fn added(&self) -> Median {
        median(self.ours.iter().zip(&self.floor).map(|(o, f)| o.wall - f.wall).collect())
    }

    /// Nanoseconds of CPU time that one call of ours costs more: where nothing is waited for, the
    /// truth about it.
    pub(crate) fn cpu_added(&self) -> Median {
        median(self.ours.iter().zip(&self.floor).map(|(o, f)| o.cpu - f.cpu).collect())
    }

    /// Nanoseconds of CPU time per call of ours.
    pub(crate) fn cpu_cost(&self) -> Median {
        median(self.ours.iter().map(|round| round.cpu).collect())
    }

    /// Thousands of calls per second: of the floor, and of ours.
    pub(crate) fn throughput(&self) -> (f64, f64) {
        let of = |side: &[Round]| median(side.iter().map(|round| 1e6 / round.wall).collect()).value;
        (of(&self.floor), of(&self.ours))
    }
}

/// The median and the quartiles of `values`.
pub(crate) fn median(mut values: Vec<f64>) -> Median {
    values.sort_by(f64::total_cmp);
    let at = |part: usize| values.get(values.len() * part / 4).copied().unwrap_or(f64::NAN);
    Median { value: at(2), from: at(1), to: at(3) }
}
