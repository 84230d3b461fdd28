//! Where the primary is now, by what the sentinels say.
//!
//! The client library's own client asks one sentinel after the other, with long deadlines: a machine
//! that has died with its sentinel would hold up everybody.

use super::address::{like, text};
use super::dial::{Destination, dial_told};
use super::wire::Wire;
use crate::config::{Sentinels, Server};
use crate::store::redis::late::late;
use crate::store::redis::refusal;
use crate::store::redis::report::Report;
use redis::{Cmd, ConnectionAddr, ProtocolVersion, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Between two looks at where the primary is, of who is told at once when that changes.
const LOOK: Duration = Duration::from_secs(1);

/// Where the primary is, by one sentinel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Primary {
    pub(super) place: ConnectionAddr,
    /// Raised by each failover.
    epoch: u64,
}

impl Primary {
    /// Whether it was made the primary after, or instead of, `other`. Who knows only of an earlier
    /// failover says nothing new.
    fn replaces(&self, other: &Self) -> bool {
        self.epoch >= other.epoch && self.place != other.place
    }
}

/// One of the sentinels, and what it is asked.
#[derive(Clone)]
pub(super) struct Sentinel {
    to: Destination,
    primary: String,
    within: Duration,
}

impl Sentinel {
    /// Those that say where `server` is; each has so long for an answer.
    pub(super) fn all(sentinels: &Sentinels, server: &Server, within: Duration) -> Vec<Self> {
        // Which is how it can be told something without having asked.
        let login = sentinels.login.clone().set_protocol(ProtocolVersion::RESP3);
        let sentinel = |place: &ConnectionAddr| Self {
            to: Destination { place: place.clone(), login: login.clone(), tls: server.tls.clone() },
            primary: sentinels.primary.clone(),
            within,
        };
        sentinels.addresses.iter().map(sentinel).collect()
    }

    async fn connect(&self, told: &Arc<Notify>) -> Result<Wire, String> {
        let wire = timeout(self.within, dial_told(&self.to, told)).await;
        wire.map_err(|_| late().to_owned())?.map_err(|error| refusal::greeting(&error))
    }

    /// Asked first where the primary is, which changes last: so the epoch is never an older one.
    async fn ask(&self, wire: &mut Wire) -> Result<Primary, String> {
        let place = self.send(wire, &["GET-MASTER-ADDR-BY-NAME", &self.primary]).await?;
        if place == Value::Nil {
            return Err(format!("it knows no primary of the name `{}`", self.primary));
        }
        let about = self.send(wire, &["MASTER", &self.primary]).await?;
        let odd = || "what it says of the primary is not understood".to_owned();
        let epoch = field(&about, "config-epoch").and_then(|text| text.parse().ok());
        let (host, port) = host_and_port(&place).ok_or_else(odd)?;
        let place = like(&self.to.place, host, port).ok_or_else(odd)?;
        Ok(Primary { place, epoch: epoch.ok_or_else(odd)? })
    }

    async fn send(&self, wire: &mut Wire, words: &[&str]) -> Result<Value, String> {
        let mut command = redis::cmd("SENTINEL");
        command.arg(words);
        send(wire, &command, self.within).await
    }

    async fn connect_and_ask(self) -> Result<Primary, String> {
        let answer = async { self.ask(&mut self.connect(&Arc::default()).await?).await };
        let answer = timeout(self.within, answer).await;
        answer.unwrap_or_else(|_| Err(late().to_owned()))
    }

    /// Waits until it names a primary that replaces `known`; as long as it can be asked at all. Who may
    /// not be told looks all the same.
    async fn watch(&self, known: &Primary, report: &Report) -> Result<(), String> {
        let told = Arc::default();
        let mut wire = self.connect(&told).await?;
        let mut subscribe = redis::cmd("SUBSCRIBE");
        subscribe.arg("+switch-master");
        let answer = timeout(self.within, wire.send(&subscribe)).await;
        if let Err(error) = answer.map_err(|_| late().to_owned())?.and_then(Value::extract_error)
            && let Some(why) = refusal::of_one(&error)
        {
            report.hears_nothing(&self.to.place.to_string(), &why);
        }
        while !self.ask(&mut wire).await?.replaces(known) {
            // Told, or not: a message may be lost, or nothing said.
            let _ = timeout(LOOK, told.notified()).await;
        }
        Ok(())
    }
}

async fn send(wire: &mut Wire, command: &Cmd, within: Duration) -> Result<Value, String> {
    let reply = timeout(within, wire.send(command)).await.map_err(|_| late().to_owned())?;
    reply.and_then(Value::extract_error).map_err(|error| refusal::greeting(&error))
}

/// Asks all of them at once; the one that knows of the latest failover is right.
pub(super) async fn primary(sentinels: Vec<Sentinel>) -> Result<Primary, String> {
    let mut asked = JoinSet::new();
    for sentinel in sentinels {
        asked.spawn(async move {
            let name = sentinel.to.place.to_string();
            let answer = sentinel.connect_and_ask().await;
            answer.map_err(|why| format!("the sentinel {name}: {why}"))
        });
    }
    let (mut latest, mut failed) = (None::<Primary>, "no sentinel has answered".to_owned());
    while let Some(answer) = asked.join_next().await {
        match answer {
            Ok(Ok(primary)) => {
                if latest.as_ref().is_none_or(|latest| primary.epoch > latest.epoch) {
                    latest = Some(primary);
                }
            }
            Ok(Err(why)) => failed = why,
            Err(_) => {}
        }
    }
    latest.ok_or(failed)
}

/// Waits until one of them names a primary that replaces `known`.
pub(super) async fn until_replaced(
    sentinels: Vec<Sentinel>,
    known: &Primary,
    report: &Arc<Report>,
) {
    let mut watching = JoinSet::new();
    for sentinel in sentinels {
        let (known, report) = (known.clone(), report.clone());
        watching.spawn(async move {
            while sentinel.watch(&known, &report).await.is_err() {
                sleep(LOOK).await;
            }
        });
    }
    // There is always one, and none ends for another reason.
    watching.join_next().await;
}

/// The field of an answer that lists names and values.
fn field<'v>(answer: &'v Value, name: &str) -> Option<&'v str> {
    let Value::Map(pairs) = answer else { return None };
    pairs.iter().find(|(key, _)| text(key) == Some(name)).and_then(|(_, value)| text(value))
}

fn host_and_port(answer: &Value) -> Option<(&str, u16)> {
    let Value::Array(parts) = answer else { return None };
    let [host, port] = parts.as_slice() else { return None };
    Some((text(host)?, text(port)?.parse().ok()?))
}
