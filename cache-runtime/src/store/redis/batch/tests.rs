//! Reads that go together, with real servers.

use super::super::RedisStore;
use crate::error::Error;
use crate::store::testing::Write;
use cache_test_servers::{Fault, FaultProxy, RedisServer, eventually};
use redis::IntoConnectionInfo;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

const LONG: Duration = Duration::from_secs(5);
const SHORT: Duration = Duration::from_millis(50);

type Read<'s> = Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, Error>> + Send + 's>>;

/// A connected store on which somebody always reads, so that every read may wait for others.
async fn store_at(url: &str) -> RedisStore {
    let store = RedisStore::new(url.into_connection_info().unwrap(), "p", 1).unwrap();
    store.get("p:first", LONG).await.unwrap();
    store.readers.fetch_add(1, Ordering::Relaxed);
    store
}

/// A read that has begun, and joined those that wait to be sent.
fn begun<'s>(store: &'s RedisStore, key: &'s str, within: Duration) -> Read<'s> {
    let mut read: Read<'s> = Box::pin(store.get(key, within));
    assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_gets_its_own_answer() {
    let server = RedisServer::start();
    server.command::<()>(&["RPUSH", "p:list", "x"]);
    for n in 0..100 {
        server.command::<()>(&["SET", &format!("p:{n}"), &n.to_string()]);
    }
    let store = Arc::new(store_at(&server.url()).await);
    let reads = (0..1_000).map(|n| {
        let store = store.clone();
        tokio::spawn(async move {
            match n % 110 {
                100..105 => assert_eq!(store.get("p:none", LONG).await, Ok(None)),
                105.. => assert_eq!(store.get("p:list", LONG).await, Err(Error::WrongType)),
                n => {
                    let found = store.get(&format!("p:{n}"), LONG).await;
                    assert_eq!(found, Ok(Some(n.to_string().into_bytes())));
                }
            }
        })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap();
    }
}

#[tokio::test]
async fn nobody_waits_for_a_first_one_that_is_dropped_or_not_polled() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:k", "v"]);
    let store = store_at(&server.url()).await;
    let dropped = begun(&store, "p:k", LONG);
    let joined = begun(&store, "p:k", LONG);
    drop(dropped);
    assert_eq!(joined.await, Ok(Some(b"v".to_vec())));
    let idle = begun(&store, "p:k", LONG);
    let (one, other) = (begun(&store, "p:k", LONG), begun(&store, "p:none", LONG));
    assert_eq!(one.await, Ok(Some(b"v".to_vec())));
    assert_eq!(other.await, Ok(None));
    assert_eq!(idle.await, Ok(Some(b"v".to_vec())));
}

#[tokio::test]
async fn what_does_not_fit_into_one_message_goes_into_the_next() {
    let server = RedisServer::start();
    let store = store_at(&server.url()).await;
    let reads: Vec<_> = (0..2 * super::MOST + 3).map(|_| begun(&store, "p:k", LONG)).collect();
    let pool = store.pools.find(Handle::current().id()).unwrap();
    assert_eq!(pool.reads.lock().answers.len(), 3);
    for read in reads {
        assert_eq!(read.await, Ok(None));
    }
}

#[tokio::test]
async fn what_is_meant_for_other_connections_goes_alone() {
    let server = RedisServer::start();
    let store = store_at(&server.url()).await;
    let here = Handle::current();
    let pool = store.pools.find(here.id()).unwrap();
    let join = |generation| pool.reads.join(&pool, &here, generation, redis::cmd("GET"));
    assert!(join(1).is_ok() && join(1).is_ok() && join(2).is_err());
}

#[tokio::test]
async fn each_has_its_own_deadline() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:k", "v"]);
    let proxy = FaultProxy::start(server.port());
    let store = store_at(&proxy.url()).await;
    proxy.set(Fault::Stall);
    let from = Instant::now();
    let (hasty, patient) = (begun(&store, "p:k", SHORT), begun(&store, "p:k", LONG));
    assert_eq!(hasty.await, Err(Error::Timeout));
    assert!(from.elapsed() < LONG / 5);
    proxy.set(Fault::None);
    assert_eq!(patient.await, Ok(Some(b"v".to_vec())));
}

/// Else it would hold the connection on which the answer never comes.
#[tokio::test]
async fn what_nobody_waits_for_any_more_is_given_up() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:large", &"v".repeat(10_000)]);
    let proxy = FaultProxy::start(server.port());
    let store = store_at(&proxy.url()).await;
    proxy.set(Fault::Hold(1_000));
    let (large, other) = (begun(&store, "p:large", SHORT), begun(&store, "p:k", SHORT));
    assert_eq!((large.await, other.await), (Err(Error::Timeout), Err(Error::Timeout)));
    eventually(LONG, || async { store.get("p:k", LONG).await.is_ok() }).await;
    eventually(LONG, || async { server.clients() == 1 }).await;
}

#[tokio::test]
async fn when_the_connection_breaks_all_learn_of_it_and_it_comes_back() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.port());
    let store = store_at(&proxy.url()).await;
    let reads: Vec<_> = (0..3).map(|_| begun(&store, "p:k", LONG)).collect();
    proxy.set(Fault::Drop);
    for read in reads {
        assert_eq!(read.await, Err(Error::Unavailable));
    }
    proxy.set(Fault::None);
    eventually(LONG, || async { store.get("p:k", LONG).await.is_ok() }).await;
}

#[test]
fn a_batch_of_a_runtime_that_has_ended_is_an_error() {
    let server = RedisServer::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(store_at(&server.url()));
    let reads: Vec<_> =
        runtime.block_on(async { (0..2).map(|_| begun(&store, "p:k", LONG)).collect() });
    drop(runtime);
    let mut reads = reads.into_iter();
    drop(reads.next());
    let mut read = reads.next().unwrap();
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(read.as_mut().poll(&mut context), std::task::Poll::Ready(Err(_))));
}
