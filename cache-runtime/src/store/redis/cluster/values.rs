//! One key, on the node that has its slot.

use super::each::is_to_go_alone;
use super::nodes::Cluster;
use crate::error::Error;
use crate::key::tags::Tags;
use crate::key::whole::Key;
use crate::l1::Noted;
use crate::store::redis::harmful::TIMES;
use crate::store::redis::link::node::{Directory as _, Node};
use crate::store::redis::scripts::Scripts;
use crate::store::tag::Tokens;
use crate::store::{Acquired, Act, Claim, Life, Question, Read, Tagging, Token, Want};
use crate::together::{all, both};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Cluster {
    /// Reads the value of a key on its node, and the tokens of its tags on theirs.
    pub(crate) async fn read(
        &self,
        scripts: &Scripts,
        question: &Question<'_>,
    ) -> Result<Read, Error> {
        let Question { want, within, .. } = *question;
        if want.tags.is_empty() {
            return self.read_alone(scripts, question).await;
        }
        let alone = Question { want: Want { tags: Tags::NONE, ..want }, ..*question };
        let value = self.read_alone(scripts, &alone);
        let tokens = async {
            match want.keep {
                true => self.tokens_to_keep(want.tags, within).await,
                false => Ok((self.tokens(want.tags, within).await?, None)),
            }
        };
        let (read, tokens) = both(value, tokens).await;
        let (mut read, (tokens, apart)) = (read?, tokens?);
        if let Some(found) = &mut read.found {
            found.tokens = tokens;
        }
        read.to_keep = read.to_keep.and_then(|mut to_keep| {
            to_keep.noted = Some(Noted::of(want.tags));
            to_keep.with(apart?).then_some(to_keep)
        });
        Ok(read)
    }

    /// The tokens that tags have, and what is to be known so that what has them can be kept in this
    /// process, if that can be known of all of them.
    pub(crate) async fn tokens_to_keep(
        &self,
        tags: &[Key],
        within: Duration,
    ) -> Result<(Tokens, Option<Noted>), Error> {
        let begun = Instant::now();
        let (mut tokens, mut noted) = (Vec::with_capacity(tags.len()), Noted::default());
        for tracked in all(tags.iter().map(|tag| self.tracked_token(tag, within))).await {
            let Some(tracked) = tracked else {
                let left = within.saturating_sub(begun.elapsed());
                return Ok((self.tokens(tags, left).await?, None));
            };
            let (own, apart) = tracked?;
            tokens.extend(own);
            noted.add(apart);
        }
        Ok((tokens.into(), Some(noted)))
    }

    /// The same of one tag, by the node that has it; `None` where that does not say what becomes of it.
    async fn tracked_token(
        &self,
        tag: &Key,
        within: Duration,
    ) -> Option<Result<(Tokens, Noted), Error>> {
        let begun = Instant::now();
        let node = self.node(tag.slot(), within).await.ok()?;
        let left = within.saturating_sub(begun.elapsed());
        let tracked = node.tracked_tokens(std::slice::from_ref(tag), left).await?;
        // As with a value: whoever has it by now says what becomes of it.
        self.is_owner(tag.slot(), &node).then_some(tracked)
    }

    async fn read_alone(&self, scripts: &Scripts, question: &Question<'_>) -> Result<Read, Error> {
        let Question { key, want, within } = *question;
        let begun = Instant::now();
        let left = || within.saturating_sub(begun.elapsed());
        let node = self.node(key.slot(), within).await?;
        let mut read = node.read(scripts, &Question { within: left(), ..*question }).await;
        if let Ok(read) = &mut read
            && read.to_keep.is_some()
            && !self.is_owner(key.slot(), &node)
        {
            // Whoever has it by now says what becomes of it, and not the node that was asked. If that
            // is known only later, it is dropped then.
            read.to_keep = None;
        }
        if !is_to_go_alone(&read) {
            if matches!(&read, Err(Error::Refused(code)) if code == "CLUSTERDOWN") {
                self.doubt();
            }
            return read;
        }
        // It went together with others, who may be where they should be. Alone it is sent on.
        let node = self.node(key.slot(), left()).await?;
        let want = Want { about: usize::MAX, keep: false, ..want };
        node.read(scripts, &Question { key, want, within: left() }).await
    }

    fn is_owner(&self, slot: u16, node: &Arc<Node>) -> bool {
        self.owner(slot).is_some_and(|owner| Arc::ptr_eq(&owner, node))
    }

    /// Asks for the lease of `key` on its node, and for the tokens of its tags on theirs, which get
    /// some if they have none; and marks the log, where what is computed will have further tags. All
    /// is answered before any body begins.
    pub(crate) async fn give_lease(
        &self,
        scripts: &Scripts,
        key: &Key,
        claim: &Claim<'_>,
        within: Duration,
    ) -> Result<Acquired, Error> {
        let begun = Instant::now();
        let node = self.node(key.slot(), within).await?;
        let left = within.saturating_sub(begun.elapsed());
        let Some(tagged) = &claim.tagged else {
            return node.give_lease(scripts, key, claim, left).await;
        };
        let tagged_alone = Tagging { tags: &[], seeds: &[], marks: false, ..*tagged };
        let alone = Claim { tagged: Some(tagged_alone), ..*claim };
        let lease = node.give_lease(scripts, key, &alone, left);
        let marked = async {
            Ok(match tagged.marks {
                true => Some(self.mark(scripts, &key.log(), left).await?),
                false => None,
            })
        };
        let asked = both(self.seed(scripts, tagged, left), marked);
        let (acquired, (tokens, mark)) = both(lease, asked).await;
        let refused = |error: &Error| matches!(error, Error::Refused(_));
        if matches!(acquired, Ok(Acquired::Ours { .. }))
            && (tokens.as_ref().is_err_and(refused) || mark.as_ref().is_err_and(refused))
        {
            // The lease was given, which a refusal does not say.
            let left = within.saturating_sub(begun.elapsed());
            let _ = node.settle_lease(scripts, key, claim.token, Act::Release, left).await;
            return Err(Error::Unavailable);
        }
        let (acquired, tokens) = (acquired?, tokens?);
        Ok(match acquired {
            Acquired::Ours { .. } => Acquired::Ours { tokens, mark: mark? },
            Acquired::Found(mut found) => {
                found.tokens = tokens.into_iter().map(Some).collect();
                Acquired::Found(found)
            }
            // Whoever has it may only have it because it was left there, without the log.
            theirs @ Acquired::Theirs(_) => mark.map(|_| theirs)?,
        })
    }

    pub(crate) async fn settle_lease(
        &self,
        scripts: &Scripts,
        key: &Key,
        token: &Token,
        act: Act<'_>,
        within: Duration,
    ) -> Result<bool, Error> {
        let begun = Instant::now();
        let node = self.node(key.slot(), within).await?;
        let left = within.saturating_sub(begun.elapsed());
        node.settle_lease(scripts, key, token, act, left).await
    }

    pub(crate) async fn life(&self, key: &Key, within: Duration) -> Result<Life, Error> {
        let begun = Instant::now();
        let node = self.node(key.slot(), within).await?;
        node.life(key, within.saturating_sub(begun.elapsed())).await
    }

    /// Leaves `key` alone for a while: its value is larger than who asks for it wants.
    pub(crate) fn leave_alone(&self, key: &Key) {
        if let Some(node) = self.owner(key.slot()) {
            node.harmful.harmed(key.whole(), TIMES);
        }
    }

    /// Tells the nodes of keys apart; and tags from other keys, since what becomes of these is also up
    /// to the node of their log.
    pub(crate) fn place(&self, key: &Key) -> usize {
        let node = self.owner(key.slot()).map_or(0, |node| Arc::as_ptr(&node) as usize);
        node + usize::from(key.tag().is_some()) // which is the address of no other node
    }
}
