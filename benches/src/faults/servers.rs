//! What becomes of servers.

use super::watch::{Seen, Watch};
use super::{LASTS, Scene};
use cache_runtime::{Builder, Cache};
use cache_test_servers::{
    Authority, DEADLINE, FaultProxy, RedisServer, Sentinels, eventually_blocking,
};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const SCENES: &[Scene] = &[
    ("killed and started again", killed),
    ("stopped for two seconds (`SIGSTOP`)", || stopped(LASTS)),
    ("stopped for 100 ms", || stopped(Duration::from_millis(100))),
    ("read-only", read_only),
    ("full (`OOM`)", full),
    ("loading its data", loading),
    ("its password changed", password),
    ("its certificate replaced by one that is not trusted", certificate),
    ("its connections closed (`CLIENT KILL`, `timeout`)", closed),
    ("its primary killed, failover by sentinels", failover),
    ("its primary demoted, failover by sentinels", demoted),
    ("demoted behind a DNS name that leads to the new primary", renamed),
];

pub(super) fn at(url: &str) -> Builder {
    Cache::builder().url(url)
}

fn killed() -> Seen {
    let mut server = RedisServer::start();
    let mut watch = Watch::of(at(&server.url()));
    watch.begins();
    server.kill();
    sleep(LASTS);
    server.restart();
    watch.ended()
}

fn stopped(lasts: Duration) -> Seen {
    let server = RedisServer::start();
    let mut watch = Watch::of(at(&server.url()));
    watch.begins();
    server.stop();
    sleep(lasts);
    server.cont();
    watch.ended()
}

fn read_only() -> Seen {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    let mut watch = Watch::of(at(&replica.url()));
    watch.begins();
    replica.replica_of(Some(&primary));
    sleep(LASTS);
    replica.replica_of(None);
    watch.ended()
}

fn full() -> Seen {
    let server = RedisServer::start();
    let mut watch = Watch::of(at(&server.url()));
    watch.begins();
    server.config_set("maxmemory-policy", "noeviction");
    server.config_set("maxmemory", "1");
    sleep(LASTS);
    server.config_set("maxmemory", "0");
    watch.ended()
}

fn loading() -> Seen {
    let mut server = RedisServer::builder()
        .may_be_loading()
        .with_args(&["--key-load-delay", "1500", "--loading-process-events-interval-bytes", "1024"])
        .start();
    let mut watch = Watch::of(at(&server.url()));
    server.command::<()>(&["DEBUG", "POPULATE", "20000", "filler", "100"]);
    server.command::<()>(&["SAVE"]);
    watch.begins();
    server.restart();
    sleep(LASTS);
    server.config_set("key-load-delay", "0");
    let answers = || server.try_command::<Option<String>>(&["GET", "x"]).is_ok();
    eventually_blocking(DEADLINE, answers);
    watch.ended()
}

/// Who is logged in stays so: what is connected anew is asked.
fn password() -> Seen {
    let server = RedisServer::builder().requirepass("old").start();
    let known = Arc::new(Mutex::new("old".to_owned()));
    let told = known.clone();
    let ask = move || std::future::ready(Ok::<_, String>(told.lock().unwrap().clone()));
    let mut operator = server.connection().unwrap();
    let mut watch = Watch::of(at(&server.url()).password_with(ask));
    watch.begins();
    redis::cmd("CONFIG").arg(&["SET", "requirepass", "new"]).exec(&mut operator).unwrap();
    redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal"]).exec(&mut operator).unwrap();
    sleep(LASTS);
    *known.lock().unwrap() = "new".to_owned();
    watch.ended()
}

fn certificate() -> Seen {
    const HERE: &str = "IP:127.0.0.1";
    let (old, new) = (Authority::new(), Authority::new());
    let server = RedisServer::builder().tls(&old.issue(HERE)).start();
    let trusted = old.root().with_file_name("trusted.pem");
    std::fs::copy(old.root(), &trusted).unwrap();
    let mut watch = Watch::of(at(&server.url()).tls_ca(&trusted));
    let next = new.issue(HERE);
    watch.begins();
    server.tls_certificate(&next);
    server.command::<()>(&["CLIENT", "KILL", "TYPE", "normal"]);
    sleep(LASTS);
    std::fs::copy(new.root(), &trusted).unwrap();
    watch.ended()
}

fn closed() -> Seen {
    let server = RedisServer::start();
    let mut watch = Watch::of(at(&server.url()));
    watch.begins();
    server.command::<()>(&["CLIENT", "KILL", "TYPE", "normal"]);
    watch.ended()
}

fn failover() -> Seen {
    let (mut primary, replica) = (RedisServer::start(), RedisServer::start());
    replica.replica_of(Some(&primary));
    let sentinels = Sentinels::start(&primary, 1);
    let mut watch = Watch::of(at(&sentinels.url()));
    watch.begins();
    primary.kill();
    let end = switched(&sentinels, &replica);
    watch.ended_at(end)
}

fn demoted() -> Seen {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    replica.replica_of(Some(&primary));
    let sentinels = Sentinels::start(&primary, 1);
    let mut watch = Watch::of(at(&sentinels.url()));
    watch.begins();
    sentinels.failover();
    let end = switched(&sentinels, &replica);
    watch.ended_at(end)
}

/// Since when the sentinels name the replica.
fn switched(sentinels: &Sentinels, replica: &RedisServer) -> Instant {
    eventually_blocking(DEADLINE, || sentinels.primary() == Some(replica.port()));
    Instant::now()
}

fn renamed() -> Seen {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let name = FaultProxy::start(old.port());
    let mut watch = Watch::of(at(&name.url()));
    watch.begins();
    name.lead_to(new.port());
    old.replica_of(Some(&new));
    watch.ended()
}
