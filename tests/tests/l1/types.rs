//! What functions with `l1` return: an `Arc` costs a count, and needs nothing of serde's.

use super::*;
use cache_runtime::{MessagePack, Postcard};
use cache_tests::{Scene, stored};
use serde::{Deserialize, Serialize};
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Product {
    id: u64,
    name: String,
}

/// No `Clone`: shared as it is.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Large {
    id: u64,
}

fn product(id: u64) -> Product {
    Product { id, name: "pen".to_owned() }
}

#[redis_cache(ttl = 300, key = "arc:{id}", l1)]
async fn arc(id: u64) -> Arc<Large> {
    Arc::new(Large { id })
}

#[redis_cache(ttl = 300, key = "ok:{id}", l1, cache_if = |large| large.id > 0)]
async fn ok(id: u64) -> Result<Arc<Large>, String> {
    Ok(Arc::new(Large { id }))
}

#[redis_cache(ttl = 300, key = "some:{id}", l1, none_ttl = 300)]
async fn some(id: u64) -> Option<Arc<Large>> {
    (id > 0).then(|| Arc::new(Large { id }))
}

#[redis_cache(ttl = 300, key = "ok_some:{id}", l1, none_ttl = 300)]
async fn ok_some(id: u64) -> Result<Option<Arc<Large>>, String> {
    Ok((id > 0).then(|| Arc::new(Large { id })))
}

#[redis_cache(ttl = 300, key = "owned:{id}", l1)]
async fn owned(id: u64) -> Result<Product, String> {
    Ok(product(id))
}

#[redis_cache(ttl = 300, key = "none:{id}", l1)]
async fn none_not_stored(id: u64) -> Option<Product> {
    (id > 0).then(|| product(id))
}

#[redis_cache(ttl = 300, key = "packed:{id}", l1, codec = MessagePack)]
async fn packed(id: u64) -> Vec<Product> {
    vec![product(id)]
}

#[redis_cache(ttl = 300, key = "card:{id}", l1, codec = Postcard, version = 1)]
async fn card(id: u64) -> Arc<Vec<Product>> {
    Arc::new(vec![product(id)])
}

#[redis_cache(ttl = 300, key = "generic:{T}:{id}", l1)]
async fn generic<
    T: From<u8> + Clone + Send + Sync + Serialize + for<'d> Deserialize<'d> + 'static,
>(
    id: u64,
) -> T {
    T::from(u8::try_from(id).unwrap())
}

#[redis_cache(ttl = 300, key = "json:{id}", l1)]
async fn json(id: u64) -> axum::Json<Product> {
    axum::Json(product(id))
}

#[redis_cache(ttl = 300, key = "text:{id}", l1)]
async fn words(id: u64) -> Arc<str> {
    format!("pen {id}").into()
}

#[redis_cache(ttl = 300, key = "list:{id}", l1, codec = MessagePack, cache_if = |list| !list.is_empty())]
async fn list(id: u64) -> Result<Arc<[Large]>, String> {
    Ok((0..id).map(|id| Large { id }).collect())
}

#[redis_cache(ttl = 300, key = "path:{id}", l1, none_ttl = 300)]
async fn path(id: u64) -> Option<Arc<Path>> {
    (id > 0).then(|| Path::new("pen").into())
}

#[redis_cache(ttl = 300, key = "bytes:{id}", l1, none_ttl = 300, codec = Postcard, version = 1)]
async fn bytes(id: u64) -> Result<Option<Arc<[u8]>>, String> {
    Ok((id > 0).then(|| [1, 2].into()))
}

