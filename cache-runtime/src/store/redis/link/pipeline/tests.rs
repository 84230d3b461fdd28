//! Reads that go together, with real servers.

use super::{LARGE, MOST_BYTES, MOST_KEYS};
use crate::error::Error;
use crate::store::redis::RedisStore;
use crate::store::testing::{Write, key};
use crate::store::{Question, Store, Want};
use crate::sync::lock;
use cache_test_servers::{Fault, FaultProxy, RedisServer, eventually};
use redis::IntoConnectionInfo;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(50);

type Read<'s> = Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, Error>> + Send + 's>>;

/// A connected store on which somebody always reads, so that every read may wait for others.
async fn store_at(url: &str) -> RedisStore {
    let store = RedisStore::new(url.into_connection_info().unwrap(), "p", 1);
    store.get("p:first", LONG).await.unwrap();
    store.one().readers.fetch_add(1, Ordering::Relaxed);
    store
}

/// How many reads wait to be sent.
fn waiting(store: &RedisStore) -> usize {
    let pipeline = store.one().pipeline_here();
    let waiting = lock(&pipeline.waiting);
    waiting.open.as_ref().map_or(0, |open| open.count)
}

/// How often the server was asked by `MGET`, refused or not.
fn mgets(server: &RedisServer) -> u64 {
    let stats: String = server.command(&["INFO", "commandstats"]);
    let Some(line) = stats.lines().find(|line| line.starts_with("cmdstat_mget:")) else { return 0 };
    let count = |name: &str| -> u64 {
        let (_, rest) = line.split_once(name).unwrap();
        rest.split(',').next().unwrap().trim().parse().unwrap()
    };
    count(":calls=") + count(",rejected_calls=")
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
                // Nil by `MGET`: who asks for the lease gets to know.
                105.. => assert_eq!(store.get("p:list", LONG).await, Ok(None)),
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
    let reads: Vec<_> = (0..2 * MOST_KEYS + 3).map(|_| begun(&store, "p:k", LONG)).collect();
    assert_eq!(waiting(&store), 3);
    for read in reads {
        assert_eq!(read.await, Ok(None));
    }
}

