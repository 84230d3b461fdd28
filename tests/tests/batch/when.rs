//! `when` is asked once, of the call: where it does not hold, the body runs for the list as it is.

use super::*;
use cache_runtime::observe;
use cache_tests::{Scene, keys, limited};

#[redis_cache(ttl = 60, key = "row:{id}", batch = "ids", when = !preview && ids.len() < 4)]
async fn unless(table: &Table, preview: bool, ids: Vec<u64>) -> Result<HashMap<u64, u64>, String> {
    let _ = preview;
    table.select(&ids).await
}

#[tokio::test]
async fn the_cache_is_asked_where_it_holds() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(async {
        let call = |preview, ids: &[u64]| {
            let call = scene.one.scope(unless(&table, preview, ids.to_vec()));
            async move { observe(call).await }
        };
        let (found, observed) = call(false, &[1, 2]).await;
        assert_eq!((found, observed.misses), (Ok(at(1, &[1, 2])), 2));
        table.changes();
        let (found, observed) = call(true, &[2, 1, 2]).await;
        assert_eq!((found, observed.bypassed), (Ok(at(2, &[1, 2])), 3));
        assert_eq!(call(false, &[1, 2, 3, 4]).await.0, Ok(at(2, &[1, 2, 3, 4])));
        let (found, observed) = call(false, &[1, 2]).await;
        assert_eq!((found, observed.hits), (Ok(at(1, &[1, 2])), 2), "nothing else was stored");
        assert_eq!(table.asked(), [vec![1, 2], vec![1, 2, 2], vec![1, 2, 3, 4]]);
        assert_eq!(call(true, &[]).await.0, Ok(HashMap::new()));
        assert_eq!(table.asked().len(), 3, "for an empty list there is nothing to ask");
    })
    .await;
    assert_eq!(keys(&scene.server), ["t:row:1", "t:row:2"]);
}
