//! TLS: who is trusted, who is not, and what is said about it.

use super::*;
use cache_test_servers::{Authority, Certificate, Cluster, RedisServerBuilder};

const HERE: &str = "IP:127.0.0.1";

/// A server with this certificate, and what the cache logs about it.
fn server(certificate: &Certificate) -> (RedisServer, Logs) {
    let server = RedisServer::builder().tls(certificate).start();
    let logs = Logs::capture(server.address());
    (server, logs)
}

fn builder_at(server: &RedisServer, trusted: &Authority) -> Builder {
    Builder::default().url(server.url()).tls_ca(trusted.root())
}

async fn works_by(builder: Builder) -> RedisStore {
    let store = store_by(builder);
    within_a_second(|| works(&store)).await;
    store
}

/// It is not reached, and `why` is said in one WARN.
async fn is_refused(builder: Builder, logs: &Logs, why: &str) {
    let store = store_by(builder);
    // Once at least one attempt has been made, of which the log tells.
    eventually(DEADLINE, || async {
        assert!(store.get("p:k", BUDGET).await.is_err());
        logs.count("WARN") == 1
    })
    .await;
    let said = logs.lines().concat();
    assert!(said.contains(why), "{said}");
    unavailable_at_once(&store);
    assert_eq!(store.reachability(), Reachability::Unreachable);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_that_is_named_is_trusted_and_no_other() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let (server, logs) = server(&ours.issue(HERE));
    let store = works_by(builder_at(&server, &ours)).await;
    store.set("p:k", b"v", MINUTE, DEADLINE).await.unwrap();
    assert_eq!(store.get("p:k", BUDGET).await, Ok(Some(b"v".to_vec())));
    let why = "invalid peer certificate: UnknownIssuer; name the file of the root";
    is_refused(builder_at(&server, &theirs), &logs, why).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_another_name_is_not_believed() {
    let authority = Authority::new();
    let (server, logs) = server(&authority.issue("DNS:other.example"));
    is_refused(builder_at(&server, &authority), &logs, "not valid for name \"127.0.0.1\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate_is_not_believed() {
    let authority = Authority::new();
    let (server, logs) = server(&authority.issue_expired(HERE));
    is_refused(builder_at(&server, &authority), &logs, "invalid peer certificate: Expired").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_said_to_be_one() {
    let server = RedisServer::start();
    let store = store_at(&format!("rediss://{}", server.address()));
    assert!(store.get("p:k", BUDGET).await.is_err());
    let said = || async { store.outage().is_some_and(|why| why.contains("may not speak TLS")) };
    eventually(DEADLINE, said).await;
}

/// The server's certificate and its root are replaced, as by a rotation, while the program runs.
#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_again_when_somebody_connects() {
    let (old, new) = (Authority::new(), Authority::new());
    let (server, logs) = server(&old.issue(HERE));
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("trusted.pem");
    std::fs::copy(old.root(), &trusted).unwrap();
    let store = works_by(Builder::default().url(server.url()).tls_ca(&trusted)).await;

    let next = new.issue(HERE);
    server.tls_certificate(&next);
    assert!(works(&store).await, "the connection that there is stays");
    server.command::<()>(&["CLIENT", "KILL", "TYPE", "normal"]);
    eventually(DEADLINE, || async { logs.lines().concat().contains("UnknownIssuer") }).await;

    std::fs::copy(new.root(), &trusted).unwrap();
    within_a_second(|| works(&store)).await;
    assert_eq!((logs.count("WARN"), logs.count("INFO")), (1, 2), "{:?}", logs.lines());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_to_know_who_we_are_is_shown_a_certificate() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = RedisServer::builder().tls(&authority.issue(HERE)).tls_clients(&authority).start();
    let logs = Logs::capture(server.address());
    let with = |certificate: &Certificate| {
        builder_at(&server, &authority).tls_client(&certificate.file, &certificate.key)
    };
    let ours = authority.issue("DNS:client");
    works_by(with(&ours)).await;
    is_refused(builder_at(&server, &authority), &logs, "CertificateRequired").await;

    let logs = Logs::capture(server.address());
    is_refused(with(&stranger.issue("DNS:client")), &logs, "received fatal alert").await;
    let logs = Logs::capture(server.address());
    let mixed = Certificate { file: ours.file, key: authority.issue("DNS:client").key };
    is_refused(with(&mixed), &logs, "the TLS file").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_of_no_use_are_named_and_not_shown() {
    let authority = Authority::new();
    let ours = authority.issue(HERE);
    let (server, _) = server(&ours);
    let folder = tempfile::tempdir().unwrap();
    let (empty, absent) = (folder.path().join("empty.pem"), folder.path().join("absent.pem"));
    std::fs::write(&empty, "secret-of-a-file").unwrap();
    let url = || Builder::default().url(server.url());
    for (builder, why) in [
        (url().tls_ca(&absent), "absent.pem: No such file"),
        (url().tls_ca(&empty), "empty.pem: it holds no certificate"),
        (url().tls_ca(authority.root()).tls_client(&ours.file, &empty), "empty.pem: it is no PEM"),
        (url().tls_ca(authority.root()).tls_client(&empty, &ours.key), "empty.pem: it holds no"),
    ] {
        let logs = Logs::capture(server.address());
        is_refused(builder, &logs, why).await;
    }
    assert!(!Logs::anywhere("secret-of-a-file"));
}

/// Each node of a cluster is spoken to by it, those too of which only others told.
#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_of_a_cluster_show_their_certificates() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let certificate = authority.issue(HERE);
    let root = authority.root().to_string_lossy().into_owned();
    let among = ["--tls-cluster", "yes", "--tls-replication", "yes", "--tls-ca-cert-file", &root];
    let node = |node: RedisServerBuilder| node.tls(&certificate).with_args(&among);
    let cluster = Cluster::builder().nodes(node).start();
    assert!(cluster.url().starts_with("rediss-cluster://"));
    let one = format!("rediss-cluster://{}", cluster.node(0).address());
    let store = works_by(Builder::default().url(&one).tls_ca(authority.root())).await;
    for node in 0..3 {
        let key = format!("p:{}", cluster.numbers(node, 1, |n| format!("p:{n}"))[0]);
        within_a_second(|| async { store.set(&key, b"v", MINUTE, DEADLINE).await.is_ok() }).await;
        assert_eq!(store.get(&key, DEADLINE).await, Ok(Some(b"v".to_vec())));
        assert!(cluster.node(node).command::<bool>(&["EXISTS", &key]));
    }
    let doubting = store_by(Builder::default().url(&one).tls_ca(stranger.root()));
    let why = || async { doubting.outage().unwrap_or_default() };
    assert!(doubting.get("p:k", BUDGET).await.is_err());
    eventually(DEADLINE, || async { why().await.contains("UnknownIssuer") }).await;
}

/// The platform's certificates are found by the environment, which a process cannot change for
/// its own threads: so the test runs itself once more.
#[test]
fn the_platforms_roots_are_trusted_where_none_is_named() {
    let authority = Authority::new();
    let (server, _) = server(&authority.issue(HERE));
    let run = |trusted: &Authority| {
        std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "store::redis::tests::tls::child"])
            .env("SSL_CERT_FILE", trusted.root())
            .env("TLS_CHILD_URL", server.url())
            .output()
            .unwrap()
    };
    let trusted = run(&authority);
    assert!(trusted.status.success(), "{}", String::from_utf8_lossy(&trusted.stdout));
    let stranger = run(&Authority::new());
    assert!(!stranger.status.success(), "a certificate that nobody vouches for");
    let said = String::from_utf8_lossy(&stranger.stdout).into_owned();
    assert!(said.contains("invalid peer certificate"), "{said}");
}

#[ignore = "run by the test above, with its environment"]
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let url = std::env::var("TLS_CHILD_URL").unwrap();
    let logs = Logs::capture(url.strip_prefix("rediss://").unwrap());
    let store = store_at(&url);
    let outcome = store.set("p:k", b"v", MINUTE, Duration::from_secs(5)).await;
    assert_eq!(outcome, Ok(()), "{:?}", logs.lines());
    assert_eq!(store.get("p:k", BUDGET).await, Ok(Some(b"v".to_vec())));
}
