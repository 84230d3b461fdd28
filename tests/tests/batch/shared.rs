//! The entries are those of the single function.

use super::*;
use cache_runtime::{redis_invalidate, redis_put};
use cache_tests::{Scene, all_given_back, keys, limited, stored};

#[tokio::test]
async fn what_the_single_function_stored_is_not_computed_and_the_other_way_round() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        assert_eq!(row(&table, 2).await, Ok(21));
        assert_eq!(rows(&table, &[1, 2, 3]).await, Ok(at(1, &[1, 2, 3])));
        assert_eq!(table.asked(), [vec![2], vec![1, 3]], "the one that was there is not asked for");
        table.changes();
        for id in 1..=3 {
            assert_eq!(row(&table, id).await, Ok(id * 10 + 1));
        }
        assert_eq!(table.asked().len(), 2);
    }))
    .await;
    assert_eq!(keys(&scene.server), ["t:row:1", "t:row:2", "t:row:3"]);
    assert_eq!(stored(&scene.server, "t:row:1").as_deref(), Some("11"));
    all_given_back(&scene.server).await;
    // Another process finds them all, by one function or the other.
    let found = limited(scene.other.scope(rows(&table, &[3, 1]))).await;
    assert_eq!(found, Ok(at(1, &[1, 3])));
    assert_eq!(table.asked().len(), 2);
}

#[tokio::test]
async fn a_life_is_that_of_the_options() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(rows(&table, &[1, 2]))).await.unwrap();
    for key in ["t:row:1", "t:row:2"] {
        let left: i64 = scene.server.command(&["PTTL", key]);
        assert!((1..=60_000).contains(&left), "{key} {left}");
    }
}

#[tokio::test]
async fn the_companion_takes_one_member() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        let entry = rows_entry(1);
        assert_eq!(entry.key().unwrap(), "t:row:1");
        assert_eq!(entry.get().await.unwrap(), None);
        assert!(entry.put(&7).await.unwrap());
        assert_eq!(row(&table, 1).await, Ok(7));
        assert_eq!(rows(&table, &[1]).await, Ok(HashMap::from([(1, 7)])));
        assert!(rows_entry(1).invalidate().await.unwrap());
        assert_eq!(rows(&table, &[1]).await, Ok(at(1, &[1])));
    }))
    .await;
}

#[redis_invalidate(rows(id))]
async fn update(table: &Table, id: u64) {
    let _ = id;
    table.changes();
}

#[redis_put(rows(id))]
async fn replace(id: u64, value: u64) -> Result<u64, String> {
    let _ = id;
    Ok(value)
}

#[tokio::test]
async fn writers_name_one_member() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        assert_eq!(rows(&table, &[1, 2]).await, Ok(at(1, &[1, 2])));
        update(&table, 1).await;
        let fresh = HashMap::from([(1, 12), (2, 21)]);
        assert_eq!(rows(&table, &[1, 2]).await, Ok(fresh));
        assert_eq!(table.asked().last(), Some(&vec![1]));
        assert_eq!(replace(2, 5).await, Ok(5));
        assert_eq!(rows(&table, &[2]).await, Ok(HashMap::from([(2, 5)])));
        assert_eq!(row(&table, 2).await, Ok(5));
    }))
    .await;
}

mod postcard {
    use super::*;
    use cache_runtime::Postcard;

    #[redis_cache(ttl = 60, key = "packed:{id}", codec = Postcard, version = 1, none_ttl = 60)]
    async fn packed(table: &Table, id: u64) -> Option<String> {
        table.select(&[id]).await.ok()?.get(&id).map(u64::to_string)
    }

    #[redis_cache(
        ttl = 60,
        key = "packed:{id}",
        codec = Postcard,
        version = 1,
        none_ttl = 60,
        batch = "ids"
    )]
    async fn all_packed(table: &Table, ids: Vec<u64>) -> Vec<(u64, String)> {
        let found = table.select(&ids).await.unwrap_or_default();
        found.into_iter().map(|(id, value)| (id, value.to_string())).collect()
    }

    #[tokio::test]
    async fn bytes_are_the_same_by_position_too() {
        let (scene, table) = (Scene::start(), Table::new());
        limited(scene.one.scope(async {
            assert_eq!(packed(&table, 1).await.as_deref(), Some("11"));
            assert_eq!(packed(&table, MISSING).await, None);
            let ids = vec![MISSING, 1, 2, MISSING + 1];
            let expected = [(1, "11".to_owned()), (2, "21".to_owned())];
            assert_eq!(all_packed(&table, ids.clone()).await, expected);
            let asked = table.asked();
            assert_eq!(asked.last(), Some(&vec![2, MISSING + 1]), "absence was there");
            assert_eq!(all_packed(&table, ids).await, expected);
            assert_eq!(packed(&table, 2).await.as_deref(), Some("21"));
            assert_eq!(packed(&table, MISSING + 1).await, None);
            assert_eq!(table.asked(), asked);
        }))
        .await;
        assert_eq!(keys(&scene.server).len(), 4);
    }
}
