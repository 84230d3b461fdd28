//! What a call takes of its thread's stack: a cached function may be recursive.

use cache_runtime::{Cache, redis_cache};
use cache_tests::in_memory;
use std::pin::Pin;
use std::thread;

/// A thread has 2 MiB, and this many levels of a body that does nothing fit.
const LEVELS: u64 = 300;
const STACK: usize = 2 * 1024 * 1024;

/// About where the stack ends now.
fn depth() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

#[redis_cache(key = "stack:plain:{level}", cache = cache)]
fn plain(cache: &Cache, level: u64) -> Vec<usize> {
    let mut depths = if level == 0 { Vec::new() } else { plain(cache, level - 1) };
    depths.push(depth());
    depths
}

#[redis_cache(key = "stack:boxed:{level}", cache = cache)]
fn boxed(cache: &Cache, level: u64) -> Pin<Box<dyn Future<Output = Vec<usize>> + Send + '_>> {
    Box::pin(async move {
        let mut depths = if level == 0 { Vec::new() } else { boxed(cache, level - 1).await };
        depths.push(depth());
        depths
    })
}

/// The bytes of a level, from the depths of the bodies, the innermost first.
fn bytes_of_a_level(depths: &[usize]) -> usize {
    assert_eq!(depths.len() as u64, LEVELS + 1);
    depths.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
}

#[test]
fn a_recursive_function_has_room_for_hundreds_of_levels() {
    let thread = thread::Builder::new().stack_size(STACK);
    let (plain, boxed) = thread
        .spawn(|| {
            let cache = in_memory();
            let plain = plain(&cache, LEVELS);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let boxed = runtime.unwrap().block_on(boxed(&cache, LEVELS));
            (plain, boxed)
        })
        .unwrap()
        .join()
        .unwrap();
    for (what, depths) in [("plain", plain), ("boxed", boxed)] {
        let bytes = bytes_of_a_level(&depths);
        assert!(bytes < STACK / LEVELS as usize, "{what}: a level takes {bytes} bytes");
    }
}
