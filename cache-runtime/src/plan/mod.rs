//! What the options of one function say about its values: pure policy, no I/O.
//!
//! What needs no type of the user's is in [`Rules`], which the algorithm knows; what does is in
//! [`Hooks`], which only the shell around it knows.

pub(crate) mod future;
pub(crate) mod shape;
pub(crate) mod time;
pub(crate) mod windows;

use crate::codec::envelope::{self, Envelope};
use crate::codec::told::{self, Told};
use crate::codec::{Cacheable, Codec};
use crate::config::Settings;
use crate::error::Error;
use crate::key::whole::Key;
use shape::{Equality, ErrorSharing, HoldsOption, Shape};
use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;
use windows::Windows;

/// The stack that must be left to write a value.
const WRITING: usize = 512 << 10;

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

/// What the options say that needs no type of the user's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    ttl: Ttl,
    single_flight: SingleFlight,
    pub(crate) windows: Windows,
    jitter: f64,
    /// Zero: never.
    early: f64,
    none_ttl: Option<Duration>,
    max_size: Option<usize>,
    verify: bool,
}

/// What the options say of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It is the `None` that `none_ttl` is about.
    Nothing,
    /// `cache_if` does not hold.
    NotStored,
    /// A value, and what `ttl_with` says of it.
    Value(Option<Duration>),
}

/// A value that is to be stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Computed<'k> {
    pub(crate) key: &'k Key,
    pub(crate) said: Said,
    /// A time to live that is given by hand, which beats the options.
    pub(crate) ttl: Option<Duration>,
    /// How long its body ran, where that is stored too.
    pub(crate) load: Option<Duration>,
    /// Whether its bytes are wanted also where it is not stored.
    pub(crate) wanted: bool,
}

/// A value that can be stored, without its type.
pub(crate) trait Storable {
    /// Appends its bytes.
    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error>;

    /// Reads `bytes` back, and says if that is not this value.
    fn read_back(&self, bytes: &[u8]) -> Result<(), Error>;
}

/// How one value is to be stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Storing {
    /// What is stored. `None` where nobody wants it.
    pub(crate) bytes: Option<Vec<u8>>,
    /// How much of it is stored before the value.
    pub(crate) before: usize,
    /// For how long, its stale window included. `None`: it may not be stored.
    pub(crate) life: Option<Duration>,
    /// How long it is fresh for those who wait for it.
    pub(crate) fresh: Duration,
}

impl Rules {
    const DEFAULT: Self = Self {
        ttl: Ttl::Default,
        single_flight: SingleFlight::Cluster,
        windows: Windows { revalidate: Duration::ZERO, on_error: Duration::ZERO },
        jitter: 0.0,
        early: 0.0,
        none_ttl: None,
        max_size: None,
        verify: true,
    };

    /// Whether the calls of one process share a computation.
    pub(crate) fn shares_here(&self) -> bool {
        self.single_flight != SingleFlight::Off
    }

    /// Whether what another process is computing is waited for.
    pub(crate) fn waits_for_others(&self) -> bool {
        self.single_flight == SingleFlight::Cluster
    }

    /// The beta of early refreshes.
    pub(crate) fn early(&self) -> Option<f64> {
        (self.early > 0.0 && self.early.is_finite()).then_some(self.early)
    }

    /// Whether more must be known of a value than that it is there.
    pub(crate) fn needs_life(&self) -> bool {
        self.early().is_some() || !self.windows.is_none()
    }