#[tokio::test]
async fn what_is_meant_for_other_connections_goes_alone() {
    let server = RedisServer::start();
    let store = store_at(&server.url()).await;
    let _joined = begun(&store, "p:k", LONG);
    let pipeline = store.one().pipeline_here();
    lock(&pipeline.waiting).open.as_mut().unwrap().generation = 7;
    let alone = begun(&store, "p:k", LONG);
    assert_eq!(waiting(&store), 1);
    assert_eq!(alone.await, Ok(None));
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
    assert!(from.elapsed() < LONG / 2);
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

#[tokio::test]
async fn they_are_one_command() {
    let server = RedisServer::start();
    let store = store_at(&server.url()).await;
    for round in 1..=2 {
        let reads: Vec<_> = (0..MOST_KEYS).map(|_| begun(&store, "p:k", LONG)).collect();
        for read in reads {
            assert_eq!(read.await, Ok(None));
        }
        assert_eq!(mgets(&server), round);
    }
}

#[tokio::test]
async fn without_the_right_to_mget_each_is_a_get_and_that_is_remembered() {
    let mut server = RedisServer::builder().acl_user("reader", "on >pw ~p:* +get").start();
    server.command::<()>(&["SET", "p:k", "v"]);
    server.command::<()>(&["RPUSH", "p:list", "x"]);
    let store = store_at(&format!("redis://reader:pw@{}", server.address())).await;
    // The question whether it is permitted, asked when the program starts.
    eventually(LONG, || async { mgets(&server) == 1 }).await;
    for _ in 0..3 {
        let mut answers = vec![];
        for read in ["p:k", "p:none", "p:list"].map(|key| begun(&store, key, LONG)) {
            answers.push(read.await);
        }
        assert_eq!(answers, [Ok(Some(b"v".to_vec())), Ok(None), Err(Error::WrongType)]);
        assert_eq!(mgets(&server), 2);
    }
    // The next connection may belong to a user who has got the right.
    server.restart();
    assert_eq!(store.get("p:k", LONG).await, Ok(None), "by the next connection");
    assert_eq!(begun(&store, "p:k", LONG).await, Ok(None));
    assert!(mgets(&server) >= 1);
}

#[tokio::test]
async fn without_the_right_to_read_it_is_an_outage() {
    let server = RedisServer::builder().acl_user("reader", "on >pw ~p:* +get").start();
    let store = store_at(&format!("redis://reader:pw@{}", server.address())).await;
    server.command::<()>(&["ACL", "SETUSER", "reader", "-get"]);
    let reads: Vec<_> = (0..3).map(|_| begun(&store, "p:k", LONG)).collect();
    for read in reads {
        assert_eq!(read.await, Err(Error::Refused("NOPERM".into())));
    }
    assert_eq!(store.get("p:k", LONG).await, Err(Error::Unavailable));
}

#[tokio::test]
async fn large_values_go_alone_and_others_only_as_many_as_are_not_much() {
    let server = RedisServer::start();
    let store = store_at(&server.url()).await;
    let key = key("p:k");
    let of = |about| Question { key: &key, want: Want { about, ..Want::PLAIN }, within: LONG };
    let (small, large) = (of(LARGE), of(LARGE + 1));
    let read = |question| {
        let mut read = Box::pin(store.read(question));
        assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        read
    };
    let mut reads = vec![read(&large)];
    assert_eq!(waiting(&store), 0);
    reads.extend((1..MOST_BYTES / LARGE).map(|_| read(&small)));
    assert_eq!(waiting(&store), MOST_BYTES / LARGE - 1);
    reads.push(read(&small));
    assert_eq!(waiting(&store), 0, "that would have been too much with one more");
    for read in reads {
        assert_eq!(read.await.unwrap().found, None);
    }
}

#[tokio::test]
async fn who_has_less_time_left_than_the_others_goes_alone() {
    let server = RedisServer::start();
    let store = store_at(&server.url()).await;
    let (full, spent) = (begun(&store, "p:k", LONG), begun(&store, "p:k", SHORT));
    assert_eq!(waiting(&store), 1);
    assert_eq!((full.await, spent.await), (Ok(None), Ok(None)));
}

/// Who is never polled again has its own value, and not those of all the others.
#[tokio::test]
async fn a_value_stays_only_for_the_one_who_asked_for_it() {
    let server = RedisServer::start();
    server.command::<()>(&["SET", "p:large", &"v".repeat(10_000)]);
    let store = store_at(&server.url()).await;
    let (pipeline, here) = (store.one().pipeline_here(), Handle::current());
    let key = key("p:large");
    let question = Question { key: &key, want: Want::PLAIN, within: LONG };
    let join = |_| pipeline.join(&here, &question, Waker::noop()).unwrap();
    let mut places: Vec<_> = (0..MOST_KEYS).map(join).collect();
    let (idle, gone) = (places.pop().unwrap(), places.split_off(100));
    for place in places {
        assert_eq!(place.await.unwrap().0.unwrap().len(), 10_000);
    }
    assert_eq!(idle.bytes_kept(), 10_000 * (1 + gone.len()));
    drop(gone);
    assert_eq!(idle.bytes_kept(), 10_000);
}

#[tokio::test]
async fn a_server_without_mget_is_read_as_well() {
    let server = RedisServer::with_args(&["--rename-command", "MGET", "none"]);
    server.command::<()>(&["SET", "p:k", "v"]);
    let store = store_at(&server.url()).await;
    let reads: Vec<_> = (0..2).map(|_| begun(&store, "p:k", LONG)).collect();
    for read in reads {
        assert_eq!(read.await, Ok(Some(b"v".to_vec())));
    }
}
