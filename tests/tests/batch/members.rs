//! What the members of a list are, and what becomes of what the body returns.

use super::*;
use cache_tests::{Scene, in_memory, is_stored, keys, limited};
use std::collections::BTreeMap;

#[tokio::test]
async fn an_empty_list_runs_no_body() {
    let (cache, table) = (in_memory(), Table::new());
    limited(async {
        assert_eq!(cache.scope(rows(&table, &[])).await, Ok(HashMap::new()));
        assert_eq!(cache_runtime::bypass(cache.scope(rows(&table, &[]))).await, Ok(HashMap::new()));
    })
    .await;
    assert!(table.asked().is_empty());
}

#[tokio::test]
async fn a_member_is_asked_for_once() {
    let (cache, table) = (in_memory(), Table::new());
    let found = limited(cache.scope(rows(&table, &[2, 1, 2, 2, 1]))).await;
    assert_eq!(found, Ok(at(1, &[1, 2])));
    assert_eq!(table.0.asked.lock().unwrap().concat(), [2, 1], "in the order of the list");
}

#[redis_cache(ttl = 60, key = "name:{id}", batch = "ids")]
async fn names(table: &Table, mut ids: Vec<u64>) -> Vec<(u64, String)> {
    ids.reverse();
    let found = table.select(&ids).await.unwrap();
    ids.iter().filter_map(|id| Some((*id, found.get(id)?.to_string()))).collect()
}

#[tokio::test]
async fn a_list_is_in_the_order_of_first_appearance() {
    let (cache, table) = (in_memory(), Table::new());
    limited(cache.scope(async {
        names(&table, vec![5, 3]).await;
        let found = names(&table, vec![9, 3, 7, 9, 5, 3, 1]).await;
        assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [9, 3, 7, 5, 1]);
        assert_eq!(found[0].1, "91");
    }))
    .await;
}

#[redis_cache(ttl = 60, key = "all:{id}", batch = "ids")]
async fn all_of_them(table: &Table, ids: &[u64]) -> BTreeMap<u64, u64> {
    let mut found: BTreeMap<_, _> = table.select(ids).await.unwrap().into_iter().collect();
    found.insert(99, 990);
    found
}

#[tokio::test]
async fn what_was_not_asked_for_is_passed_on_and_not_stored() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        let with_extra = BTreeMap::from([(1, 11), (99, 990)]);
        assert_eq!(all_of_them(&table, &[1]).await, with_extra);
        assert_eq!(all_of_them(&table, &[1]).await, BTreeMap::from([(1, 11)]));
    }))
    .await;
    assert_eq!(keys(&scene.server), ["t:all:1"]);
}

#[tokio::test]
async fn what_the_body_did_not_return_is_asked_for_again() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        for _ in 0..2 {
            assert_eq!(rows(&table, &[1, MISSING]).await, Ok(at(1, &[1])));
        }
    }))
    .await;
    assert_eq!(table.asked(), [vec![1, MISSING], vec![MISSING]]);
    assert_eq!(keys(&scene.server), ["t:row:1"]);
}

#[redis_cache(ttl = 60, key = "maybe:{id}", none_ttl = 60, batch = "ids")]
async fn maybe(table: &Table, ids: &[u64]) -> Result<HashMap<u64, u64>, String> {
    table.select(ids).await
}

#[tokio::test]
async fn absence_is_stored_with_none_ttl() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        for _ in 0..2 {
            assert_eq!(maybe(&table, &[1, MISSING]).await, Ok(at(1, &[1])));
        }
        assert_eq!(maybe_entry(MISSING).get().await, Ok(Some(None)));
        assert_eq!(maybe_entry(1).get().await, Ok(Some(Some(11))));
        assert_eq!(maybe_entry(2).get().await, Ok(None));
    }))
    .await;
    assert_eq!(table.asked(), [vec![1, MISSING]]);
    assert!(is_stored(&scene.server, "t:maybe:1000000"));
}

#[redis_cache(ttl = 60, key = "mail:{address:lower}", batch = "address in addresses")]
async fn mails(asked: &Mutex<Vec<String>>, addresses: &[String]) -> HashMap<String, usize> {
    asked.lock().unwrap().extend(addresses.iter().cloned());
    addresses.iter().map(|address| (address.clone(), address.len())).collect()
}

#[tokio::test]
async fn members_that_are_alike_are_one_entry_and_each_has_its_value() {
    let (scene, asked) = (Scene::start(), Mutex::default());
    let list = ["A@x", "a@x", "b@x", "A@x"].map(str::to_owned);
    let expected: HashMap<_, _> = list.iter().map(|address| (address.clone(), 3)).collect();
    limited(scene.one.scope(async {
        assert_eq!(mails(&asked, &list).await, expected);
        assert_eq!(*asked.lock().unwrap(), ["A@x", "a@x", "b@x"]);
        assert_eq!(mails(&asked, &list).await, expected);
        assert_eq!(asked.lock().unwrap().len(), 3);
    }))
    .await;
    assert_eq!(keys(&scene.server), ["t:mail:a@x", "t:mail:b@x"]);
}

