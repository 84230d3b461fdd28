//! Calls that are not made, but named: what the companions of a cached function are made of.

use super::rendering::{Render, WriteTags, named_key, render_tags, rendered};
use crate::cache::context::Context;
use crate::cache::{Cache, Handle};
use crate::error::Error;
use crate::function::Function;
use crate::function::declared::{Declared, Location, SelfType};
use crate::function::registry::registry;
use crate::key::KeyWriter;
use crate::key::set::Keys;
use crate::key::tagging::TagWriter;
use crate::key::tags::Tags;
use crate::key::whole::Key;

/// What [`entry`](crate::write::entry::entry) is made of.
#[derive(Debug)]
pub struct EntryCall {
    pub(crate) function: &'static Function,
    pub(crate) cache: Cache,
    pub(crate) key: Result<Key, Error>,
    /// Why the call is not cached though its key is known. Others may have an entry there.
    pub(crate) refused: Option<Error>,
    pub(crate) tags: Tags,
}

impl EntryCall {
    /// What is stored has the tags that `write` writes.
    #[must_use]
    #[inline]
    pub fn tagged(self, write: impl Fn(&mut TagWriter<'_>)) -> Self {
        self.with_tags(&write)
    }

    #[inline(never)]
    fn with_tags(mut self, write: WriteTags<'_>) -> Self {
        match render_tags(&self.cache, write) {
            Ok(tags) => self.tags = tags,
            Err(why) => {
                self.refused = self.refused.or_else(|| Some(Error::Invalid(why.to_owned())));
            }
        }
        self
    }
}

/// The key of a call that is not made, for the companion of the function `ident` whose attribute
/// is at `location`.
pub fn companion_call(
    location: Location,
    ident: &'static str,
    self_names: Option<(Option<&'static str>, &'static str)>,
    explicit: Option<Cache>,
    render: impl Fn(&mut KeyWriter<'_>),
) -> EntryCall {
    begin_entry(location, ident, self_names, explicit, &render)
}

#[inline(never)]
fn begin_entry(
    location: Location,
    ident: &'static str,
    self_names: Option<(Option<&'static str>, &'static str)>,
    explicit: Option<Cache>,
    render: Render<'_>,
) -> EntryCall {
    let (cache, function) = of_companion(location, ident, self_names, explicit);
    let tags = Tags::default();
    match function {
        Ok(function) => {
            let invalid = |why: &str| Error::Invalid(why.to_owned());
            let key = named_key(function, &cache, render).map_err(invalid);
            EntryCall { function, cache, key, refused: function.refused().map(invalid), tags }
        }
        Err(error) => EntryCall { function: &UNKNOWN, cache, key: Err(error), refused: None, tags },
    }
}

/// The cache and the function that a companion is of.
fn of_companion(
    location: Location,
    ident: &'static str,
    self_names: Option<(Option<&'static str>, &'static str)>,
    explicit: Option<Cache>,
) -> (Cache, Result<&'static Function, Error>) {
    let cache = Handle::choose(explicit, Context::current().cache).into_cache();
    let function = registry().at(location, ident);
    if let (Some(function), Some((name, here))) = (function, self_names) {
        function.is_of(name, here);
    }
    let unknown = || Error::Invalid(format!("the cached function `{ident}` is not registered"));
    (cache, function.ok_or_else(unknown))
}

/// The keys of calls of which some arguments are left open.
#[derive(Debug)]
pub struct OpenCalls {
    pub(crate) cache: Cache,
    pub(crate) keys: Result<Keys, Error>,
}

/// [`companion_call`] for calls of which `render` leaves some arguments open.
pub fn open_calls(
    location: Location,
    ident: &'static str,
    self_names: Option<(Option<&'static str>, &'static str)>,
    explicit: Option<Cache>,
    render: impl Fn(&mut KeyWriter<'_>),
) -> OpenCalls {
    begin_open(location, ident, self_names, explicit, &render)
}

#[inline(never)]
fn begin_open(
    location: Location,
    ident: &'static str,
    self_names: Option<(Option<&'static str>, &'static str)>,
    explicit: Option<Cache>,
    render: Render<'_>,
) -> OpenCalls {
    let (cache, function) = of_companion(location, ident, self_names, explicit);
    let keys = function.and_then(|function| {
        let key = rendered(function, &cache, render).map_err(|why| Error::Invalid(why.into()))?;
        Ok(function.calls(key.rendering()))
    });
    OpenCalls { cache, keys }
}

/// Stands in where the linker left a function's entry out; its key is an error already.
static UNKNOWN: Function = Function::new(Declared {
    location: Location { module: "", nth: 0, file: "", line: 0, column: 0 },
    ident: "",
    item: || "",
    template: None,
    arguments: &[],
    version: None,
    codec: "",
    options: &[],
    tags: &[],
    self_type: SelfType::InKey,
});
