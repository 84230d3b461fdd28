//! The encodings that leaves share.

use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whether `c` must not appear as itself in an argument: because templates use it, because
/// compound renderings or `None` do, because Redis' patterns do, or because it would garble a
/// terminal.
fn reserved(c: char) -> bool {
    matches!(
        c,
        ':' | '/'
            | '|'
            | '~'
            | '%'
            | '{'
            | '}'
            | '('
            | ')'
            | '['
            | ']'
            | ','
            | '='
            | '*'
            | '?'
            | '\\'
    ) || c.is_control()
}

/// Whether a rendered argument can hold this byte as itself: not what templates separate by, nor
/// what patterns take for a wildcard. Brackets and `~` are those of lists and of `None`.
pub(super) fn is_kept(byte: u8) -> bool {
    !byte.is_ascii_control()
        && !matches!(byte, b':' | b'/' | b'|' | b'{' | b'}' | b'*' | b'?' | b'\\')
}

/// Appends `value` to `text`, percent-encoded where it must be.
pub(super) fn push_encoded(text: &mut String, value: &str) {
    for part in value.split_inclusive(reserved) {
        // Only the last character of a part can be reserved, and in most values none is.
        match part.chars().next_back() {
            Some(last) if reserved(last) => {
                text.push_str(part.strip_suffix(last).unwrap_or_default());
                for byte in last.encode_utf8(&mut [0; 4]).bytes() {
                    text.push('%');
                    push_hex(text, byte, b"0123456789ABCDEF");
                }
            }
            _ => text.push_str(part),
        }
    }
}

fn push_hex(text: &mut String, byte: u8, digits: &[u8; 16]) {
    for nibble in [byte >> 4, byte & 15] {
        text.push(digits.get(usize::from(nibble)).copied().map_or('0', char::from));
    }
}

/// Appends the first 128 bits of `hash` as 32 hex digits.
pub(super) fn push_hash(text: &mut String, hash: &blake3::Hash) {
    for &byte in hash.as_bytes().iter().take(16) {
        push_hex(text, byte, b"0123456789abcdef");
    }
}

/// The nanoseconds of `duration`, of which an `i128` holds more than any duration has.
pub(super) fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

/// The nanoseconds between 1970 and `time`, negative before.
pub(super) fn since_epoch(time: SystemTime) -> i128 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

/// Appends a count of nanoseconds as seconds, exactly and without trailing zeros: `-0.25`.
pub(super) fn push_seconds(text: &mut String, nanos: i128) {
    const PER_SECOND: u128 = 1_000_000_000;
    if nanos < 0 {
        text.push('-');
    }
    let (whole, rest) = (nanos.unsigned_abs() / PER_SECOND, nanos.unsigned_abs() % PER_SECOND);
    push_plain(text, whole);
    if rest != 0 {
        push_plain(text, format_args!(".{rest:09}"));
        text.truncate(text.trim_end_matches('0').len());
    }
}

/// Appends a number as its `Display` writes it. That would be more than all else that becomes of
/// most keys, whose only argument is a number.
pub(super) fn push_number(text: &mut String, is_negative: bool, mut number: u64) {
    let mut digits = [0; 20]; // of `u64::MAX`
    let mut left = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' | (number % 10) as u8;
        number /= 10;
        left -= 1;
        if number == 0 {
            break;
        }
    }
    if is_negative {
        text.push('-');
    }
    // Few, as a rule: one by one is less than to see that all of them are UTF-8.
    for digit in digits.get(left..).unwrap_or_default() {
        text.push(char::from(*digit));
    }
}

/// Appends what is known to need no encoding, and cannot fail to format.
pub(super) fn push_plain(text: &mut String, value: impl fmt::Display) {
    // Writing to a `String` succeeds, and so does formatting of what std defines.
    let _ = write!(text, "{value}");
}

/// Formats into a key, percent-encoded.
pub(super) struct Encoded<'a>(pub(super) &'a mut String);

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        push_encoded(self.0, piece);
        Ok(())
    }
}

/// Formats into a key, leaving colons out: times, whose fields have fixed widths without them.
#[cfg(any(feature = "chrono", feature = "jiff"))]
pub(super) struct WithoutColons<'a>(pub(super) &'a mut String);

#[cfg(any(feature = "chrono", feature = "jiff"))]
impl fmt::Write for WithoutColons<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        piece.split(':').for_each(|part| push_encoded(self.0, part));
        Ok(())
    }
}
