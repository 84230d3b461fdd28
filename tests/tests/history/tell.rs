//! Violations in words: the few lines of the history that they are made of.

use crate::check::Check;
use crate::history::{Body, Call, Stamp, process_of};
use std::time::Duration;

impl Check<'_> {
    /// What a violation is about; times count from the beginning of the call.
    pub fn told(&self, id: u64, call: &Call, stamp: Stamp) -> String {
        let at = |time| since(call.began, time);
        let source = match (self.body(stamp), self.put(stamp)) {
            (Some((body, source)), _) => format!(
                "computed by call {} from {} to {}, which ended at {}",
                name(body.call),
                at(body.began),
                at(body.ended),
                at(source.ended)
            ),
            (None, Some(put)) => format!("put from {} to {}", at(put.began), at(put.ended)),
            (None, None) => "from nowhere".to_owned(),
        };
        let (call_name, value) = (name(id), name(stamp.source));
        format!(
            "call {call_name} of {:?} returned, at {}, value {value} of {:?} version {}, {source}",
            call.key,
            at(call.ended),
            stamp.key,
            stamp.version
        )
    }
}

/// An id as humans read it: its process, and a number.
pub fn name(id: u64) -> String {
    format!("{}.{}", process_of(id), id & 0xffff_ffff)
}

/// A time, counted from another.
pub fn since(origin: Duration, time: Duration) -> String {
    format!("{:+.1} ms", (time.as_secs_f64() - origin.as_secs_f64()) * 1_000.0)
}

/// A body in words; times count from `origin`.
pub fn told_body(origin: Duration, id: u64, body: &Body, call: &Call) -> String {
    let at = |time| since(origin, time);
    let (id, of, refresh) =
        (name(id), name(body.call), if call.refresh { ", a refresh" } else { "" });
    let (from, to, asked) = (at(body.began), at(body.ended), at(call.began));
    format!("{id} from {from} to {to}, of call {of} (since {asked}{refresh})")
}
