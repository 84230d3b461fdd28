//! Where a server is, how to connect to it, and how to see that it is of use.

use super::bounded::Bound;
use super::dial::{Destination, dial, dial_pushing};
use super::lacks::{self, Use};
use super::locate::locate;
use super::redirect::is_about_place;
use super::sentinels::{Primary, Sentinel, until_replaced};
#[cfg(feature = "tls")]
use super::tls;
use super::tracked;
use super::wire::Wire;
use crate::config::{Place, Server};
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::store::redis::late::late;
use crate::store::redis::refusal;
use crate::store::redis::report::Report;
use crate::sync::{Mutex, lock};
use redis::aio::AsyncPushSender;
use redis::{Cmd, ConnectionAddr, ProtocolVersion, RedisError, RedisResult, Value};
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long one attempt, or one probe, may take. Short, for a stalled server takes the connection
/// and then says nothing, and a recovery is to be seen within a second.
pub(super) const ATTEMPT: Duration = Duration::from_millis(400);
/// TLS needs two round trips more, and the platform's certificates read.
const TLS_ATTEMPT: Duration = Duration::from_secs(1);

/// How many keys are looked at for one of a slot that a server has.
const MOST_TRIES: usize = 1 << 14;

/// Connections that were opened together.
pub(super) struct Connections {
    pub(super) wires: Vec<Wire>,
    /// Told when one of them ends.
    pub(super) ended: Arc<Notify>,
    to: Destination,
    /// What the sentinels said, if they were asked.
    primary: Option<Primary>,
}

/// Why there is no connection that tracks.
#[derive(Debug)]
pub(super) enum Untracked {
    /// The server cannot do it, or not for us: as it said.
    Refused(String),
    /// It may do so soon.
    Trouble,
    /// It has not answered in time.
    Late,
}

impl Untracked {
    #[allow(clippy::needless_pass_by_value)] // as `map_err` hands it over
    fn by(error: RedisError) -> Self {
        refusal::of_one(&error).map_or(Self::Trouble, Self::Refused)
    }
}

/// Where the server is, and how it is asked whether it works.
pub(super) struct Endpoint {
    server: Server,
    /// How long one attempt to connect may take, or an answer while connecting.
    pub(super) attempt: Duration,
    connections: usize,
    /// How many bytes of one value are read.
    pub(super) bound: Arc<Bound>,
    probed: String,
    probe: Cmd,
    prefix: String,
    /// Whether it was asked what it lacks.
    checked: AtomicBool,
    /// Whether there are functions with `l1`, so that it is asked for what they need, too.
    l1: AtomicBool,
    /// Where the primary was that was connected to last, if sentinels say where it is.
    last: Mutex<Option<ConnectionAddr>>,
}

impl Endpoint {
    pub(super) fn new(server: Server, prefix: &str, connections: usize) -> Self {
        #[cfg(feature = "tls")]
        if server.is_tls() {
            tls::provide_cryptography();
        }
        let probed = format!("{prefix}:~probe");
        let mut probe = redis::cmd("GET");
        probe.arg(&probed);
        let attempt = if server.is_tls() { TLS_ATTEMPT } else { ATTEMPT };
        let (prefix, checked) = (prefix.to_owned(), AtomicBool::new(false));
        let (l1, last) = (AtomicBool::new(false), Mutex::default());
        let bound = Arc::new(Bound::none());
        Self { server, attempt, connections, bound, probed, probe, prefix, checked, l1, last }
    }

    /// Has the server asked for what functions with `l1` need, too.
    pub(super) fn serves_l1(&self) {
        self.l1.store(true, Ordering::Relaxed);
    }

    /// Where the server is, if it is one of a cluster's.
    pub(super) fn member(&self) -> Option<&ConnectionAddr> {
        match &self.server.place {
            Place::Member(address) => Some(address),
            _ => None,
        }
    }

