//! `#[redis_cache]` on a handler itself.

use super::*;
use axum::Json;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::get as on_get;
use cache_runtime::http::{CacheLayer, SortedQuery};
use cache_runtime::{Cache, CacheKey, redis_cache, redis_put};
use cache_tests::{DEADLINE, Runs, cache_at, eventually};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::sync::Arc;

#[derive(Debug, Clone, Default)]
struct Db(Arc<Runs>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
}

/// No `Clone`, and not of this world for serde.
#[derive(Debug)]
struct Gone;

impl IntoResponse for Gone {
    fn into_response(self) -> Response {
        StatusCode::GONE.into_response()
    }
}

#[derive(Debug, Clone, Copy, CacheKey)]
enum Role {
    Admin,
    Reader,
}

impl<S: Sync> FromRequestParts<S> for Role {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let admin = parts.headers.get("x-role").is_some_and(|role| role == "admin");
        Ok(if admin { Self::Admin } else { Self::Reader })
    }
}

#[redis_cache(ttl = 60, key = "item:{id}")]
#[axum::debug_handler]
async fn item(State(db): State<Db>, Path(id): Path<u64>) -> Result<Json<Item>, Gone> {
    db.0.one_more();
    if id == 0 {
        return Err(Gone);
    }
    Ok(Json(Item { id, name: format!("item {id}") }))
}

#[axum::debug_handler(state = Db)]
#[redis_cache(ttl = 60, key = "messages:{role}:{query}")]
async fn messages(
    State(Db(runs)): State<Db>,
    role: Role,
    query: SortedQuery,
    headers: HeaderMap,
) -> Json<Vec<String>> {
    let accepts = headers.contains_key("accept");
    Json(vec![format!("{role:?} {query} {} {accepts}", runs.one_more())])
}

#[derive(Debug, Clone, Deserialize, CacheKey)]
struct Window {
    days: u32,
}

/// The default key, from what the extractors bind.
#[redis_cache(ttl = 60, skip(db))]
async fn activity(State(db): State<Db>, Query(window): Query<Window>) -> Json<u32> {
    db.0.one_more();
    Json(window.days)
}

/// `None` inside of a `Json` is a `None`.
#[redis_cache(ttl = 60, key = "maybe:{id}")]
async fn maybe(State(db): State<Db>, Path(id): Path<u64>) -> Result<Json<Option<u64>>, Gone> {
    db.0.one_more();
    Ok(Json((id > 0).then_some(id)))
}

#[redis_cache(ttl = 60, key = "none:{id}", none_ttl = 5, cache_if = |id: &u64| *id != 9)]
async fn none(State(db): State<Db>, Path(id): Path<u64>) -> Json<Option<u64>> {
    db.0.one_more();
    Json((id > 0).then_some(id))
}

/// Arguments that a background refresh takes with it.
#[redis_cache(ttl = 60, key = "kept:{id}", stale_while_revalidate = 60)]
async fn kept(State(db): State<Db>, Path(id): Path<u64>) -> Result<Json<Item>, Gone> {
    db.0.one_more();
    Ok(Json(Item { id, name: String::new() }))
}

