//! What the options of one function say about its values: pure policy, no I/O.
//!
//! What needs no type of the user's is in [`Rules`], which the algorithm knows; what does is in
//! [`Hooks`], which only the shell around it knows.

pub(crate) mod equality;
pub(crate) mod errors;
pub(crate) mod future;
pub(crate) mod in_memory;
pub(crate) mod keeper;
pub(crate) mod many;
pub(crate) mod of_value;
pub(crate) mod rules;
pub(crate) mod shape;
mod shared;
pub(crate) mod sharing;
pub(crate) mod standing;
pub(crate) mod time;
pub(crate) mod windows;
mod with;

use crate::codec::told::{self, Told};
use crate::codec::{Cacheable, Codec};
use crate::error::Error;
use crate::key::tagging::TagWriter;
use crate::l1::Room;
use equality::Equality;
use errors::{ErrorsNotStored, ErrorsStored, StoresErrors, StoresErrorsOfMembers};
use keeper::Keeping as _;
use rules::{Rules, Said, SingleFlight, Storable, Ttl};
use shape::{HoldsOption, MayFail, Shape};
use sharing::ErrorSharing;
use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// What the options and the codec say that needs the user's types: plain functions.
pub(crate) struct Hooks<S: Shape> {
    cache_if: Option<fn(&S::Value) -> bool>,
    ttl_with: Option<fn(&S::Value) -> Duration>,
    pub(crate) errors: ErrorSharing<S::Output>,
    encode: fn(&S::Stored, &mut Vec<u8>) -> Result<(), Error>,
    pub(crate) decode: fn(&[u8]) -> Result<S::Stored, Error>,
    equality: Option<Equality<S::Stored>>,
    tell: fn(&S::Stored, &mut Told),
    pub(crate) keeping: S::Keeping,
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

    /// How much memory a value takes.
    pub(crate) fn room(&self, stored: &S::Stored) -> Room {
        told::room(&|told| (self.tell)(stored, told))
    }

    /// Whether values have tags of their own.
    #[inline]
    pub(crate) fn have_own_tags(&self) -> bool {
        self.keeping.own_tags().is_some()
    }

    /// Writes those of a value.
    #[inline]
    pub(crate) fn write_own_tags(&self, stored: &S::Stored, tags: &mut TagWriter<'_>) {
        if let (Some(write), Some(value)) = (self.keeping.own_tags(), S::value(stored)) {
            write(value, tags);
        }
    }

    /// A value as the algorithm knows it.
    pub(crate) fn storable<'v>(&'v self, stored: &'v S::Stored) -> impl Storable + 'v {
        OfPlan { hooks: self, stored }
    }

    /// Whether the value is one that the function stores: a `None` may be somebody else's.
    pub(crate) fn knows(rules: &Rules, stored: &S::Stored) -> bool {
        rules.none_ttl.is_some() || S::value(stored).is_some()
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
                let unequal = match self.hooks.equality {
                    None => false,
                    Some(Equality { same, decides }) => match same(self.stored, &read) {
                        true if decides => return Ok(()),
                        true => false,
                        // Some are not even equal to themselves.
                        false => same(self.stored, self.stored),
                    },
                };
                let tell = |written: bool, told: &mut Told| {
                    (self.hooks.tell)(if written { self.stored } else { &read }, told);
                };
                told::compare(name, unequal, &tell)
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
            cache_if: None,
            ttl_with: None,
            errors: ErrorSharing::none(),
            encode: C::encode,
            decode: C::decode,
            equality: None,
            tell: told::tell,
            keeping: S::Keeping::default(),
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
    pub fn stale_if_error(self, window: Duration) -> Self
    where
        S: MayFail,
    {
        self.stale_if_error_unchecked(window)
    }

    /// [`stale_if_error`](Self::stale_if_error) of what need not return a `Result`: what has a timeout, the body
    /// of a batch, and one method of many that have the option from their `impl`.
    #[inline]
    pub fn stale_if_error_unchecked(mut self, window: Duration) -> Self {
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
    pub fn none_ttl(self, ttl: Duration) -> Self
    where
        S: HoldsOption,
    {
        self.none_ttl_unchecked(ttl)
    }

    /// [`none_ttl`](Self::none_ttl) of one method of many that have the option from their `impl`.
    #[inline]
    pub fn none_ttl_unchecked(mut self, ttl: Duration) -> Self {
        self.rules.none_ttl = Some(ttl);
        self
    }

    /// After [`share_errors`](Self::share_errors), in whose place it comes.
    #[inline]
    pub fn err_ttl<C: Codec>(mut self, _codec: PhantomData<C>, ttl: Duration) -> Self
    where
        S: StoresErrors,
    {
        self.rules.err_ttl = Some(ttl);
        self.hooks.errors = S::errors::<C>();
        self
    }

    /// [`err_ttl`](Self::err_ttl) of a function of many keys.
    #[inline]
    pub fn err_ttl_of_members<C: Codec>(self, codec: PhantomData<C>, ttl: Duration) -> Self
    where
        S: StoresErrorsOfMembers,
    {
        self.err_ttl(codec, ttl)
    }

    /// [`err_ttl`](Self::err_ttl) of one method of many that have the option from their `impl`, of its errors
    /// if they can be stored.
    #[inline]
    pub fn err_ttl_by_default(
        mut self,
        errors: Option<ErrorSharing<S::Output>>,
        ttl: Duration,
    ) -> Self {
        if let Some(errors) = errors {
            self.rules.err_ttl = Some(ttl);
            self.hooks.errors = errors;
        }
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
    pub fn compare(mut self, equality: Option<Equality<S::Stored>>) -> Self {
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

impl<S: StoresErrors> ErrorsStored<S> for &Plan<S> {
    fn stored_errors<C: Codec>(&self, _: PhantomData<C>) -> Option<ErrorSharing<S::Output>> {
        Some(S::errors::<C>())
    }
}

impl<S: Shape> ErrorsNotStored<S> for Plan<S> {
    fn stored_errors<C: Codec>(&self, _: PhantomData<C>) -> Option<ErrorSharing<S::Output>> {
        None
    }
}
