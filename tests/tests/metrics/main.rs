//! What a recorder of the `metrics` facade is told. A process has one recorder, and a function
//! asks for its handles once: so this is one program, which installs it first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

use cache_runtime::{Cache, bypass, redis_cache};
use cache_tests::{DEADLINE, RedisServer, builder_at, cache_at, called, eventually, limited};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::ready;

#[redis_cache(ttl = 60, key = "half:{n}")]
async fn half(n: u64) -> u64 {
    n / 2
}

/// By this process where `by` is its own cache, else by another one.
#[redis_cache(ttl = 60, key = "overtaken:{n}")]
async fn overtaken(by: &Cache, n: u64) -> u64 {
    by.invalidate(&format!("overtaken:{n}")).await.unwrap();
    n
}

#[redis_cache(ttl = 60, key = "kept:{n}", l1)]
async fn kept(n: u64) -> Vec<u8> {
    vec![0; usize::try_from(n).unwrap()]
}

/// Adds up what snapshots say: each empties the histograms.
struct Figures {
    snapshotter: Snapshotter,
    histograms: HashMap<String, Vec<f64>>,
    others: HashMap<String, f64>,
}

impl Figures {
    fn read(&mut self) {
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let key = key.key();
            let labels: Vec<_> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let name = format!("{}{{{}}}", key.name(), labels.join(","));
            match value {
                // The snapshot takes counters as they are.
                DebugValue::Counter(count) => {
                    *self.others.entry(name).or_default() += count as f64;
                }
                // A snapshot leaves zero behind, which these are counted from.
                DebugValue::Gauge(value) if name.starts_with("cache_l1_") => {
                    *self.others.entry(name).or_default() += value.into_inner();
                }
                DebugValue::Gauge(value) => {
                    self.others.insert(name, value.into_inner());
                }
                DebugValue::Histogram(values) => {
                    let values = values.into_iter().map(f64::from);
                    self.histograms.entry(name).or_default().extend(values);
                }
            }
        }
    }

    fn of(&mut self, name: &str) -> f64 {
        self.read();
        self.others.get(name).copied().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_told() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    recorder.install().unwrap();
    let mut figures = Figures { snapshotter, histograms: HashMap::new(), others: HashMap::new() };
    let mut server = RedisServer::start();
    let breaker = format!("cache_breaker_state{{server={}/0}}", server.address());
    let cache = cache_at(&server.url());
    limited(cache.scope(async {
        for n in [1, 1, 1, 2] {
            half(n).await;
        }
        bypass(half(1)).await;
        let calls = |outcome: &str| {
            format!("cache_requests_total{{function=metrics.half,outcome={outcome}}}")
        };
        assert_eq!(figures.of(&calls("hit")), 2.0);
        assert_eq!(figures.others[&calls("miss")], 2.0);
        assert_eq!(figures.others[&calls("bypass")], 1.0);
        assert_eq!(figures.others.get(&calls("stale")), None);
        assert_eq!(figures.of(&breaker), 0.0);
        let loads = &figures.histograms["cache_load_duration_seconds{function=metrics.half}"];
        assert_eq!(loads.len(), 2, "one a body, and the bypass asks nothing");
        let times = |command: &str| {
            let times =
                &figures.histograms[&format!("cache_store_duration_seconds{{command={command}}}")];
            assert!(times.iter().all(|time| (0.0..30.0).contains(time)), "in seconds: {times:?}");
            times.len()
        };
        assert_eq!((times("get"), times("acquire"), times("settle")), (4, 2, 2));

        let voided = "cache_voided_fills_total{function=metrics.overtaken}";
        for (by, count) in [(&cache, 1.0), (&cache_at(&server.url()), 2.0)] {
            overtaken(by, 1).await;
            assert_eq!(figures.of(voided), count);
        }

        server.command::<()>(&["SET", "t:half:7", "no number"]);
        half(7).await;
        assert_eq!(figures.of("cache_errors_total{function=metrics.half}"), 1.0);

        kept_in_this_process(&cache, &server, &mut figures).await;

        server.kill();
        half(8).await;
        eventually(DEADLINE, || ready(figures.of(&breaker) == 1.0)).await;
        server.restart();
        eventually(DEADLINE, || ready(figures.of(&breaker) == 0.0)).await;
    }))
    .await;
}

/// Gauges and counters are those of [`Cache::stats`], of all caches together, whatever becomes of what
/// is kept.
async fn kept_in_this_process(cache: &Cache, server: &RedisServer, figures: &mut Figures) {
    let figures = RefCell::new(figures);
    let told = |name: &str| figures.borrow_mut().of(&format!("cache_l1_{name}{{}}")) as u64;
    let all = || ["entries", "bytes", "pushes_total", "drops_total", "evictions_total"].map(told);
    let counted = async |cache: &Cache| {
        let l1 = cache.stats().await.process.l1.unwrap();
        [l1.entries, l1.bytes, l1.pushes, l1.drops, l1.evictions]
    };
    for n in 1..=3 {
        eventually(DEADLINE, async || called(cache, kept(n)).await.1.memory_hits > 0).await;
    }
    assert_eq!((told("entries"), all()), (3, counted(cache).await));
    server.command::<()>(&["DEL", "t:kept:1"]);
    eventually(DEADLINE, || ready(told("entries") == 2)).await;
    assert_eq!((told("pushes_total") > 0, all()), (true, counted(cache).await));
    {
        let small = builder_at(&server.url()).l1_capacity(10_000).build().unwrap();
        for n in 1000..1100 {
            small.scope(async { (kept(n).await, kept(n).await) }).await;
        }
        eventually(DEADLINE, async || {
            let (one, other) = (counted(cache).await, counted(&small).await);
            let both = one.iter().zip(other).map(|(one, other)| one + other);
            both.eq(all())
        })
        .await;
        assert!(told("entries") > 2 && told("evictions_total") > 0);
    }
    eventually(DEADLINE, || ready(told("entries") == 2)).await;
    let before = told("drops_total");
    server.command::<()>(&["FLUSHALL"]);
    eventually(DEADLINE, || ready(told("drops_total") > before)).await;
    eventually(DEADLINE, || ready(told("bytes") == 0)).await;
    assert_eq!(told("entries"), 0);
}
