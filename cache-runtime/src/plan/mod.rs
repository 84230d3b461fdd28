//! What the options of one function say about storing its values: pure policy, no I/O.

pub(crate) mod shape;
pub(crate) mod windows;

use crate::codec::{Cacheable, Codec};
use crate::config::Settings;
use crate::error::Error;
use crate::plan::shape::{ErrorSharing, HoldsOption, Shape};
use crate::plan::windows::Windows;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// Where the time to live comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// Nobody said: the cache's default.
    Default,
    /// The configuration gives this name one.
    Setting(&'static str),
    /// The attribute, or its expression for this call.
    Fixed(Duration),
    /// An expression over arguments that a companion does not take.
    Unknown,
}

/// Who waits for whom on a miss.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SingleFlight {
    /// All processes run one body.
    #[default]
    Cluster,
    /// Each process runs one; what another one is computing is not waited for.
    Process,
    /// Every call runs its own.
    Off,
}

/// The options of a function, typed by what it returns.
pub struct Plan<S: Shape> {
    ttl: Ttl,
    single_flight: SingleFlight,
    windows: Windows,
    jitter: f64,
    /// Zero: never.
    early: f64,
    none_ttl: Option<Duration>,
    max_size: Option<usize>,
    cache_if: Option<fn(&S::Value) -> bool>,
    ttl_with: Option<fn(&S::Value) -> Duration>,
    errors: ErrorSharing<S::Output>,
    encode: fn(&S::Stored, &mut Vec<u8>) -> Result<(), Error>,
    decode: fn(&[u8]) -> Result<S::Stored, Error>,
}

/// A plan with every option at its default. Takes codec and shape by value so that both are
/// inferred.
///
/// The only place that demands a codec and a value that it can encode, and so the only one where
/// a type that cannot be cached is an error: further bounds would be further errors.
pub fn plan<C: Codec, S: Shape<Stored: Cacheable>>(_codec: PhantomData<C>, _shape: S) -> Plan<S> {
    Plan {
        ttl: Ttl::Default,
        single_flight: SingleFlight::Cluster,
        windows: Windows::default(),
        jitter: 0.0,
        early: 0.0,
        none_ttl: None,
        max_size: None,
        cache_if: None,
        ttl_with: None,
        errors: ErrorSharing::none(),
        encode: C::encode,
        decode: C::decode,
    }
}

impl<S: Shape> Plan<S> {
    pub fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = ttl;
        self
    }

    pub fn single_flight(mut self, single_flight: SingleFlight) -> Self {
        self.single_flight = single_flight;
        self
    }

    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.windows.revalidate = window;
        self
    }

    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.windows.on_error = window;
        self
    }

    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    pub fn early_refresh(mut self, beta: f64) -> Self {
        self.early = beta;
        self
    }

    pub fn none_ttl(mut self, ttl: Duration) -> Self
    where
        S: HoldsOption,
    {
        self.none_ttl = Some(ttl);
        self
    }

    pub fn max_size(mut self, bytes: usize) -> Self {
        self.max_size = Some(bytes);
        self
    }

    pub fn cache_if(mut self, holds: fn(&S::Value) -> bool) -> Self {
        self.cache_if = Some(holds);
        self
    }

    pub fn ttl_with(mut self, ttl: fn(&S::Value) -> Duration) -> Self {
        self.ttl_with = Some(ttl);
        self
    }

    pub fn share_errors(mut self, errors: ErrorSharing<S::Output>) -> Self {
        self.errors = errors;
        self
    }

    /// Whether the calls of one process share a computation.
    pub(crate) fn shares_here(&self) -> bool {
        self.single_flight != SingleFlight::Off
    }

    /// Whether what another process is computing is waited for.
    pub(crate) fn waits_for_others(&self) -> bool {
        self.single_flight == SingleFlight::Cluster
    }

    pub(crate) fn errors(&self) -> ErrorSharing<S::Output> {
        self.errors
    }

    pub(crate) fn windows(&self) -> Windows {
        self.windows
    }

    /// The beta of early refreshes.
    pub(crate) fn early(&self) -> Option<f64> {
        (self.early > 0.0 && self.early.is_finite()).then_some(self.early)
    }

    /// Whether more must be known of a value than that it is there.
    pub(crate) fn needs_life(&self) -> bool {
        self.early().is_some() || !self.windows.is_none()
    }

    /// How long to store this value, its stale window included: `None` for not at all. `random` is in `0.0..1.0`.
    pub(crate) fn life(
        &self,
        stored: &S::Stored,
        settings: &Settings,
        random: impl FnOnce() -> f64,
    ) -> Result<Option<Duration>, Error> {
        let ttl = match S::value(stored) {
            None => match self.none_ttl {
                None => return Ok(None),
                Some(ttl) => ttl,
            },
            Some(value) if self.cache_if.is_some_and(|holds| !holds(value)) => return Ok(None),
            Some(value) => match (self.ttl_with, self.ttl) {
                (Some(ttl), _) => ttl(value),
                (None, Ttl::Fixed(ttl)) => ttl,
                (None, Ttl::Default) => settings.default_ttl,
                (None, Ttl::Setting(name)) => settings.ttl(name),
                (None, Ttl::Unknown) => {
                    return Err(Error::Invalid(
                        "this function's `ttl` depends on arguments that its companion does not \
                         take: use `put_for`"
                            .into(),
                    ));
                }
            },
        };
        // Taken off, since no share of the longest `Duration` is too long for one.
        let less =
            if self.jitter > 0.0 { ttl.mul_f64(self.jitter * random()) } else { Duration::ZERO };
        let ttl = ttl.saturating_sub(less);
        Ok((!ttl.is_zero()).then(|| ttl.saturating_add(self.windows.longest())))
    }

    /// The bytes of a value, in a buffer of about the size that is `expected`.
    pub(crate) fn encode(&self, stored: &S::Stored, expected: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(expected);
        (self.encode)(stored, &mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn fits(&self, value: &[u8]) -> bool {
        self.max_size.is_none_or(|most| value.len() <= most)
    }

    /// What a call of this process has just encoded, whether or not it is stored.
    pub(crate) fn decode_shared(&self, bytes: &[u8]) -> Result<S::Stored, Error> {
        (self.decode)(bytes)
    }

    /// What the bytes stand for; `None` for a `None` that this function does not cache, which
    /// only somebody else can have written.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<Option<S::Stored>, Error> {
        let stored = self.decode_shared(bytes)?;
        let known = self.none_ttl.is_some() || S::value(&stored).is_some();
        Ok(known.then_some(stored))
    }
}

impl<S: Shape> Clone for Plan<S> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<S: Shape> fmt::Debug for Plan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("ttl", &self.ttl)
            .field("jitter", &self.jitter)
            .field("none_ttl", &self.none_ttl)
            .field("max_size", &self.max_size)
            .finish_non_exhaustive()
    }
}
