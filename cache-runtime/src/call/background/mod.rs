//! Bodies behind the callers' backs: those that refresh a value, and those that their callers have
//! left. How many there may be is in `flight/slots`.

pub(crate) mod own;
pub(crate) mod owned;
pub(crate) mod slot;