#[redis_cache(ttl = 60, key = "tenant:{org}:user:{id.0}", batch = "ids")]
async fn of_tenant(table: &Table, org: String, ids: &[(u64, u8)]) -> HashMap<(u64, u8), String> {
    let all: Vec<_> = ids.iter().map(|id| id.0).collect();
    let found = table.select(&all).await.unwrap();
    ids.iter().map(|id| (*id, format!("{org} {}", found[&id.0]))).collect()
}

#[tokio::test]
async fn a_key_names_other_arguments_and_fields_of_a_member() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        let found = of_tenant(&table, "a".to_owned(), &[(1, 0), (2, 0)]).await;
        assert_eq!(found[&(1, 0)], "a 11");
        of_tenant(&table, "b".to_owned(), &[(1, 0)]).await;
    }))
    .await;
    assert_eq!(
        keys(&scene.server),
        ["t:tenant:a:user:1", "t:tenant:a:user:2", "t:tenant:b:user:1"]
    );
}

#[tokio::test]
async fn several_values_of_one_member_are_returned_and_not_stored() {
    #[redis_cache(ttl = 60, key = "twice:{id}", batch = "ids")]
    async fn twice(ids: &[u64]) -> Vec<(u64, u64)> {
        ids.iter().flat_map(|id| [(*id, 1), (*id, 2)]).collect()
    }
    let scene = Scene::start();
    limited(scene.one.scope(async {
        assert_eq!(twice(&[7]).await, [(7, 1), (7, 2)]);
        assert_eq!(twice(&[7]).await, [(7, 1), (7, 2)]);
    }))
    .await;
    assert!(keys(&scene.server).is_empty());
}

#[redis_cache(ttl = 60, key = "each:{id}", batch = "ids")]
async fn each(table: &Table, ids: &[u64]) -> HashMap<u64, Result<u64, String>> {
    let found = table.select(ids).await.unwrap();
    ids.iter().map(|id| (*id, found.get(id).copied().ok_or("no such".to_owned()))).collect()
}

#[tokio::test]
async fn a_value_that_is_a_failure_is_returned_and_not_stored() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        for _ in 0..2 {
            let found = each(&table, &[1, MISSING]).await;
            assert_eq!(found[&1], Ok(11));
            assert_eq!(found[&MISSING], Err("no such".to_owned()));
        }
    }))
    .await;
    assert_eq!(table.asked(), [vec![1, MISSING], vec![MISSING]]);
    assert_eq!(keys(&scene.server), ["t:each:1"]);
}

#[tokio::test]
async fn more_than_one_message_holds() {
    let (scene, table) = (Scene::start(), Table::new());
    let ids: Vec<u64> = (0..1000).collect();
    limited(scene.one.scope(async {
        assert_eq!(rows(&table, &ids).await, Ok(at(1, &ids)));
        assert_eq!(rows(&table, &ids).await, Ok(at(1, &ids)));
    }))
    .await;
    assert_eq!(table.asked(), [ids]);
    assert_eq!(keys(&scene.server).len(), 1000);
}

#[tokio::test]
async fn too_many_members_are_not_cached() {
    let (scene, table) = (Scene::start(), Table::new());
    let ids: Vec<u64> = (0..1001).collect();
    limited(scene.one.scope(async {
        for _ in 0..2 {
            assert_eq!(rows(&table, &ids).await, Ok(at(1, &ids)));
        }
    }))
    .await;
    assert_eq!(table.asked(), [ids.clone(), ids]);
    assert!(keys(&scene.server).is_empty());
}

#[redis_cache(ttl = 60, key = "none:{id}", none_ttl = 60, batch = "ids")]
async fn with_none(table: &Table, ids: &[u64]) -> BTreeMap<u64, Option<u64>> {
    let found = table.select(ids).await.unwrap();
    ids.iter().filter(|id| **id != 7).map(|id| (*id, found.get(id).copied())).collect()
}

#[redis_cache(ttl = 60, key = "none:{id}", none_ttl = 60, batch = "ids", entry = false)]
async fn with_outcomes(table: &Table, ids: &[u64]) -> Vec<(u64, Result<Option<u64>, String>)> {
    let found = table.select(ids).await.unwrap();
    let of = |id: u64| if id == 8 { Err("no".to_owned()) } else { Ok(found.get(&id).copied()) };
    ids.iter().map(|id| (*id, of(*id))).collect()
}

/// Then that is what is remembered, and not that the body returned nothing.
#[tokio::test]
async fn values_may_have_a_none_of_their_own() {
    let (scene, table) = (Scene::start(), Table::new());
    limited(scene.one.scope(async {
        for _ in 0..2 {
            let found = with_none(&table, &[1, 7, MISSING]).await;
            assert_eq!(found, BTreeMap::from([(1, Some(11)), (MISSING, None)]));
        }
        assert_eq!(with_none_entry(MISSING).get().await, Ok(Some(None)));
        assert_eq!(table.asked(), [vec![1, 7, MISSING], vec![7]]);
        for _ in 0..2 {
            let found = with_outcomes(&table, &[MISSING, 8, 1]).await;
            assert_eq!(found, [(MISSING, Ok(None)), (8, Err("no".to_owned())), (1, Ok(Some(11)))]);
        }
        assert_eq!(table.asked()[2..], [[8], [8]], "the others were there");
    }))
    .await;
}
