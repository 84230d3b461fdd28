//! The store of a cache that is switched off.

use super::log::Mark;
use super::tag::{TagToken, Tokens};
use super::{
    Acquired, Act, Claim, Cursor, Life, Question, Reachability, Read, Store, Tagging, Token,
};
use crate::error::Error;
use crate::figures::stats::ServerInfo;
use crate::key::whole::Key;
use std::time::Duration;

/// Every read is a miss, nothing is stored, and whoever asks directly is told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DisabledStore;

impl Store for DisabledStore {
    async fn read(&self, _: &Question<'_>) -> Result<Read, Error> {
        Ok(Read::of(None))
    }

    async fn acquire(&self, _: &Key, claim: &Claim<'_>, _: Duration) -> Result<Acquired, Error> {
        let seeds = claim.tagged.as_ref().map(|tagged| tagged.seeds.to_vec());
        Ok(Acquired::Ours { tokens: seeds.unwrap_or_default(), mark: None })
    }

    async fn seed(
        &self,
        tagging: &Tagging<'_>,
        _: &Mark,
        _: Duration,
    ) -> Result<Option<Vec<TagToken>>, Error> {
        Ok(Some(tagging.seeds.to_vec()))
    }

    async fn soften(&self, _: &[Key], _: Duration) -> Result<u64, Error> {
        Ok(0)
    }

    async fn tokens(&self, tags: &[Key], _: Duration) -> Result<Tokens, Error> {
        Ok(vec![None; tags.len()].into())
    }

    async fn settle(&self, _: &Key, _: &Token, _: Act<'_>, _: Duration) -> Result<bool, Error> {
        Ok(true)
    }

    async fn renew(&self, _: &[(Key, Token)], _: Duration, _: Duration) -> Result<(), Error> {
        Ok(())
    }

    async fn remove(&self, _: &[Key], _: Duration) -> Result<u64, Error> {
        Ok(0)
    }

    async fn life(&self, _: &Key, _: Duration) -> Result<Life, Error> {
        Ok(Life::Absent)
    }

    async fn scan(
        &self,
        _: &str,
        _: Option<&Cursor>,
        _: Duration,
    ) -> Result<(Vec<String>, Option<Cursor>), Error> {
        Ok((Vec::new(), None))
    }

    async fn ping(&self, _: Duration) -> Result<(), Error> {
        Err(Error::Disabled)
    }

    async fn info(&self, _: Duration) -> Result<ServerInfo, Error> {
        Err(Error::Disabled)
    }

    fn reachability(&self) -> Reachability {
        Reachability::Untried
    }
}
