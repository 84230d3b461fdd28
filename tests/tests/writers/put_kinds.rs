//! Puts on every kind of function, and beside other attributes.

use super::*;
use async_trait::async_trait;
use cache_tests::{Repo, Scene, cache_at};

trait Native {
    async fn store(&mut self, id: u64, to: u64) -> u64;
}

impl Native for Repo {
    #[redis_put(self.stock(id))]
    async fn store(&mut self, id: u64, to: u64) -> u64 {
        to
    }
}

#[async_trait]
trait Dynamic {
    async fn store_it(&self, id: u64, to: u64) -> Result<u64, std::fmt::Error>;
}

#[async_trait]
impl Dynamic for Repo {
    #[redis_put(self.stock(id))]
    async fn store_it(&self, id: u64, to: u64) -> Result<u64, std::fmt::Error> {
        tokio::task::yield_now().await;
        if id == 0 { Err(std::fmt::Error) } else { Ok(to) }
    }
}

fn repo(server: &RedisServer) -> Repo {
    Repo::new("north", cache_at(&server.url()))
}

fn stock(server: &RedisServer) -> Option<u64> {
    server.command(&["GET", "t:repo:north:stock:1"])
}

#[tokio::test]
async fn methods() {
    let server = RedisServer::start();
    let mut repo = repo(&server);
    repo.set_stock(1, 10).await;
    assert_eq!(stock(&server), Some(10));
    repo.store(1, 20).await;
    assert_eq!(stock(&server), Some(20));
    repo.store_it(1, 30).await.unwrap();
    assert_eq!(stock(&server), Some(30));
    assert_eq!(repo.stock(1).await, Ok(30));
}

#[test]
fn a_plain_function() {
    let server = RedisServer::start();
    let repo = repo(&server);
    assert_eq!(repo.set_stock_plainly(1, &10), Ok(10));
    assert_eq!(stock(&server), Some(10));
    repo.set_stock_plainly(1, &0).unwrap_err();
    assert_eq!(stock(&server), None, "before the caller sees the result");
}

#[tokio::test]
async fn a_plain_function_inside_of_a_runtime() {
    let server = RedisServer::start();
    let repo = repo(&server);
    assert_eq!(repo.set_stock_plainly(1, &10), Ok(10));
    assert_eq!(repo.stock(1).await, Ok(10));
}

#[redis_put(item(id), cache = cache)]
async fn elsewhere(cache: &Cache, id: u64) -> u64 {
    let _ = cache;
    id + 1
}

#[tokio::test]
async fn the_cache_of_the_attribute() {
    let server = RedisServer::start();
    elsewhere(&cache_at(&server.url()), 7).await;
    assert_eq!(value(&server, 7).as_deref(), Some("8"));
}

#[redis_put(item(id))]
#[redis_invalidate(item(id + 1))]
async fn put_above(id: u64) -> u64 {
    id * 10
}

#[redis_invalidate(item(id + 1))]
#[redis_put(item(id))]
async fn put_below(id: u64) -> Result<u64, String> {
    Ok(id * 10)
}

#[redis_put(item(id))]
#[redis_put(item(id + 1))]
async fn both(id: u64) -> u64 {
    id * 10
}

#[tokio::test]
async fn beside_an_invalidation() {
    let Scene { server, one: cache, world, .. } = Scene::start();
    for above in [true, false] {
        read(&cache, &world, 7).await;
        read(&cache, &world, 8).await;
        let written = if above { Ok(put_above(7)) } else { Err(put_below(7)) };
        cache
            .scope(async {
                match written {
                    Ok(put) => drop(put.await),
                    Err(put) => drop(put.await),
                }
            })
            .await;
        assert_eq!(value(&server, 7).as_deref(), Some("70"));
        assert!(!has_value(&server, 8));
        cache.clear().await.unwrap();
    }
    cache.scope(both(7)).await;
    assert_eq!((value(&server, 7), value(&server, 8)), (Some("70".into()), Some("70".into())));
}

#[redis_cache(ttl = 60, key = "perhaps:{id}", none_ttl = 5)]
async fn perhaps(id: u64) -> Result<Option<u64>, String> {
    Ok((id > 100).then_some(id))
}

#[redis_put(perhaps(id))]
async fn surely(id: u64, to: u64) -> Result<u64, std::fmt::Error> {
    if to == 0 { Err(std::fmt::Error) } else { Ok(to) }
}

#[redis_put(perhaps(id))]
async fn bare(id: u64, to: u64) -> u64 {
    let _ = id;
    to
}

#[tokio::test]
async fn a_value_is_put_for_a_reader_of_an_option() {
    let server = RedisServer::start();
    let cache = cache_at(&server.url());
    cache
        .scope(async {
            assert_eq!(perhaps(7).await, Ok(None));
            assert_eq!(surely(7, 70).await, Ok(70));
            assert_eq!(stored(&server, "t:perhaps:7").as_deref(), Some("70"));
            assert_eq!(perhaps(7).await, Ok(Some(70)));
            assert_eq!(bare(7, 71).await, 71);
            assert_eq!(perhaps(7).await, Ok(Some(71)));
            surely(7, 0).await.unwrap_err();
            assert_eq!(stored(&server, "t:perhaps:7"), None, "a failure invalidates");
        })
        .await;
}
