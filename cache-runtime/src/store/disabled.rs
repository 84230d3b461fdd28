//! The store of a cache that is switched off.

use super::{Acquired, Act, Cursor, Found, Life, Reachability, Store, Token};
use crate::error::Error;
use crate::figures::stats::ServerInfo;
use std::time::Duration;

/// Every read is a miss, nothing is stored, and whoever asks directly is told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DisabledStore;

impl Store for DisabledStore {
    async fn get(&self, _: &str, _: Duration) -> Result<Option<Vec<u8>>, Error> {
        Ok(None)
    }

    async fn read(&self, _: &str, _: Duration) -> Result<Option<Found>, Error> {
        Ok(None)
    }

    async fn acquire_above(
        &self,
        _: &str,
        _: &Token,
        _: Duration,
        _: Duration,
        _: Duration,
    ) -> Result<Acquired<Found>, Error> {
        Ok(Acquired::Ours)
    }

    async fn acquire(
        &self,
        _: &str,
        _: &Token,
        _: Duration,
        _: bool,
        _: Duration,
    ) -> Result<Acquired, Error> {
        Ok(Acquired::Ours)
    }

    async fn settle(&self, _: &str, _: &Token, _: Act<'_>, _: Duration) -> Result<bool, Error> {
        Ok(true)
    }

    async fn remove(&self, _: &[String], _: Duration) -> Result<u64, Error> {
        Ok(0)
    }

    async fn life(&self, _: &str, _: Duration) -> Result<Life, Error> {
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
