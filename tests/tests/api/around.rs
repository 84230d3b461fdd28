//! `observe`, `bypass`, `refresh` and `scope`, inside one another.

use cache_runtime::{Cache, bypass, observe, redis_cache, refresh};
use cache_tests::{Runs, in_memory};

#[redis_cache(ttl = 60, key = "counted:{n}")]
async fn counted(runs: &Runs, n: u64) -> u64 {
    runs.one_more();
    runs.count() * 100 + n
}

#[redis_cache(ttl = 60, key = "owned:{n}", cache = cache)]
async fn owned(cache: &Cache, n: u64) -> u64 {
    n
}

#[tokio::test]
async fn what_is_inside_counts() {
    let (cache, runs) = (in_memory(), Runs::default());
    let ((), outer) = observe(cache.scope(async {
        assert_eq!(counted(&runs, 1).await, 101);
        let (value, inner) = observe(counted(&runs, 1)).await;
        assert_eq!((value, inner.hits, inner.misses), (101, 1, 0), "not what was before");

        let (value, inner) = observe(bypass(counted(&runs, 1))).await;
        assert_eq!((value, inner.bypassed, inner.hits, inner.misses), (201, 1, 0, 0));
        assert_eq!(counted(&runs, 1).await, 101, "a bypass stores nothing");

        let (value, inner) = observe(refresh(counted(&runs, 1))).await;
        assert_eq!((value, inner.misses, inner.hits), (301, 1, 0));
        assert_eq!(counted(&runs, 1).await, 301, "a refresh does");

        // The innermost says how.
        assert_eq!(bypass(refresh(counted(&runs, 1))).await, 401);
        assert_eq!(counted(&runs, 1).await, 401);
        assert_eq!(refresh(bypass(counted(&runs, 1))).await, 501);
        assert_eq!(counted(&runs, 1).await, 401);
    }))
    .await;
    assert_eq!((outer.hits, outer.misses, outer.bypassed), (5, 3, 2), "all of them");
    assert_eq!(outer.hits + outer.misses + outer.bypassed, 10);
}

#[tokio::test]
async fn the_innermost_scope_counts_and_a_cache_of_ones_own_beats_it() {
    let (outer, inner, own) = (in_memory(), in_memory(), in_memory());
    let runs = Runs::default();
    outer
        .scope(async {
            counted(&runs, 1).await;
            inner.scope(counted(&runs, 2)).await;
            counted(&runs, 3).await;
            owned(&own, 4).await;
        })
        .await;
    let keys = async |cache: &Cache| cache.count_keys().await.unwrap();
    assert_eq!((keys(&outer).await, keys(&inner).await, keys(&own).await), (2, 1, 1));
}

#[tokio::test]
async fn a_spawned_task_is_not_inside() {
    let cache = in_memory();
    let ((), observed) = observe(cache.scope(async {
        tokio::spawn(async {
            let own = in_memory();
            let runs = Runs::default();
            own.scope(counted(&runs, 1)).await;
        })
        .await
        .unwrap();
    }))
    .await;
    assert_eq!(observed.misses, 0);
    assert_eq!(cache.count_keys().await.unwrap(), 0);
}
