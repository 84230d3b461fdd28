//! What this process knows of keys beside the store: who computes them, and which invalidations
//! wait. No I/O.

pub(crate) mod journal;
pub(crate) mod landing;
pub(crate) mod leases;
pub(crate) mod single_flight;
pub(crate) mod slots;