#[tokio::test]
async fn whatever_the_shape_it_is_kept() {
    let Scene { server, one, .. } = Scene::start();
    let first = kept(&one, || arc(7)).await;
    let second = kept(&one, || arc(7)).await;
    assert!(Arc::ptr_eq(&first, &second) && first.id == 7);
    assert_eq!(stored(&server, "t:arc:7").unwrap(), r#"{"id":7}"#);

    assert_eq!(kept(&one, || ok(7)).await.unwrap().id, 7);
    assert_eq!(kept(&one, || some(7)).await.unwrap().id, 7);
    assert_eq!(kept(&one, || some(0)).await, None);
    assert_eq!(kept(&one, || ok_some(7)).await.unwrap().unwrap().id, 7);
    assert_eq!(kept(&one, || ok_some(0)).await, Ok(None));
    assert_eq!(kept(&one, || owned(7)).await, Ok(product(7)));
    assert_eq!(kept(&one, || none_not_stored(7)).await, Some(product(7)));
    assert_eq!(kept(&one, || packed(7)).await, [product(7)]);
    assert_eq!(*kept(&one, || card(7)).await, [product(7)]);
    assert_eq!(kept(&one, || generic::<u32>(7)).await, 7);
    assert_eq!(kept(&one, || generic::<f64>(7)).await, 7.0);
    assert_eq!(kept(&one, || json(7)).await.0, product(7));
}

#[tokio::test]
async fn what_has_no_known_size_is_kept_too() {
    let Scene { server, one, .. } = Scene::start();
    let first = kept(&one, || words(7)).await;
    assert!(Arc::ptr_eq(&first, &kept(&one, || words(7)).await));
    assert_eq!((&*first, stored(&server, "t:text:7").unwrap()), ("pen 7", r#""pen 7""#.to_owned()));
    assert_eq!(*kept(&one, || list(2)).await.unwrap(), [Large { id: 0 }, Large { id: 1 }]);
    assert!(!looked(&one, list(0)).await.1 && !looked(&one, list(0)).await.1);
    assert_eq!(kept(&one, || path(7)).await.as_deref(), Some(Path::new("pen")));
    assert_eq!(kept(&one, || path(0)).await, None);
    assert_eq!(kept(&one, || bytes(7)).await.unwrap().unwrap()[..], [1, 2]);
    assert_eq!(kept(&one, || bytes(0)).await, Ok(None));
}

#[tokio::test]
async fn what_is_not_stored_is_not_kept() {
    let Scene { server: _server, one, .. } = Scene::start();
    assert!(kept(&one, || ok(7)).await.is_ok());
    for _ in 0..10 {
        assert!(!looked(&one, ok(0)).await.1);
        assert!(!looked(&one, none_not_stored(0)).await.1);
    }
}

#[redis_cache(ttl = 300, key = "same:{id}", l1)]
async fn number(id: u64) -> u64 {
    id
}

#[redis_cache(ttl = 300, key = "same:{id}", l1)]
async fn text(id: u64) -> Option<u64> {
    Some(id)
}

/// They share an entry, and what is kept by one is of no use to the other.
#[tokio::test]
async fn two_types_under_one_key_do_not_meet() {
    let Scene { server: _server, one, .. } = Scene::start();
    assert_eq!(kept(&one, || number(7)).await, 7);
    assert_eq!(kept(&one, || text(7)).await, Some(7));
    assert_eq!(kept(&one, || number(7)).await, 7);
}

trait Priced {
    fn price(&self, id: u64) -> impl Future<Output = Arc<Large>> + Send;
}

#[derive(Clone)]
struct Shop {
    name: String,
}

impl Priced for Shop {
    #[redis_cache(ttl = 300, key = "price:{self.name}:{id}", l1, entry = false)]
    async fn price(&self, id: u64) -> Arc<Large> {
        Arc::new(Large { id })
    }
}

#[async_trait::async_trait]
trait Boxed {
    async fn stock(&self, id: u64) -> Arc<Large>;
}

#[async_trait::async_trait]
impl Boxed for Shop {
    #[redis_cache(ttl = 300, key = "stock:{self.name}:{id}", l1)]
    async fn stock(&self, id: u64) -> Arc<Large> {
        Arc::new(Large { id })
    }
}

#[redis_cache(ttl = 300, key = "plain:{id}", l1, cache = cache)]
fn plain(cache: &Cache, id: u64) -> Arc<Large> {
    Arc::new(Large { id })
}

#[tokio::test]
async fn methods_of_whatever_kind_have_it() {
    let Scene { server: _server, one, .. } = Scene::start();
    let shop = Shop { name: "eu".to_owned() };
    assert_eq!(kept(&one, || shop.price(7)).await.id, 7);
    assert_eq!(kept(&one, || shop.stock(7)).await.id, 7);
}

#[test]
fn plain_functions_have_it() {
    let Scene { server: _server, one, .. } = Scene::start();
    let hits = |cache: &Cache| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(cache.stats()).process.total.memory_hits
    };
    cache_tests::eventually_blocking(DEADLINE, || {
        assert_eq!(plain(&one, 7).id, 7);
        hits(&one) > 0
    });
}
