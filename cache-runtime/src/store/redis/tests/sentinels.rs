//! A primary that sentinels name.

use super::*;

/// Where no replica takes over, however long the primary is none.
const PATIENT: &[&str] = &["down-after-milliseconds 60000"];

#[tokio::test(flavor = "multi_thread")]
async fn one_sentinel_that_answers_is_enough() {
    let primary = RedisServer::start();
    let mut sentinels = Sentinels::start(&primary, 0);
    let store = store_at(&sentinels.url());
    sentinels.each()[0].kill();
    sentinels.each()[1].stop();
    store.set("p:k", b"v", MINUTE, DEADLINE).await.unwrap();
    assert_eq!(primary.command::<String>(&["GET", "p:k"]), "v");
    assert!(format!("{store:?}").contains("shop@127.0.0.1:"), "{store:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_sentinel_it_is_out_of_reach_and_back_with_the_first() {
    let primary = RedisServer::start();
    let mut sentinels = Sentinels::start(&primary, 0);
    for sentinel in sentinels.each() {
        sentinel.kill();
    }
    let store = store_at(&sentinels.url());
    let logs = Logs::capture(sentinels.each()[0].address());
    assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
    let said = logs.lines().concat();
    assert!(said.contains("reason=the sentinel 127.0.0.1:"), "{said}");
    sentinels.each()[2].restart();
    within_a_second(|| works(&store)).await;
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 1), "{:?}", logs.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_they_name_must_say_itself_that_it_is_the_primary() {
    let (primary, other) = (RedisServer::start(), RedisServer::start());
    let sentinels = Sentinels::with(&primary, 0, |builder| builder, PATIENT);
    primary.replica_of(Some(&other));
    let store = store_at(&sentinels.url());
    assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
    assert!(store.outage().is_some_and(|why| why.contains("not by what it says")));
    primary.replica_of(None);
    within_a_second(|| works(&store)).await;
    // Demoted behind the sentinels' back it says so to whoever writes, and is left.
    primary.replica_of(Some(&other));
    assert!(store.set("p:k", b"v", MINUTE, DEADLINE).await.is_err());
    eventually(DEADLINE, || async { store.get("p:k", DEADLINE).await.is_err() }).await;
    primary.replica_of(None);
    within_a_second(|| works(&store)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_no_such_primary_says_so() {
    let primary = RedisServer::start();
    let sentinels = Sentinels::start(&primary, 0);
    let url = sentinels.url().replace("/shop", "/shopp");
    let store = store_at(&url);
    assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
    assert!(store.outage().is_some_and(|why| why.contains("no primary of the name `shopp`")));
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_server_have_passwords_of_their_own() {
    let primary = RedisServer::builder().requirepass("of-the-server").start();
    let about = ["auth-pass of-the-server"];
    let sentinels =
        Sentinels::with(&primary, 0, |builder| builder.requirepass("of-the-sentinels"), &about);
    let place = sentinels.place();
    let right =
        format!("redis-sentinel://:of-the-server@{place}?sentinel_password=of-the-sentinels");
    let store = store_at(&right);
    assert!(works(&store).await);
    for wrong in
        [right.replace("of-the-sentinels", "wrong"), right.replace("of-the-server", "wrong")]
    {
        let store = store_at(&wrong);
        assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
        let why = store.outage().unwrap_or_default();
        assert!(why.contains("authentication failed") || why.contains("WRONGPASS"), "{why}");
    }
    for secret in ["of-the-server", "of-the-sentinels"] {
        assert!(!format!("{store:?}").contains(secret) && !Logs::anywhere(secret));
    }
}

/// A primary and its sentinels, each with a user who has the rights that the guide names and no other;
/// and their URL.
fn with_few_rights() -> (RedisServer, Sentinels, String) {
    let [functions, role] = ["cached functions", "a primary behind"].map(rights_for);
    let rules = format!("on >pw ~p:* {functions} {role}");
    let primary = RedisServer::builder().acl_user("app", &rules).start();
    let rules = format!("on >pw resetchannels {}", rights_for("the user on the sentinels"));
    let sentinels =
        Sentinels::with(&primary, 0, |builder| builder.acl_user("app", &rules), PATIENT);
    let place = sentinels.place();
    let url = format!("redis-sentinel://app:pw@{place}?sentinel_user=app&sentinel_password=pw");
    (primary, sentinels, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn users_with_few_rights_are_enough() {
    let (_primary, mut sentinels, url) = with_few_rights();
    let logs = Logs::capture(sentinels.each()[0].address());
    let store = store_at(&url);
    store.set("p:k", b"v", MINUTE, DEADLINE).await.unwrap();
    // Who may not listen would not know of this one, and there is nobody who ends its connections.
    for sentinel in sentinels.each() {
        let clients = || sentinel.command::<String>(&["CLIENT", "LIST", "TYPE", "pubsub"]);
        eventually(DEADLINE, || async { clients().contains("user=app") }).await;
    }
    assert_eq!(logs.count("WARN"), 0, "{:?}", logs.lines());
    assert!(!logs.lines().concat().contains("lacks=NOPERM"), "{:?}", logs.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_named() {
    let (primary, mut sentinels, url) = with_few_rights();
    let outage = async || {
        let store = store_at(&url);
        assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
        store.outage().unwrap_or_default()
    };
    // Without it nobody could tell whether it is the primary.
    primary.command::<()>(&["ACL", "SETUSER", "app", "-role"]);
    assert_eq!(outage().await, "NOPERM, to ROLE");
    primary.command::<()>(&["ACL", "SETUSER", "app", "+role"]);
    let each = |sentinels: &mut Sentinels, rule: &[&str]| {
        for sentinel in sentinels.each() {
            sentinel.command::<()>(&[&["ACL", "SETUSER", "app"], rule].concat());
        }
    };
    let [address, about] = ["+sentinel|get-master-addr-by-name", "+sentinel|master"];
    for (missing, other) in [(address, about), (about, address)] {
        each(&mut sentinels, &["-sentinel", other]);
        let said = outage().await;
        assert!(said.contains("NOPERM") && said.contains("'sentinel"), "{said}");
        each(&mut sentinels, &[missing]);
    }
    assert!(works(&store_at(&url)).await);
}

/// Another one is seen all the same.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_listen_looks_every_second() {
    let (primary, mut sentinels, url) = with_few_rights();
    let rules = primary.command::<Vec<String>>(&["ACL", "LIST"]);
    let rule = rules.iter().find(|rule| rule.starts_with("user app ")).unwrap();
    let other = RedisServer::start();
    let words = rule.split(' ').skip(2);
    other.command::<()>(&["ACL", "SETUSER", "app"].into_iter().chain(words).collect::<Vec<_>>());
    for sentinel in sentinels.each() {
        sentinel.command::<()>(&["ACL", "SETUSER", "app", "-subscribe"]);
    }
    let logs = Logs::capture(sentinels.each()[0].address());
    let store = store_at(&url);
    assert!(works(&store).await);
    let said = || logs.lines().into_iter().filter(|line| line.contains("lacks=NOPERM"));
    eventually(DEADLINE, || async { said().count() == 1 }).await;
    assert!(said().all(|line| line.starts_with("INFO") && line.contains("'subscribe'")));
    let port = other.port().to_string();
    for sentinel in sentinels.each() {
        sentinel.command::<()>(&["SENTINEL", "REMOVE", "shop"]);
        sentinel.command::<()>(&["SENTINEL", "MONITOR", "shop", "127.0.0.1", &port, "2"]);
    }
    // By which its connections are seen to work.
    eventually(DEADLINE, || async { other.calls("get") > 0 }).await;
    assert!(works(&store).await);
    assert_eq!(said().count(), 1, "once: {:?}", logs.lines());
}

#[cfg(feature = "tls")]
#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_server_by_tls() {
    let authority = cache_test_servers::Authority::new();
    let (certificate, root) = (authority.issue("IP:127.0.0.1"), authority.root());
    let root = root.to_string_lossy();
    let with_tls = |builder: cache_test_servers::RedisServerBuilder| {
        let args = ["--tls-replication", "yes", "--tls-ca-cert-file", &root];
        builder.tls(&certificate).with_args(&args)
    };
    let primary = with_tls(RedisServer::builder()).start();
    let sentinels = Sentinels::with(&primary, 0, with_tls, &[]);
    let url = format!("rediss-sentinel://{}", sentinels.place());
    let store = store_by(Builder::default().url(&url).tls_ca(authority.root()));
    store.set("p:k", b"v", MINUTE, DEADLINE).await.unwrap();
    assert_eq!(store.get("p:k", DEADLINE).await, Ok(Some(b"v".to_vec())));
    let stranger = cache_test_servers::Authority::new();
    let store = store_by(Builder::default().url(&url).tls_ca(stranger.root()));
    assert_eq!(store.get("p:k", DEADLINE).await, Err(Error::Unavailable));
    assert!(store.outage().is_some_and(|why| why.contains("UnknownIssuer")));
}
