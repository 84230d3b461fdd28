//! What the attribute costs the future of a function: little room, no bound, no copy.
#![allow(clippy::print_stdout)] // the figures are what is of interest
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

use async_trait::async_trait;
use cache_runtime::{redis_cache, redis_invalidate, redis_put};
use cache_tests::{Runs, called, in_memory};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a cached function's future may be larger than the bare one's.
const MOST: usize = 850;
/// The same of a writer's.
const MOST_OF_A_WRITER: usize = 1100;
const LARGE: usize = 4096;
type Large = [u8; LARGE];

/// Keeps `large` alive over an await.
async fn held(large: &Large) -> u64 {
    tokio::task::yield_now().await;
    large.iter().map(|byte| u64::from(*byte)).sum()
}

/// The same functions bare and cached, so that only the attribute differs.
macro_rules! bare_and_cached {
    ($($(#[$option:meta])* async fn $name:ident($($arg:ident: $ty:ty),*) -> $output:ty $body:block)+) => {
        mod bare {
            use super::*;
            $(pub(super) async fn $name($($arg: $ty),*) -> $output $body)+
        }
        mod cached {
            use super::*;
            $($(#[$option])* pub(super) async fn $name($($arg: $ty),*) -> $output $body)+
        }
    };
}

bare_and_cached! {
    #[redis_cache(ttl = 60, key = "argument:{id}")]
    async fn argument(id: u64, large: Large) -> u64 {
        held(&large).await + id
    }

    #[redis_cache(ttl = 60, skip(large))]
    async fn argument_and_default_key(id: u64, large: Large) -> Result<Vec<u64>, std::io::Error> {
        Ok(vec![held(&large).await + id])
    }

    #[redis_cache(ttl = 60, key = "local:{id}")]
    async fn local(id: u64) -> u64 {
        let large = [u8::try_from(id).unwrap_or(1); LARGE];
        held(&large).await
    }

    #[redis_cache(ttl = 60, key = "returned:{id}")]
    async fn returned(id: u64) -> Result<Vec<u8>, [u8; 512]> {
        let large = [u8::try_from(id).unwrap_or(1); LARGE];
        held(&large).await;
        Err([0; 512])
    }

    #[redis_cache(ttl = 60, key = "wide:{id}")]
    async fn wide(id: u64) -> [[u64; 32]; 2] {
        [[id; 32]; 2]
    }

    #[redis_cache(ttl = 60, key = "nothing")]
    async fn nothing() -> u64 {
        tokio::task::yield_now().await;
        1
    }
}

struct Service {
    id: u64,
}

impl Service {
    async fn bare(&self, large: Large) -> u64 {
        held(&large).await + self.id
    }

    #[redis_cache(ttl = 60, key = "method:{self.id}")]
    async fn cached(&self, large: Large) -> u64 {
        held(&large).await + self.id
    }
}

/// Says the figures when it fails.
fn compare(name: &str, bare: usize, cached: usize, most: usize) {
    assert!(cached <= bare + most, "{name}: {cached} bytes instead of {bare}, over {most} more");
}

macro_rules! compare {
    ($($name:ident($($arg:expr),*)),+ $(,)?) => {$(
        compare(
            stringify!($name),
            size_of_val(&bare::$name($($arg),*)),
            size_of_val(&cached::$name($($arg),*)),
            MOST,
        );
    )+};
}

#[test]
fn a_cached_future_is_little_larger() {
    compare!(
        argument(1, [1; LARGE]),
        argument_and_default_key(1, [1; LARGE]),
        local(1),
        returned(1),
        wide(1),
        nothing(),
    );
    let service = Service { id: 1 };
    let bare = size_of_val(&service.bare([1; LARGE]));
    compare("method", bare, size_of_val(&service.cached([1; LARGE])), MOST);
}

mod bare_writer {
    use super::*;

    pub(super) async fn put(id: u64, large: Large) -> Result<Vec<u64>, [u8; 512]> {
        if id == 0 { Err([0; 512]) } else { Ok(vec![held(&large).await]) }
    }
}

#[redis_cache(ttl = 60, key = "value:{id}")]
async fn value(id: u64) -> Vec<u64> {
    vec![id]
}

mod writer {
    use super::*;

    #[redis_put(value(id))]
    pub(super) async fn put(id: u64, large: Large) -> Result<Vec<u64>, [u8; 512]> {
        if id == 0 { Err([0; 512]) } else { Ok(vec![held(&large).await]) }
    }

    #[redis_invalidate(value(id))]
    pub(super) async fn invalidate(id: u64, large: Large) -> Result<Vec<u64>, [u8; 512]> {
        if id == 0 { Err([0; 512]) } else { Ok(vec![held(&large).await]) }
    }
}

#[test]
fn a_writers_future_is_little_larger() {
    let bare = size_of_val(&bare_writer::put(1, [1; LARGE]));
    let most = MOST_OF_A_WRITER;
    compare("put", bare, size_of_val(&writer::put(1, [1; LARGE])), most);
    compare("invalidate", bare, size_of_val(&writer::invalidate(1, [1; LARGE])), most);
}

#[test]
fn what_is_around_a_future_makes_it_no_larger() {
    let cache = in_memory();
    let bare = size_of_val(&cached::local(1));
    compare("scope", bare, size_of_val(&cache.scope(cached::local(1))), MOST);
    let all = cache_runtime::observe(cache.scope(cache_runtime::refresh(cached::local(1))));
    compare("observe, scope and refresh", bare, size_of_val(&all), MOST);
    let bypass = cache_runtime::bypass(cached::local(1));
    compare("bypass", bare, size_of_val(&bypass), MOST);
}

/// Neither `Send` nor `Clone`, as errors of single-threaded code are.
#[derive(Debug)]
struct Local(#[allow(dead_code)] Rc<()>);

#[redis_cache(ttl = 60, key = "fails:{n}")]
async fn fails(n: u64) -> Result<u64, Local> {
    tokio::task::yield_now().await;
    if n == 0 { Err(Local(Rc::new(()))) } else { Ok(n) }
}

#[redis_cache(ttl = 60, key = "boxed:{n}")]
async fn fails_in_a_box(n: u64) -> Result<Option<u64>, Box<dyn std::error::Error>> {
    tokio::task::yield_now().await;
    if n == 0 { Err("no".into()) } else { Ok(Some(n)) }
}

struct Holder;

#[async_trait]
trait Finds {
    async fn find(&self, n: u64) -> Result<u64, Local>;
}

#[async_trait]
impl Finds for Holder {
    #[redis_cache(ttl = 60, key = "finds:{n}")]
    async fn find(&self, n: u64) -> Result<u64, Local> {
        if n == 0 { Err(Local(Rc::new(()))) } else { Ok(n) }
    }
}

/// Its argument may stay in its thread, and so may then its future.
#[redis_cache(ttl = 60, key = "stays:{n}")]
async fn stays(n: u64, _with: Rc<()>) -> u64 {
    tokio::task::yield_now().await;
    n
}

fn send<F: Future + Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn a_future_is_send_whatever_its_error() {
    let cache = in_memory();
    for _ in 0..2 {
        assert!(send(cache.scope(fails(0))).await.is_err());
        assert_eq!(send(cache.scope(fails(1))).await.unwrap(), 1);
        assert!(send(cache.scope(fails_in_a_box(0))).await.is_err());
        assert_eq!(send(cache.scope(fails_in_a_box(1))).await.unwrap(), Some(1));
        assert_eq!(send(cache.scope(Holder.find(1))).await.unwrap(), 1);
        assert_eq!(cache.scope(stays(1, Rc::new(()))).await, 1);
    }
    assert_eq!(cache.stats().await.process.total.hits, 4);
}

/// Neither `Clone` nor serde; counts how many of it were dropped.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[redis_cache(ttl = 60, key = "takes:{n}")]
async fn takes(runs: &Runs, n: u64, counted: Counted<'_>) -> u64 {
    runs.one_more();
    tokio::task::yield_now().await;
    drop(counted);
    n
}

#[tokio::test]
async fn on_a_hit_the_body_is_not_polled_and_its_arguments_are_dropped_once() {
    let (cache, runs, drops) = (in_memory(), Runs::default(), AtomicUsize::new(0));
    let (_, first, _) = called(&cache, takes(&runs, 1, Counted(&drops))).await;
    assert_eq!((first.misses, runs.count(), drops.load(Ordering::SeqCst)), (1, 1, 1));
    let (value, second, _) = called(&cache, takes(&runs, 1, Counted(&drops))).await;
    assert_eq!((value, second.hits, runs.count()), (1, 1, 1), "the body has not begun");
    assert_eq!(drops.load(Ordering::SeqCst), 2);

    // While the body runs its arguments live, and end with the call that is cancelled.
    let mut pending = Box::pin(cache.scope(takes(&runs, 2, Counted(&drops))));
    assert!(futures_util::poll!(&mut pending).is_pending());
    assert_eq!((runs.count(), drops.load(Ordering::SeqCst)), (2, 2));
    drop(pending);
    assert_eq!(drops.load(Ordering::SeqCst), 3);
    // A call that was never polled does nothing at all.
    drop(takes(&runs, 3, Counted(&drops)));
    assert_eq!((runs.count(), drops.load(Ordering::SeqCst)), (2, 4));
}
