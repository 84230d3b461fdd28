//! Many keys, each on its node, and tags, which are keys of their own.
//!
//! Here each key has a command of its own, and value and lease of a key that is invalidated as well: a
//! script that has more than one key is not run while their slot is moved (`TRYAGAIN`). That is no
//! less safe as long as the lease goes first: what was begun before can be stored no more from then on.

use super::each::{Part, is_to_go_alone};
use super::nodes::Cluster;
use crate::error::Error;
use crate::key::whole::Key;
use crate::store::log::Mark;
use crate::store::redis::keys::{count, life_text};
use crate::store::redis::refusal::Asked;
use crate::store::redis::scripts::Scripts;
use crate::store::redis::tagged::token;
use crate::store::tag::{TagToken, Tokens, soft_half};
use crate::store::{Tagging, Token};
use crate::together::both;
use redis::Cmd;
use std::time::{Duration, Instant};

impl Cluster {
    /// Removes values and voids their leases. Those of a node that does not answer are no hindrance to
    /// others; how many there were is said only if all have answered.
    pub(crate) async fn remove(
        &self,
        scripts: &Scripts,
        keys: &[Key],
        within: Duration,
    ) -> Result<u64, Error> {
        let (tags, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.tag().is_some());
        let others = self.take_away(&others, within);
        if tags.is_empty() {
            return others.await;
        }
        let gone = self.logged(scripts, &tags, within, |within| self.take_away(&tags, within));
        let (gone, others) = both(gone, others).await;
        Ok(others? + gone?)
    }

    async fn take_away(&self, keys: &[&Key], within: Duration) -> Result<u64, Error> {
        let begun = Instant::now();
        let left = || within.saturating_sub(begun.elapsed());
        // Lease, value, lease, value: of one key to one node, in this order.
        let parts = keys.iter().flat_map(|key| {
            let (slot, lease) = (key.slot(), key.lease());
            [Part::command(slot, unlink(&lease)), Part::command(slot, unlink(key.whole()))]
        });
        let parts: Vec<_> = parts.collect();
        let places: Vec<_> = (0..parts.len()).collect();
        let mut answers = self.once(&parts, &places, Asked::Change, within, count).await;
        answers.sort_unstable_by_key(|(place, _)| *place);
        let mut removed = 0;
        let mut again = Vec::new();
        let mut answers = answers.into_iter().map(|(_, answer)| answer);
        let mut failed = Ok(());
        for key in keys {
            let (Some(lease), Some(value)) = (answers.next(), answers.next()) else { break };
            if is_to_go_alone(&lease) || is_to_go_alone(&value) {
                removed += value.unwrap_or(0);
                again.push(key);
                continue;
            }
            match lease.and(value) {
                Ok(count) => removed += count,
                Err(error) => failed = Err(error),
            }
        }
        if !again.is_empty() {
            // Where one of the two is elsewhere by now, nobody knows which of them went first.
            let of = |text: fn(&Key) -> String| {
                again.iter().map(|key| Part::command(key.slot(), unlink(&text(key)))).collect()
            };
            let leases = self.each(of(Key::lease), Asked::Change, left(), count).await;
            let values = of(|key| key.whole().to_owned());
            let values = self.each(values, Asked::Change, left(), count).await;
            for (lease, value) in leases.into_iter().zip(values) {
                match lease.and(value) {
                    Ok(count) => removed += count,
                    Err(error) => failed = Err(error),
                }
            }
        }
        failed.map(|()| removed)
    }

    /// Makes leases last, of each node that answers.
    pub(crate) async fn renew(
        &self,
        scripts: &Scripts,
        leases: &[(Key, Token)],
        life: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        let life = life_text(life);
        let parts = leases.iter().map(|(key, token)| {
            let arguments = [life.as_bytes(), token.as_bytes()];
            Part::script(key.slot(), &scripts.renew, &key.lease(), &arguments)
        });
        let renewed = self.each(parts.collect(), Asked::Change, within, count).await;
        renewed.into_iter().try_for_each(|renewed| renewed.map(drop))
    }

    /// The tokens that tags have.
    pub(crate) async fn tokens(&self, tags: &[Key], within: Duration) -> Result<Tokens, Error> {
        let parts = tags.iter().map(|tag| {
            let mut command = redis::cmd("GET");
            command.arg(tag.whole());
            Part::command(tag.slot(), command)
        });
        let tokens = self.each(parts.collect(), Asked::Look, within, token).await;
        // What is of another type is no token.
        let none = |token| if token == Err(Error::WrongType) { Ok(None) } else { token };
        tokens.into_iter().map(none).collect()
    }

    /// The tokens that tags have from now on.
    pub(super) async fn seed(
        &self,
        scripts: &Scripts,
        tagged: &Tagging<'_>,
        within: Duration,
    ) -> Result<Vec<TagToken>, Error> {
        let (lasts, least) = (life_text(tagged.tags_last()), life_text(tagged.fill));
        let parts = tagged.tags.iter().zip(tagged.seeds).map(|(tag, seed)| {
            let arguments = [seed.as_bytes(), lasts.as_bytes(), least.as_bytes()];
            Part::script(tag.slot(), &scripts.seed, tag.whole(), &arguments)
        });
        let seeded = |reply| token(reply).flatten();
        self.each(parts.collect(), Asked::Change, within, seeded).await.into_iter().collect()
    }

    /// The tokens of the tags of what has been computed, and whether one of them was invalidated
    /// meanwhile, asked in this order: whoever invalidates one changes it behind the log, so that it is
    /// either in there by now, or will have another token.
    pub(crate) async fn seed_own(
        &self,
        scripts: &Scripts,
        tagging: &Tagging<'_>,
        mark: &Mark,
        within: Duration,
    ) -> Result<Option<Vec<TagToken>>, Error> {
        let begun = Instant::now();
        let tokens = self.seed(scripts, tagging, within).await?;
        let left = within.saturating_sub(begun.elapsed());
        let is_good = self.is_none_since(scripts, tagging.tags, mark, left).await?;
        Ok(is_good.then_some(tokens))
    }

    /// Replaces the soft part of the tokens of `tags`, where they have any.
    pub(crate) async fn soften(
        &self,
        scripts: &Scripts,
        tags: &[Key],
        within: Duration,
    ) -> Result<u64, Error> {
        let soften = async |within| {
            // Another one each time: it is not changed by the same.
            let half = soft_half().ok_or(Error::Unavailable)?;
            let parts = tags
                .iter()
                .map(|tag| Part::script(tag.slot(), &scripts.soften, tag.whole(), &[&half]));
            self.each(parts.collect(), Asked::Change, within, count).await.into_iter().sum()
        };
        self.logged(scripts, &tags.iter().collect::<Vec<_>>(), within, soften).await
    }
}

fn unlink(key: &str) -> Cmd {
    let mut command = redis::cmd("UNLINK");
    command.arg(key);
    command
}