fn app(cache: &Cache) -> (Router, Arc<Runs>) {
    let db = Db::default();
    let app = Router::new()
        .route("/items/{id}", on_get(item))
        .route("/messages", on_get(messages))
        .route("/activity", on_get(activity))
        .route("/maybe/{id}", on_get(maybe))
        .route("/none/{id}", on_get(none))
        .route("/kept/{id}", on_get(kept))
        .layer(CacheLayer::new().cache(cache))
        .with_state(db.clone());
    (app, db.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_stored_as_what_it_holds() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let (app, runs) = app(&cache);
    for said in ["MISS", "HIT"] {
        let answer = get(&app, "/items/7").await;
        assert_eq!(answer.header("x-cache"), Some(said));
        assert_eq!(answer.text(), r#"{"id":7,"name":"item 7"}"#);
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    assert_eq!(runs.count(), 1);
    let stored: String = server.command(&["GET", "t:item:7"]);
    assert_eq!(stored, r#"{"id":7,"name":"item 7"}"#);

    for _ in 0..2 {
        assert_eq!(get(&app, "/items/0").await.status, StatusCode::GONE);
    }
    assert_eq!(runs.count(), 3, "an `Err` is not cached");
    assert_eq!(keys(&server), ["t:item:7"]);

    // `debug_handler` below our attribute copies the body.
    let listed = cache_runtime::functions();
    let items: Vec<_> = listed.iter().filter(|f| f.key == Some("item:{id}")).collect();
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(items[0].path, "http.handlers.item");

    let entry = cache.scope(async { item_entry(Path(7)) }).await;
    let Json(found) = entry.get().await.unwrap().unwrap().unwrap();
    assert_eq!(found, Item { id: 7, name: "item 7".into() });
    let other = Item { id: 7, name: "put".into() };
    assert!(entry.put(&Ok(Json(other))).await.unwrap());
    assert!(get(&app, "/items/7").await.text().contains("put"));
    assert!(entry.invalidate().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_roles_never_share_an_entry() {
    let server = RedisServer::start();
    let (app, runs) = app(&cache_at(&server.url()));
    let admin = [("x-role", "admin")];
    for _ in 0..2 {
        assert!(get(&app, "/messages?b=2&a=1").await.text().contains("Reader a=1&b=2 1"));
        let answer = get_with(&app, "/messages?a=1&b=2", &admin).await;
        assert!(answer.text().contains("Admin a=1&b=2 2"), "{}", answer.text());
    }
    // Not by any query either.
    for query in ["Admin:a=1", "?:Admin", "a=1%3AAdmin", "role=Admin"] {
        assert!(!get(&app, &format!("/messages?{query}")).await.text().contains("Admin a"));
    }
    assert_eq!(runs.count(), 6);
    let keys = keys(&server);
    assert_eq!(keys.len(), 6, "{keys:?}");
    for key in ["t:messages:Admin:a=1&b=2", "t:messages:Reader:a=1&b=2"] {
        assert!(keys.iter().any(|one| one == key), "{keys:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_key_of_what_extractors_bind() {
    let server = RedisServer::start();
    let (app, runs) = app(&cache_at(&server.url()));
    for _ in 0..2 {
        assert_eq!(get(&app, "/activity?days=7&x=1").await.text(), "7");
    }
    assert_eq!(runs.count(), 1);
    assert_eq!(keys(&server), ["t:http.handlers.activity:7"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn options_look_into_the_json() {
    let server = RedisServer::start();
    let (app, runs) = app(&cache_at(&server.url()));
    for (uri, ran) in [("/maybe/0", 2), ("/maybe/1", 3), ("/none/0", 4), ("/none/9", 6)] {
        for _ in 0..2 {
            get(&app, uri).await;
        }
        assert_eq!(runs.count(), ran, "{uri}");
    }
    assert_eq!(keys(&server), ["t:maybe:1", "t:none:0"]);
    assert_eq!(server.command::<String>(&["GET", "t:none:0"]), "null");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_handler_is_refreshed_behind_its_request() {
    let server = RedisServer::start();
    let (app, runs) = app(&cache_at(&server.url()));
    get(&app, "/kept/1").await;
    assert_eq!(server.command::<u8>(&["PEXPIRE", "t:kept:1", "30000"]), 1);
    assert_eq!(get(&app, "/kept/1").await.header("x-cache"), Some("STALE"));
    eventually(DEADLINE, || async { runs.count() == 2 }).await;
}

#[redis_put(none(Path(id)))]
async fn put_none(id: u64, value: Option<u64>) -> Json<Option<u64>> {
    Json(value)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_looks_into_the_json_as_its_handler_does() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    let (app, runs) = app(&cache);
    for (id, value, stored) in
        [(1, Some(5), Some("5")), (2, None, Some("null")), (3, Some(9), None)]
    {
        let Json(returned) = cache.scope(put_none(id, value)).await;
        assert_eq!(returned, value);
        let there: Option<String> = server.command(&["GET", &format!("t:none:{id}")]);
        assert_eq!(there.as_deref(), stored);
    }
    assert_eq!(get(&app, "/none/1").await.text(), "5");
    assert_eq!(runs.count(), 0);
}
