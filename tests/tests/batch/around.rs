//! What is around a call: bypass, refresh, scopes, observers, and what is counted.

use super::*;
use cache_runtime::{Cache, bypass, observe, refresh};
use cache_tests::{Logs, Scene, in_memory, keys, limited};

#[tokio::test]
async fn a_bypass_runs_the_body_for_the_list_as_it_is() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        scene.one.scope(rows(&table, &[1])).await.unwrap();
        let (found, observed) = observe(bypass(scene.one.scope(rows(&table, &[2, 1, 2])))).await;
        assert_eq!(found, Ok(at(1, &[1, 2])));
        assert_eq!(table.asked(), [vec![1], vec![1, 2, 2]]);
        assert_eq!((observed.bypassed, observed.hits, observed.misses), (3, 0, 0));
    })
    .await;
    assert_eq!(keys(&scene.server), ["t:row:1"]);
}

#[tokio::test]
async fn a_refresh_computes_all_and_stores_them() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        scene.one.scope(rows(&table, &[1])).await.unwrap();
        table.changes();
        assert_eq!(refresh(scene.one.scope(rows(&table, &[1, 2]))).await, Ok(at(2, &[1, 2])));
        assert_eq!(scene.other.scope(rows(&table, &[1, 2])).await, Ok(at(2, &[1, 2])));
        assert_eq!(table.asked(), [vec![1], vec![1, 2]]);
    })
    .await;
}

#[tokio::test]
async fn each_member_is_counted_once_for_the_caller_and_for_the_function() {
    #[redis_cache(ttl = 60, key = "counted:{id}", batch = "ids")]
    async fn counted(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        table.select(ids).await
    }
    let (cache, table) = (in_memory(), Table::new());
    limited(async {
        let ((), observed) = observe(cache.scope(async {
            counted(&table, &[1, 2]).await.unwrap();
            counted(&table, &[1, 2, 3]).await.unwrap();
            table.fails(true);
            counted(&table, &[1, 4, 5]).await.unwrap_err();
        }))
        .await;
        assert_eq!((observed.hits, observed.misses, observed.errors), (3, 5, 0));
        let functions = cache_runtime::functions();
        let listed = functions.iter().find(|own| own.path.ends_with(".counted")).unwrap();
        assert_eq!((listed.counts.hits, listed.counts.misses), (3, 5));
        assert_eq!(listed.key, Some("counted:{id}"));
        assert!(listed.options.contains(&("batch", "ids")));
    })
    .await;
}

#[tokio::test]
async fn a_cache_of_its_own_and_one_that_is_switched_off() {
    #[redis_cache(ttl = 60, key = "own:{id}", cache = cache, batch = "ids")]
    async fn own(cache: &Cache, table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        table.select(ids).await
    }
    let (cache, table) = (in_memory(), Table::new());
    let off = Cache::builder().url("disabled://").build().unwrap();
    limited(async {
        for _ in 0..2 {
            assert_eq!(own(&cache, &table, &[1, 2]).await, Ok(at(1, &[1, 2])));
        }
        assert_eq!(table.asked().len(), 1);
        assert!(own_entry(&cache, 1).get().await.unwrap().is_some());
        for _ in 0..2 {
            assert_eq!(own(&off, &table, &[1, 2]).await, Ok(at(1, &[1, 2])));
        }
        assert_eq!(table.asked().len(), 3);
    })
    .await;
}

struct Repo {
    table: Table,
    tenant: u64,
}

impl Repo {
    #[redis_cache(ttl = 60, key = "of:{self.tenant}:{id}", batch = "ids")]
    async fn find<'a>(&'a self, runs: &mut u64, ids: Vec<u64>) -> HashMap<u64, u64> {
        *runs += 1;
        self.table.select(&ids).await.unwrap()
    }
}

#[tokio::test]
async fn a_method_and_an_argument_that_it_changes() {
    let (cache, repo, mut runs) = (in_memory(), Repo { table: Table::new(), tenant: 7 }, 0);
    limited(cache.scope(async {
        for _ in 0..2 {
            assert_eq!(repo.find(&mut runs, vec![1, 2]).await, at(1, &[1, 2]));
        }
        assert_eq!(repo.find_entry(1).key().unwrap(), "t:of:7:1");
    }))
    .await;
    assert_eq!(runs, 1);
}

#[tokio::test]
async fn the_options_are_those_of_each_member() {
    #[redis_cache(
        key = "picky:{id}",
        batch = "ids",
        ttl_with = |value: &u64| std::time::Duration::from_secs(*value),
        cache_if = |value: &u64| *value != 21,
        jitter = 0.1,
        max_size = "2b"
    )]
    async fn picky(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
        table.select(ids).await
    }
    let (scene, table) = (Scene::start(), Table::new());
    let found = limited(scene.one.scope(picky(&table, &[1, 2, 3, 10]))).await;
    assert_eq!(found, Ok(at(1, &[1, 2, 3, 10])));
    assert_eq!(keys(&scene.server), ["t:picky:1", "t:picky:3"]);
    let left: i64 = scene.server.command(&["PTTL", "t:picky:1"]);
    assert!((8_000..=11_000).contains(&left), "{left}");
}

mod conflicting {
    use super::*;

    #[redis_cache(ttl = 60, key = "unlike:{id}", none_ttl = 5)]
    pub(super) async fn one(table: &Table, id: u64) -> Option<u64> {
        table.select(&[id]).await.ok()?.remove(&id)
    }

    #[redis_cache(ttl = 60, key = "unlike:{id}", batch = "ids")]
    pub(super) async fn several(table: &Table, ids: &[u64]) -> HashMap<u64, u64> {
        table.select(ids).await.unwrap()
    }
}

#[tokio::test]
async fn functions_of_one_template_that_do_not_agree_do_not_meet() {
    let scene = Scene::start();
    let (table, logs) = (Table::new(), Logs::capture("conflicting.several"));
    limited(scene.one.scope(async {
        assert_eq!(conflicting::one(&table, 1).await, Some(11));
        for _ in 0..2 {
            assert_eq!(conflicting::several(&table, &[1, 2]).await, at(1, &[1, 2]));
        }
    }))
    .await;
    assert_eq!(table.asked(), [vec![1], vec![1, 2], vec![1, 2]]);
    assert_eq!(keys(&scene.server), ["t:unlike:1"]);
    assert_eq!(logs.count("WARN"), 1, "{:#?}", logs.lines());
}
