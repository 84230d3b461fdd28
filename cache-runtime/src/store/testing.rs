//! For tests of the stores: a write in one call.

use super::{Acquired, Act, Store, Token};
use crate::error::Error;
use std::time::Duration;

/// A second and more than enough for a lease that is used at once.
const LEASE: Duration = Duration::from_secs(5);

pub(crate) trait Write: Store {
    /// Stores a value whoever has the lease.
    async fn set(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
        within: Duration,
    ) -> Result<(), Error> {
        let token = Token::random();
        let acquired = self.acquire(key, &token, LEASE, true, within).await?;
        assert_eq!(acquired, Acquired::Ours);
        assert!(self.settle(key, &token, Act::Fill(value, ttl), within).await?, "voided");
        Ok(())
    }
}

impl<S: Store> Write for S {}
