//! Somebody else stores an old value, as a fill that does not look at its lease would: the
//! checker sees it.

use crate::check::check;
use crate::functions::text;
use crate::history::{Ending, History, Key, Kind, Outcome};
use crate::profile::{Name, Profile};
use crate::record::{Data, Recorder};
use crate::work::{How, Process};
use cache_tests::RedisServer;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn an_old_value_that_comes_back_is_seen() {
    let server = RedisServer::start();
    let data = tempfile::tempdir().unwrap();
    let profile = Profile::of(Name::Busy);
    let process = Arc::new(Process {
        cache: profile.cache(&server.url()),
        recorder: Recorder::here(0),
        data: Data::at(data.path()),
    });
    let key = Key { kind: Kind::Lasting, id: 7 };
    let in_redis = format!("shop:{}", text(key));
    let call = || process.call(key, (Duration::ZERO, Ending::Value), false, None);

    let old = call().await;
    let bytes: String = server.command(&["GET", &in_redis]);
    assert!(process.invalidate(&How::Entry(key)).await);
    let new = call().await;
    assert!(matches!((old, new), (Outcome::Value(old), Outcome::Value(new)) if old != new));
    let events = process.recorder.take();
    assert_eq!(check(&History::of(&events), &profile.rules()), []);

    server.command::<()>(&["SET", &in_redis, &bytes, "PX", "60000"]);
    assert_eq!(call().await, old);
    let several = (key.kind, &[6, 7][..]);
    let found = process.call_all(several, (Duration::ZERO, Ending::Value), false, None).await;
    assert_eq!(found[1], old);
    let events = [events, process.recorder.take()].concat();
    let found = check(&History::of(&events), &profile.rules());
    assert_eq!(found.iter().map(|it| it.guarantee).collect::<Vec<_>>(), ["G3", "G3"], "{found:?}");
}
