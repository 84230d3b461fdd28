//! What the options say that needs no type of the user's: whether, how and for how long a value is
//! stored.

use super::windows::Windows;
use crate::config::Settings;
use crate::error::Error;
use std::time::Duration;

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
    pub(super) ttl: Ttl,
    pub(super) single_flight: SingleFlight,
    pub(crate) windows: Windows,
    pub(super) jitter: f64,
    /// Zero: never.
    pub(super) early: f64,
    pub(super) none_ttl: Option<Duration>,
    pub(super) err_ttl: Option<Duration>,
    pub(crate) max_size: Option<usize>,
    pub(super) verify: bool,
    /// Values are kept in this process too, and for how long at most.
    pub(crate) l1: Option<Duration>,
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
pub(crate) struct Computed {
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
    /// The value. `None` where nobody wants it.
    pub(crate) bytes: Option<Vec<u8>>,
    /// How long its body ran, where that is stored too.
    pub(crate) load: Option<Duration>,
    /// For how long, its stale window included. `None`: it may not be stored.
    pub(crate) life: Option<Duration>,
    /// How long it is fresh for those who wait for it.
    pub(crate) fresh: Duration,
}

impl Rules {
    pub(super) const DEFAULT: Self = Self {
        ttl: Ttl::Default,
        single_flight: SingleFlight::Cluster,
        windows: Windows { revalidate: Duration::ZERO, on_error: Duration::ZERO },
        jitter: 0.0,
        early: 0.0,
        none_ttl: None,
        err_ttl: None,
        max_size: None,
        verify: true,
        l1: None,
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
        !self.windows.is_none() || self.early().is_some()
    }

    /// Says if a stored value of so many bytes is more than is wanted.
    pub(crate) fn takes(&self, bytes: usize) -> Result<(), Error> {
        match self.max_size {
            Some(most) if bytes > most => Err(too_large(bytes, "its `max_size`")),
            _ => Ok(()),
        }
    }

    /// How long a value is stored, so far as that is known before there is one.
    pub(crate) fn likely_life(&self, settings: &Settings) -> Duration {
        let ttl = self.ttl.of(settings).unwrap_or_default();
        ttl.saturating_add(self.windows.longest())
    }

    /// How a value is stored and for how long. `room` is a guess of its size.
    ///
    /// # Errors
    /// When its life is not known, it cannot be encoded, or it would come back changed.
    pub(crate) fn storing(
        &self,
        value: Computed,
        settings: &Settings,
        room: usize,
        storable: &dyn Storable,
    ) -> Result<Storing, Error> {
        let ttl = self.ttl(value, settings)?;
        let fresh = ttl.unwrap_or(Duration::MAX);
        let mut life = ttl.map(|ttl| ttl.saturating_add(self.windows.longest()));
        if life.is_none() && !value.wanted {
            return Ok(Storing { bytes: None, load: None, life, fresh });
        }
        let mut bytes = Vec::with_capacity(room);
        // What may be written nests less deep than this is enough for.
        stacker::maybe_grow(WRITING, 4 * WRITING, || {
            storable.write(&mut bytes)?;
            if self.verify { storable.read_back(&bytes) } else { Ok(()) }
        })?;
        match self.max_size {
            Some(most) if bytes.len() > most => life = None,
            // Nobody chose that for this function.
            None if bytes.len() > settings.max_size => {
                return Err(too_large(bytes.len(), "the cache's `max_size`"));
            }
            _ => {}
        }
        Ok(Storing { bytes: Some(bytes), load: value.load, life, fresh })
    }

    /// The time to live of a value; `None` where it is not stored.
    fn ttl(&self, value: Computed, settings: &Settings) -> Result<Option<Duration>, Error> {
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

    /// Whether errors are stored.
    pub(crate) fn stores_errors(&self) -> bool {
        self.err_ttl.is_some()
    }

    /// For how long an error is stored, if it is: with the window of values, in which it is of no use, so
    /// that what is left of a life says the same of both.
    pub(crate) fn error_life(&self, settings: &Settings) -> Option<Duration> {
        let fresh = self.shortened(self.err_ttl?, settings);
        Some(fresh.saturating_add(self.windows.longest()))
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

#[cold]
fn too_large(bytes: usize, than: &str) -> Error {
    Error::Codec(format!("{bytes} bytes, more than {than}"))
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