    /// New connections, seen to work. Each of them, and each answer on the way, has `within`.
    pub(super) async fn connect(&self, within: Duration) -> Result<Connections, String> {
        let (to, primary) = locate(&self.server, within).await?;
        let ended = Arc::default();
        let mut wires = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let attempt = timeout(within, dial(&to, &ended, &self.bound)).await;
            let attempt = attempt.map_err(|_| match self.server.is_tls() {
                // It waits for the end of a command.
                true => format!("{}; on this port it may not speak TLS", late()),
                false => late().to_owned(),
            })?;
            wires.push(attempt.map_err(|error| refusal::greeting(&error))?);
        }
        let opened = Connections { wires, ended, to, primary };
        self.probe(&opened, within).await?;
        if opened.primary.is_some() {
            *lock(&self.last) = Some(opened.to.place.clone());
        }
        Ok(opened)
    }

    /// Has the report told, once, what the server lacks. Nobody waits for that.
    pub(super) fn check(self: &Arc<Self>, opened: &Connections, report: &Arc<Report>) {
        if self.checked.swap(true, Ordering::Relaxed) {
            return;
        }
        let (endpoint, to, report) = (self.clone(), opened.to.clone(), report.clone());
        drop(tokio::spawn(async move {
            let l1 = endpoint.l1.load(Ordering::Relaxed);
            let used = Use { l1, in_cluster: endpoint.member().is_some() };
            let done = lacks::check(&to, &endpoint.prefix, used, &report).await;
            endpoint.checked.store(done, Ordering::Relaxed);
        }));
    }

    /// Waits until the sentinels name another primary than that of these connections.
    pub(super) async fn until_moved(&self, opened: &Connections, report: &Arc<Report>) {
        match (&self.server.place, &opened.primary) {
            (Place::Primary(sentinels), Some(primary)) => {
                let sentinels = Sentinel::all(sentinels, &self.server, self.attempt);
                until_replaced(sentinels, primary, report).await;
            }
            _ => pending().await,
        }
    }

    /// Whether the server answers reads on each of the connections `within` that time, and is the
    /// primary where that was asked for.
    pub(super) async fn probe(&self, opened: &Connections, within: Duration) -> Result<(), String> {
        let all = async {
            for wire in &opened.wires {
                self.probe_one(&mut wire.clone()).await?;
                if opened.primary.is_some() {
                    is_primary(wire.clone().send(&redis::cmd("ROLE")).await)?;
                }
            }
            Ok(())
        };
        timeout(within, all).await.unwrap_or_else(|_| Err(late().to_owned()))
    }

    /// Whether the server answers a read on this connection.
    pub(super) async fn probe_one(&self, wire: &mut Wire) -> Result<(), String> {
        match wire.send(&self.probe).await.and_then(Value::extract_error) {
            Ok(_) => Ok(()),
            // Somebody keeps something under our key: it could be read all the same.
            Err(error) if error.code() == Some("WRONGTYPE") => Ok(()),
            // It is one of a cluster's that has other slots, or waits for others to say which.
            Err(error) if is_about_place(&error) => Ok(()),
            Err(error) => Err(refusal::reason(&error)),
        }
    }

    /// Whether the server answers for a key as the one that has it; though perhaps it is about to move.
    /// The key is that of [`probe_one`](Self::probe_one), unless one is given.
    pub(super) async fn still_has(&self, wire: &mut Wire, key: Option<&str>) -> bool {
        let answer = match key {
            None => wire.send(&self.probe).await,
            Some(key) => {
                let mut get = redis::cmd("GET");
                get.arg(key);
                wire.send(&get).await
            }
        };
        match answer.and_then(Value::extract_error) {
            Ok(_) => true,
            Err(error) => matches!(error.code(), Some("WRONGTYPE" | "ASK")),
        }
    }

    /// A key like that of the probes, of a slot that `is_own`; another one each time, so that a server
    /// that has lost any slots is soon found out.
    pub(super) fn probe_of(&self, is_own: impl Fn(u16) -> bool) -> Option<String> {
        let any = || Key::new(&self.prefix, &format!("~probe:{}", fastrand::u32(..)));
        let key = std::iter::repeat_with(any).take(MOST_TRIES).find(|key| is_own(key.slot()));
        key.map(|key| key.whole().to_owned())
    }

    /// A new connection that tracks what it reads, and hands what the server says of that to
    /// `pushes`. It is to be there `within` that time.
    pub(super) async fn track(
        &self,
        pushes: impl AsyncPushSender,
        within: Duration,
    ) -> Result<Wire, Untracked> {
        let located = locate(&self.server, within).await;
        let (mut to, primary) = located.map_err(|_| Untracked::Trouble)?;
        // A sentinel that is behind may be all that has answered, and what was the primary may still
        // say that it is. That other connections have left it is what it is known by.
        if primary.is_some() && lock(&self.last).as_ref() != Some(&to.place) {
            return Err(Untracked::Trouble);
        }
        to.login = to.login.set_protocol(ProtocolVersion::RESP3);
        let opening = async {
            let wire = dial_pushing(&to, pushes, &self.bound).await;
            let mut wire = wire.map_err(Untracked::by)?;
            let mut tracking = redis::cmd("CLIENT");
            tracking.arg("TRACKING").arg("ON");
            let tracks = wire.send(&tracking).await.and_then(Value::extract_error);
            tracks.map_err(Untracked::by)?;
            if primary.is_some() {
                let role = wire.send(&redis::cmd("ROLE")).await;
                is_primary(role).map_err(|_| Untracked::Trouble)?;
            }
            // Only then may it be used, and only if it can be.
            match tracked::read(&mut wire, &self.probed, Tags::NONE).await {
                Ok(Some(_)) => Ok(wire),
                Ok(None) => Err(Untracked::Trouble),
                Err(error) if error.code() == Some("WRONGTYPE") => Ok(wire),
                // It knows of none of its slots now.
                Err(error) if error.code() == Some("CLUSTERDOWN") => Err(Untracked::Trouble),
                // It has other slots, of which it is asked later on.
                Err(error) if is_about_place(&error) => Ok(wire),
                Err(error) => Err(Untracked::by(error)),
            }
        };
        timeout(within, opening).await.unwrap_or(Err(Untracked::Late))
    }
}

/// Whether the answer of `ROLE` is a primary's. Sentinels are late now and then.
fn is_primary(answer: RedisResult<Value>) -> Result<(), String> {
    let role = match answer.and_then(Value::extract_error) {
        Ok(Value::Array(parts)) => parts.into_iter().next(),
        Ok(_) => None,
        Err(error) => return Err(format!("{}, to ROLE", refusal::reason(&error))),
    };
    match role {
        Some(Value::BulkString(role)) if role == b"master" => Ok(()),
        _ => Err("it is the primary by what the sentinels say, and not by what it says".to_owned()),
    }
}

impl fmt::Debug for Endpoint {
    // What is known of the server holds the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("connections", &self.connections).finish_non_exhaustive()
    }
}