    /// How a value is stored and for how long. `room` is a guess of its size.
    ///
    /// # Errors
    /// When its life is not known, it cannot be encoded, or it would come back changed.
    pub(crate) fn storing(
        &self,
        value: Computed<'_>,
        settings: &Settings,
        room: usize,
        storable: &dyn Storable,
    ) -> Result<Storing, Error> {
        let ttl = self.ttl(value, settings)?;
        let fresh = ttl.unwrap_or(Duration::MAX);
        let mut life = ttl.map(|ttl| ttl.saturating_add(self.windows.longest()));
        if life.is_none() && !value.wanted {
            return Ok(Storing { bytes: None, before: 0, life, fresh });
        }
        let mut bytes = Vec::with_capacity(room);
        // What may be written nests less deep than this is enough for.
        stacker::maybe_grow(WRITING, 4 * WRITING, || {
            storable.write(&mut bytes)?;
            if self.verify { storable.read_back(&bytes) } else { Ok(()) }
        })?;
        if self.max_size.is_some_and(|most| bytes.len() > most) {
            life = None;
        }
        let length = bytes.len();
        envelope::seal(value.key, Envelope { load: value.load }, &mut bytes)?;
        Ok(Storing { before: bytes.len() - length, bytes: Some(bytes), life, fresh })
    }

    /// The time to live of a value; `None` where it is not stored.
    fn ttl(&self, value: Computed<'_>, settings: &Settings) -> Result<Option<Duration>, Error> {
        let ttl = match (value.ttl, value.said) {
            (Some(given), _) => given,
            (None, Said::NotStored) => return Ok(None),
            (None, Said::Nothing) => match self.none_ttl {
                None => return Ok(None),
                Some(ttl) => self.shortened(ttl, settings),
            },
            (None, Said::Value(Some(ttl))) => self.shortened(ttl, settings),
            (None, Said::Value(None)) => self.shortened(self.ttl.of(settings)?, settings),
        };
        Ok((!ttl.is_zero()).then_some(ttl))
    }

    /// `ttl` less its jitter.
    fn shortened(&self, ttl: Duration, settings: &Settings) -> Duration {
        if self.jitter > 0.0 {
            // Taken off, since no share of the longest `Duration` is too long for one.
            ttl.saturating_sub(ttl.mul_f64(self.jitter * settings.clock.random()))
        } else {
            ttl
        }
    }
}

impl Ttl {
    fn of(self, settings: &Settings) -> Result<Duration, Error> {
        match self {
            Self::Fixed(ttl) => Ok(ttl),
            Self::Default => Ok(settings.default_ttl),
            Self::Setting(name) => Ok(settings.ttl(name)),
            Self::Unknown => Err(Error::Invalid(
                "this function's `ttl` depends on arguments that its companion does not take: use \
                 `put_for`"
                    .into(),
            )),
        }
    }
}

/// What the options and the codec say that needs the user's types: plain functions.
pub(crate) struct Hooks<S: Shape> {
    stores_none: bool,
    cache_if: Option<fn(&S::Value) -> bool>,
    ttl_with: Option<fn(&S::Value) -> Duration>,
    pub(crate) errors: ErrorSharing<S::Output>,
    encode: fn(&S::Stored, &mut Vec<u8>) -> Result<(), Error>,
    pub(crate) decode: fn(&[u8]) -> Result<S::Stored, Error>,
    equality: Equality<S::Stored>,
    tell: fn(&S::Stored, &mut Told),
}

impl<S: Shape> Hooks<S> {
    /// What the options say of one value.
    pub(crate) fn said(&self, stored: &S::Stored) -> Said {
        match S::value(stored) {
            None => Said::Nothing,
            Some(value) if self.cache_if.is_some_and(|holds| !holds(value)) => Said::NotStored,
            Some(value) => Said::Value(self.ttl_with.map(|ttl| ttl(value))),
        }
    }

    /// A value as the algorithm knows it.
    pub(crate) fn storable<'v>(&'v self, stored: &'v S::Stored) -> impl Storable + 'v {
        OfPlan { hooks: self, stored }
    }

    /// Whether the value is one that the function stores: a `None` may be somebody else's.
    pub(crate) fn knows(&self, stored: &S::Stored) -> bool {
        self.stores_none || S::value(stored).is_some()
    }
}

/// A value, and what is known of its type.
struct OfPlan<'v, S: Shape> {
    hooks: &'v Hooks<S>,
    stored: &'v S::Stored,
}

