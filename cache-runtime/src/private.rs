//! What generated code calls. Not for people: no promise is made about anything in here.

pub use crate::cache::Cache;
pub use crate::call::background::own::{Own, owned, owned_slice};
pub use crate::call::background::owned::read_through_owned;
pub use crate::call::batch::again::{Again, again};
pub use crate::call::batch::{Next, batch};
pub use crate::call::companion::{OpenCalls, companion_call, open_calls};
pub use crate::call::limits::limits;
pub use crate::call::limits::read_through_timed;
pub use crate::call::local::{local, number};
pub use crate::call::plain::{blocking, outside};
pub use crate::call::read_through::{begin, look, read_through};
pub use crate::call::{call, call_when, holds};
pub use crate::codec::json::Json;
pub use crate::codec::{Cacheable, Codec};
pub use crate::function::declared::{Declared, Location, SelfType};
pub use crate::function::registry::Registered;
pub use crate::function::tagging::NamedTags;
pub use crate::function::{Function, function_at, method_of};
pub use crate::key::KeyWriter;
pub use crate::key::fields::{FieldsBehindPointer, FieldsOfAny, FieldsOfOption, Of};
pub use crate::key::own_tags::own_tags;
pub use crate::key::tagging::TagWriter;
pub use crate::plan::equality::{StoredCompared, StoredShown, StoredUncompared};
pub use crate::plan::errors::{ErrorsNotStored, ErrorsStored};
pub use crate::plan::future::ShapeOfFuture;
pub use crate::plan::in_memory::in_memory;
pub use crate::plan::many::{Batched, OrNoneOfOutcome, OrNoneOfValue, many, many_or_none};
pub use crate::plan::of_value::of_value;
pub use crate::plan::plan;
pub use crate::plan::rules::{SingleFlight, Ttl};
pub use crate::plan::shape::{
    Returns, Shape, ShapeOfJsonOption, ShapeOfOption, ShapeOfPlain, ShapeOfResult,
    ShapeOfResultOption,
};
pub use crate::plan::sharing::{ErrorsShared, ErrorsUnshared};
pub use crate::plan::time::time;
pub use crate::write::entry::{Entry, entry};
pub use crate::write::put::{named, putting, target};
pub use crate::write::writers::{Targets, invalidating, invalidating_result, targets};
pub use inventory;

/// `cache = EXPR`.
#[must_use]
pub fn to_cache(cache: &Cache) -> Option<Cache> {
    Some(cache.clone())
}
