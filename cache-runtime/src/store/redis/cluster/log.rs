//! The log of invalidated tags (`store::log`), on the node that has its slot. Tags and values are on
//! others, so that it is asked apart from them: marked before the body begins, and asked when the
//! tokens are known and before the value is stored.
//!
//! Whoever changes tags does so once beside telling it, so that nobody waits for a log that does not
//! answer, and in any case once more behind it: what is being computed may have read the new tokens
//! before it was told. That there is no log does not spare the second time, since one may have been lost
//! after it was asked.

use super::each::Part;
use super::nodes::Cluster;
use crate::error::Error;
use crate::key::whole::Key;
use crate::store::log::{Mark, new_epoch};
use crate::store::redis::keys::{KEYS_PER_COMMAND, count};
use crate::store::redis::refusal::Asked;
use crate::store::redis::scripts::Scripts;
use crate::store::redis::tagged;
use crate::together::both;
use redis::Value;
use std::time::{Duration, Instant};

impl Cluster {
    /// Has `tags` changed by `change`, which is given how long it may take, so that nothing is stored with
    /// them any more that was begun before. Where they cannot be logged they are changed as well, and
    /// what was stored with them is gone; whoever is told of that does all of it again.
    pub(super) async fn logged<F>(
        &self,
        scripts: &Scripts,
        tags: &[&Key],
        within: Duration,
        change: impl Fn(Duration) -> F,
    ) -> Result<u64, Error>
    where
        F: Future<Output = Result<u64, Error>>,
    {
        let begun = Instant::now();
        let behind = async {
            self.log(scripts, tags, within).await?;
            change(within.saturating_sub(begun.elapsed())).await
        };
        let (beside, behind) = both(change(within), behind).await;
        Ok(behind?.max(beside.unwrap_or(0)))
    }

    /// Logs that these tags are about to be invalidated.
    async fn log(&self, scripts: &Scripts, tags: &[&Key], within: Duration) -> Result<(), Error> {
        let Some(log) = tags.first().map(|tag| tag.log()) else { return Ok(()) };
        let parts = tags.chunks(KEYS_PER_COMMAND).map(|tags| {
            let names: Vec<_> = tags.iter().map(|tag| tag.whole().as_bytes()).collect();
            Part::script(log.slot(), &scripts.log, log.whole(), &names)
        });
        let logged = self.each(parts.collect(), Asked::Change, within, count).await;
        logged.into_iter().try_for_each(|logged| logged.map(drop))
    }

    /// Where `log` is now, which is made if there is none.
    pub(super) async fn mark(
        &self,
        scripts: &Scripts,
        log: &Key,
        within: Duration,
    ) -> Result<Mark, Error> {
        let begun = Instant::now();
        let epoch = new_epoch().ok_or(Error::Unavailable)?.to_string();
        let node = self.node(log.slot(), within).await?;
        let left = within.saturating_sub(begun.elapsed());
        let (keys, arguments) = ([log.whole()], [epoch.as_bytes()]);
        let marked = |reply| match reply {
            Value::Array(parts) => tagged::mark(parts.into_iter()),
            _ => None,
        };
        let asked = node.run_by(&scripts.mark, &keys, &arguments, Asked::Write, left, marked);
        let (mark, generation) = node.write(asked).await?;
        Ok(Mark { generation, ..mark })
    }

    /// Whether it is known that none of `tags` was invalidated since `mark`.
    pub(super) async fn is_none_since(
        &self,
        scripts: &Scripts,
        tags: &[Key],
        mark: &Mark,
        within: Duration,
    ) -> Result<bool, Error> {
        let Some(log) = tags.first().map(Key::log) else { return Ok(true) };
        let begun = Instant::now();
        let node = self.node(log.slot(), within).await?;
        let left = within.saturating_sub(begun.elapsed());
        let (epoch, place) = (mark.epoch.to_string(), mark.number.to_string());
        let names = tags.iter().map(|tag| tag.whole().as_bytes());
        let arguments: Vec<_> =
            [epoch.as_bytes(), place.as_bytes()].into_iter().chain(names).collect();
        let (script, keys) = (&scripts.none_since, [log.whole()]);
        let asked = node.run_by(script, &keys, &arguments, Asked::Look, left, count);
        let (is_none, generation) = asked.await?;
        // No two connections of whichever nodes have one generation: the slot has another owner by now,
        // or its owner was lost meanwhile. What such a one says of the log is nothing that the mark can
        // be compared with.
        Ok(is_none == 1 && generation == mark.generation)
    }
}