impl<S: Shape> Storable for OfPlan<'_, S> {
    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), Error> {
        (self.hooks.encode)(self.stored, bytes)
    }

    fn read_back(&self, bytes: &[u8]) -> Result<(), Error> {
        let name = type_name::<S::Stored>();
        match (self.hooks.decode)(bytes) {
            Ok(read) => {
                let equal = self.hooks.equality.map(|equal| equal(self.stored, &read));
                if equal == Some(true) {
                    return Ok(());
                }
                let reflexive =
                    self.hooks.equality.is_some_and(|equal| equal(self.stored, self.stored));
                let tell = |written: bool, told: &mut Told| {
                    (self.hooks.tell)(if written { self.stored } else { &read }, told);
                };
                told::compare(name, equal.is_some() && reflexive, &tell)
            }
            Err(error) => Err(told::unreadable(name, error)),
        }
    }
}

impl<S: Shape> Clone for Hooks<S> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

/// The options of a function, typed by what it returns.
pub struct Plan<S: Shape> {
    pub(crate) rules: Rules,
    pub(crate) hooks: Hooks<S>,
}

/// A plan with every option at its default. Takes codec and shape by value so that both are
/// inferred.
///
/// The only place that demands a codec and a value that it can encode, and so the only one where
/// a type that cannot be cached is an error: further bounds would be further errors.
#[inline]
pub fn plan<C: Codec, S: Shape<Stored: Cacheable>>(_codec: PhantomData<C>, _shape: S) -> Plan<S> {
    Plan {
        rules: Rules::DEFAULT,
        hooks: Hooks {
            stores_none: false,
            cache_if: None,
            ttl_with: None,
            errors: ErrorSharing::none(),
            encode: C::encode,
            decode: C::decode,
            equality: None,
            tell: told::tell,
        },
    }
}

impl<S: Shape> Plan<S> {
    #[inline]
    pub fn ttl(mut self, ttl: Ttl) -> Self {
        self.rules.ttl = ttl;
        self
    }

    #[inline]
    pub fn single_flight(mut self, single_flight: SingleFlight) -> Self {
        self.rules.single_flight = single_flight;
        self
    }

    #[inline]
    pub fn stale_while_revalidate(mut self, window: Duration) -> Self {
        self.rules.windows.revalidate = window;
        self
    }

    #[inline]
    pub fn stale_if_error(mut self, window: Duration) -> Self {
        self.rules.windows.on_error = window;
        self
    }

    #[inline]
    pub fn jitter(mut self, share: f64) -> Self {
        self.rules.jitter = share;
        self
    }

    #[inline]
    pub fn early_refresh(mut self, beta: f64) -> Self {
        self.rules.early = beta;
        self
    }

    #[inline]
    pub fn none_ttl(mut self, ttl: Duration) -> Self
    where
        S: HoldsOption,
    {
        self.rules.none_ttl = Some(ttl);
        self.hooks.stores_none = true;
        self
    }

    #[inline]
    pub fn max_size(mut self, bytes: usize) -> Self {
        self.rules.max_size = Some(bytes);
        self
    }

    #[inline]
    pub fn verify(mut self, verify: bool) -> Self {
        self.rules.verify = verify;
        self
    }

    #[inline]
    pub fn compare(mut self, equality: Equality<S::Stored>) -> Self {
        self.hooks.equality = equality;
        self
    }

    #[inline]
    pub fn cache_if(mut self, holds: fn(&S::Value) -> bool) -> Self {
        self.hooks.cache_if = Some(holds);
        self
    }

    #[inline]
    pub fn ttl_with(mut self, ttl: fn(&S::Value) -> Duration) -> Self {
        self.hooks.ttl_with = Some(ttl);
        self
    }

    #[inline]
    pub fn share_errors(mut self, errors: ErrorSharing<S::Output>) -> Self {
        self.hooks.errors = errors;
        self
    }
}

impl<S: Shape> fmt::Debug for Plan<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("rules", &self.rules).finish_non_exhaustive()
    }
}
