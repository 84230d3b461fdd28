//! Leases: given out, ended with a fill or without one, and renewed.

use super::keys::{KEYS_PER_COMMAND, life_text, millis};
use super::link::node::Node;
use super::reading::{Reader, value, value_and_life};
use super::refusal::Asked;
use super::scripts::Scripts;
use crate::error::Error;
use crate::key::whole::Key;
use crate::store::{Acquired, Act, Ask, Claim, ENDED, LeftBehind, Reachability, Token};
use redis::Value;
use std::borrow::Cow;
use std::time::Duration;

/// The least size of a value that the server may be set up not to take (`proto-max-bulk-len`).
const LARGE: usize = 1 << 20;
/// A lease of a key without tags.
const OURS: Acquired = Acquired::Ours { tokens: Vec::new(), mark: None };

impl Node {
    pub(super) async fn give_lease(
        &self,
        scripts: &Scripts,
        key: &Key,
        claim: &Claim<'_>,
        within: Duration,
    ) -> Result<Acquired, Error> {
        if self.harmful.leaves_alone(key.whole()) {
            return Err(Error::Unavailable);
        }
        if let Some(tagged) = &claim.tagged {
            // Boxed: a lease without tags does not pay for the room that it needs.
            return Box::pin(self.give_tagged_lease(scripts, key, claim, tagged, within)).await;
        }
        let (lease, token) = (key.lease(), claim.token.as_bytes());
        let life = life_text(claim.life);
        if claim.ask == Ask::Force {
            let mut command = redis::cmd("SET");
            command.arg(lease).arg(token).arg("PX").arg(life);
            let taken = |reply| matches!(reply, Value::Okay).then_some(OURS);
            return self.write(self.ask(command, Asked::Write, within, taken)).await;
        }
        let keys = [key.whole(), &lease, &key.ended()];
        let above;
        let with_above;
        let without_above = [token, life.as_bytes()];
        let (script, arguments, found): (_, &[&[u8]], Reader) = match claim.ask {
            Ask::Above(least) => {
                // Rounded up: what is not more than it by a whole millisecond is not more.
                let least = millis(least.saturating_add(Duration::from_nanos(999_999)));
                above = least.unwrap_or(0).to_string();
                with_above = [token, life.as_bytes(), above.as_bytes()];
                (&scripts.acquire_above, &with_above, value_and_life)
            }
            Ask::IfAbsent | Ask::Force => (&scripts.acquire, &without_above, value),
        };
        // Hardly ever are there any, and a list of them is an allocation.
        let (over, with_over): (Vec<_>, Vec<&[u8]>);
        let arguments = match claim.over {
            [] => arguments,
            left => {
                over = left.iter().map(named).collect();
                let over = over.iter().map(|over| &**over);
                with_over = arguments.iter().copied().chain(over).collect();
                &with_over
            }
        };
        let acquired = |reply| match reply {
            Value::Int(1) => Some(OURS),
            Value::Int(0) => Some(Acquired::Theirs(None)),
            Value::Array(ended) if ended.len() == 1 => theirs(ended),
            reply => found(reply)?.map(Acquired::Found),
        };
        self.write(self.run(script, &keys, arguments, Asked::Write, within, acquired)).await
    }

    pub(super) async fn settle_lease(
        &self,
        scripts: &Scripts,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        within: Duration,
    ) -> Result<bool, Error> {
        let (lease, token) = (key.lease(), token.as_bytes());
        let keys = [key.whole(), &lease];
        let without_value = async |script| {
            let (ended, last) = (key.ended(), life_text(ENDED));
            let (keys, arguments) = ([key.whole(), &lease, &ended], [token, last.as_bytes()]);
            self.settle_by(script, &keys, &arguments, Asked::Write, within).await
        };
        match act {
            Act::Fill(value, ttl) => {
                let Some(ttl) = millis(ttl) else { return without_value(&scripts.end).await };
                let ttl = ttl.to_string();
                let arguments = [token, value, ttl.as_bytes()];
                let fill = |asked| self.settle_by(&scripts.fill, &keys, &arguments, asked, within);
                if value.len() < LARGE {
                    return self.write(fill(Asked::Write)).await;
                }
                // What comes of it says nothing of other writes.
                let reachable = self.reachability() == Reachability::Reachable;
                let filled = fill(Asked::Bulk).await;
                let lost = matches!(filled, Err(Error::Unavailable | Error::Timeout));
                if reachable && lost && self.harmful.harmed(key.whole(), 1) {
                    self.report.leaves_alone(key.whole());
                }
                filled
            }
            Act::Discard => without_value(&scripts.discard).await,
            Act::End => without_value(&scripts.end).await,
            Act::Release => {
                self.settle_by(&scripts.release, &keys, &[token], Asked::Write, within).await
            }
        }
    }

    pub(super) async fn renew(
        &self,
        scripts: &Scripts,
        leases: &[(Key, Token)],
        life: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        let life = life_text(life);
        let renewed = |reply| matches!(reply, Value::Int(_)).then_some(());
        for leases in leases.chunks(KEYS_PER_COMMAND) {
            let keys: Vec<_> = leases.iter().map(|(key, _)| key.lease()).collect();
            let tokens = leases.iter().map(|(_, token)| token.as_bytes());
            let arguments: Vec<_> = std::iter::once(life.as_bytes()).chain(tokens).collect();
            let script = &scripts.renew;
            self.run(script, &keys, &arguments, Asked::Change, within, renewed).await?;
        }
        Ok(())
    }
}

/// A lease that was left behind, as the scripts have it.
pub(super) fn named(left: &LeftBehind) -> Cow<'_, [u8]> {
    match left.ended {
        false => left.token.as_bytes().into(),
        true => [left.token.as_bytes(), b"!"].concat().into(),
    }
}

/// What is no token has been written there by others.
pub(super) fn theirs(parts: Vec<Value>) -> Option<Acquired> {
    match parts.into_iter().next() {
        None => Some(Acquired::Theirs(None)),
        Some(Value::BulkString(ended)) => Some(Acquired::Theirs(Token::read(&ended))),
        Some(_) => None,
    }
}
