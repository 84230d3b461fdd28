//! `Arc`s of what has a size and of what has none, without serde's `rc`, in every form.
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code)]

use cache_runtime::{Postcard, redis_cache, redis_put};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ffi::{CStr, OsStr};
use std::path::Path;
use std::sync::Arc;

/// Not `Clone`.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Row {
    id: u64,
}

type Rows = Arc<[Row]>;

#[redis_cache(key = "text:{id}", tags = ["text"])]
async fn text(id: u64) -> Arc<str> {
    id.to_string().into()
}

#[redis_put(text(id))]
async fn save(id: u64, text: &str) -> Arc<str> {
    text.into()
}

#[redis_cache(key = "rows:{id}", l1, stale_while_revalidate = 60, cache_if = |rows| !rows.is_empty())]
async fn rows(id: u64) -> Result<Rows, std::io::Error> {
    Ok([Row { id }].into())
}

#[redis_cache(key = "found:{id}", none_ttl = 5, codec = Postcard, version = 1)]
async fn found(id: u64) -> Result<Option<Rows>, std::io::Error> {
    Ok(Some([Row { id }].into()))
}

#[redis_cache(key = "path", l1)]
async fn path() -> Option<Arc<Path>> {
    Some(Path::new("a").into())
}

#[redis_cache(key = "os")]
async fn os() -> Arc<OsStr> {
    OsStr::new("a").into()
}

#[redis_cache(key = "c", l1)]
async fn c() -> Arc<CStr> {
    c"a".into()
}

#[redis_cache(key = "names:{id}", batch = "ids", l1)]
async fn names(ids: &[u64]) -> HashMap<u64, Arc<str>> {
    ids.iter().map(|id| (*id, id.to_string().into())).collect()
}

#[redis_cache(key = "generic:{T}:{id}", l1)]
async fn generic<T: From<u8> + Send + Sync + Serialize + DeserializeOwned + 'static>(
    id: u64,
) -> Arc<[T]> {
    let _ = id;
    [T::from(1)].into()
}
