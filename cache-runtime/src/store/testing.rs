//! For tests of the stores: writing and reading in one call, by keys of the prefix `p`.

use super::{Acquired, Act, Ask, Claim, LeftBehind, Question, Read, Store, Token, Want};
use crate::error::Error;
use crate::key::whole::Key;
use std::time::Duration;

/// A second and more than enough for a lease that is used at once.
const LEASE: Duration = Duration::from_secs(5);

/// The key `whole`, which begins with `p:`.
pub(crate) fn key(whole: &str) -> Key {
    Key::parse("p", whole).unwrap()
}

/// What asking for the lease of a key without tags comes to where it is given.
pub(crate) const OURS: Acquired = Acquired::Ours { tokens: Vec::new(), mark: None };

/// Where another has it, and nothing has ended without a value.
pub(crate) const THEIRS: Acquired = Acquired::Theirs(None);

/// What a process has left behind.
pub(crate) fn left(token: Token) -> LeftBehind {
    LeftBehind { token, ended: false }
}

/// A claim of a key without tags, for a minute.
pub(crate) fn claim(ask: Ask, token: &Token) -> Claim<'_> {
    Claim { ask, token, over: &[], life: Duration::from_secs(60), tagged: None }
}

pub(crate) trait Write: Store {
    /// The value alone.
    async fn get(&self, whole: &str, within: Duration) -> Result<Option<Vec<u8>>, Error> {
        let read = self.read_with(whole, Want::PLAIN, within).await?;
        Ok(read.found.map(|found| found.bytes.to_vec()))
    }

    /// The value with what is wanted beside it.
    async fn read_with(
        &self,
        whole: &str,
        want: Want<'_>,
        within: Duration,
    ) -> Result<Read, Error> {
        self.read(&Question { key: &key(whole), want, within }).await
    }

    /// Stores a value whoever has the lease.
    async fn set(
        &self,
        whole: &str,
        value: &[u8],
        ttl: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        let (key, token) = (key(whole), Token::random().unwrap());
        let claim = Claim { life: LEASE, ..claim(Ask::Force, &token) };
        assert_eq!(self.acquire(&key, &claim, within).await?, OURS);
        assert!(self.settle(&key, &token, Act::Fill(value, ttl), within).await?, "voided");
        Ok(())
    }
}

impl<S: Store> Write for S {}
