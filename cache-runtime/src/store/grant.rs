//! Leases: the right to store what is being computed ("Scaling Memcache at Facebook", Nishtala et
//! al. 2013, the section on leases).
//!
//! A miss takes the key's lease before its body runs, and stores only while the lease is still its
//! own. An invalidation takes value and lease away together, so that whatever was begun before it
//! is stored nowhere. The lease is a key of its own beside the value, with a short life.

use std::time::Duration;

/// Proof of having been given a lease; random, so that no two are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn random() -> Self {
        Self(format!("{:032x}", fastrand::u128(..)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value, and how much of its life was left when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) bytes: Vec<u8>,
    pub(crate) left: Duration,
}

/// What asking for a lease came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acquired<V = Vec<u8>> {
    /// There is a value by now, and no lease was given.
    Found(V),
    /// The lease is ours.
    Ours,
    /// Somebody else has it.
    Theirs,
}

impl<V> Acquired<V> {
    pub(crate) fn map<W>(self, found: impl FnOnce(V) -> W) -> Acquired<W> {
        match self {
            Self::Found(value) => Acquired::Found(found(value)),
            Self::Ours => Acquired::Ours,
            Self::Theirs => Acquired::Theirs,
        }
    }
}

/// What is done under a lease, in the same atomic step that looks whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act<'v> {
    /// Stores the value for this long, and gives the lease back.
    Fill(&'v [u8], Duration),
    /// Gives the lease back.
    Release,
    /// Gives the lease back and removes the value: what was computed replaces it, and may not be
    /// stored.
    Discard,
    /// Makes it last for this long from now.
    Renew(Duration),
}

/// The key of the lease of `key`, in the same slot of a cluster: `shop:~lease:{shop:user:7}`, or
/// `shop:~lease:shop:{eu}:7` where the key has a hash tag of its own.
pub(crate) fn lease_key(key: &str) -> String {
    let prefix = key.split(':').next().unwrap_or_default();
    if key.contains('{') {
        format!("{prefix}:~lease:{key}")
    } else {
        format!("{prefix}:~lease:{{{key}}}")
    }
}

/// The key that a lease is for.
pub(crate) fn key_of_lease<'k>(prefix: &str, lease: &'k str) -> Option<&'k str> {
    let key = lease.strip_prefix(prefix)?.strip_prefix(":~lease:")?;
    Some(key.strip_prefix('{').and_then(|key| key.strip_suffix('}')).unwrap_or(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_names_its_key_and_shares_its_slot() {
        for key in ["shop:user:7", "shop:{eu}:7", "shop:a{b}"] {
            assert_eq!(key_of_lease("shop", &lease_key(key)), Some(key));
        }
        assert_eq!(lease_key("shop:user:7"), "shop:~lease:{shop:user:7}");
        assert_eq!(lease_key("shop:{eu}:7"), "shop:~lease:shop:{eu}:7");
    }
}
