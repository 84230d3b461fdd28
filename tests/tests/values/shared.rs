//! `Arc`s are stored as what is in them, also where that has no size of its own.

use cache_runtime::{MessagePack, Postcard, redis_cache, redis_put};
use cache_tests::{Scene, called, stored};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;

/// No `Clone`: shared as it is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    id: u64,
}

fn of(ids: &[u64]) -> Vec<Row> {
    ids.iter().map(|id| Row { id: *id }).collect()
}

#[redis_cache(ttl = 60, key = "text:{id}", batch = "ids")]
async fn texts(ids: &[u64]) -> HashMap<u64, Arc<str>> {
    ids.iter().map(|id| (*id, format!("pen {id}").into())).collect()
}

#[redis_cache(ttl = 60, key = "text:{id}")]
async fn text(id: u64) -> Arc<str> {
    format!("pen {id}").into()
}

#[redis_put(text(id))]
async fn save(id: u64, text: &str) -> Arc<str> {
    let _ = id;
    text.into()
}

#[redis_cache(ttl = 60, key = "rows", codec = Postcard, version = 1)]
async fn rows() -> Result<Arc<[Row]>, String> {
    Ok(of(&[1, 2]).into())
}

#[redis_cache(ttl = 60, key = "path:{id}", none_ttl = 60, codec = MessagePack)]
async fn path(id: u64) -> Option<Arc<Path>> {
    (id > 0).then(|| Path::new("pen").into())
}

#[redis_cache(ttl = 60, key = "c:{id}", none_ttl = 60)]
async fn c(id: u64) -> Result<Option<Arc<CStr>>, String> {
    Ok((id > 0).then(|| c"pen".into()))
}

#[redis_cache(ttl = 60, key = "row")]
async fn row() -> Arc<Row> {
    Arc::new(Row { id: 7 })
}

/// Calls twice: the second one is a hit.
async fn twice<F: Future>(cache: &cache_runtime::Cache, call: impl Fn() -> F) -> F::Output {
    drop(called(cache, call()).await);
    let (value, observed, _) = called(cache, call()).await;
    assert_eq!((observed.hits, observed.misses), (1, 0));
    value
}

#[tokio::test]
async fn what_an_arc_holds_is_stored() {
    let Scene { server, one, .. } = Scene::start();
    assert_eq!(&*twice(&one, || text(7)).await, "pen 7");
    assert_eq!(stored(&server, "t:text:7").unwrap(), r#""pen 7""#);
    assert_eq!(twice(&one, rows).await.unwrap()[..], of(&[1, 2]));
    assert_eq!(twice(&one, || path(7)).await.as_deref(), Some(Path::new("pen")));
    assert_eq!(twice(&one, || path(0)).await, None);
    assert_eq!(twice(&one, || c(7)).await.unwrap().as_deref(), Some(c"pen"));
    assert_eq!(twice(&one, || c(0)).await, Ok(None));
    assert_eq!(twice(&one, row).await.id, 7);
}

#[tokio::test]
async fn a_list_and_a_put_share_it() {
    let Scene { server: _server, one, .. } = Scene::start();
    let expected = [1, 2].map(|id| (id, Arc::from(format!("pen {id}")))).into();
    assert_eq!(one.scope(texts(&[1, 2])).await, expected);
    assert_eq!(&*twice(&one, || text(1)).await, "pen 1");
    one.scope(save(1, "pencil")).await;
    assert_eq!(&*twice(&one, || text(1)).await, "pencil");
}
