//! Where a key is kept: its text, taken apart into what is before a number, the number, and what is
//! behind it. Who knows what a function's keys have in common looks for a number without writing any
//! text: to write it, and to read what was just written, would be most of what a look takes.

use std::fmt;
use std::sync::OnceLock;

/// There is no number. Greater than any, since more digits than are taken for one are text.
const NONE: u64 = u64::MAX;
const MOST_DIGITS: usize = 19;
const TOO_MANY_DIGITS: u64 = 10_u64.pow(19);
/// What stands before the mark of version and codec, behind the number.
const MARK: char = '~';

/// Where a key is kept. One text has one place, and no two texts have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place<'k> {
    pub(super) before: &'k str,
    pub(super) number: u64,
    pub(super) behind: &'k str,
    /// Of the two texts.
    pub(super) hash: u64,
    /// The function whose keys all have these texts, where that is known: then they need not be compared.
    pub(super) function: u32,
}

/// Of no function is it known.
pub(super) const NOBODY: u32 = u32::MAX;

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.before)?;
        if self.number != NONE {
            self.number.fmt(f)?;
        }
        f.write_str(self.behind)
    }
}

/// Takes a key apart: the last digits before its mark, if it has one, that no zero precedes.
pub(super) fn split(whole: &str) -> (&str, u64, &str) {
    let mark = whole.rfind(MARK).unwrap_or(whole.len());
    let (text, behind) = whole.split_at(mark);
    let digits = text.bytes().rev().take(MOST_DIGITS).take_while(u8::is_ascii_digit).count();
    let zeros = text.bytes().skip(text.len() - digits).take_while(|digit| *digit == b'0').count();
    // The last one is a number by itself.
    let length = digits - zeros.min(digits.saturating_sub(1));
    let (before, number) = text.split_at(text.len() - length);
    match number.parse() {
        Ok(number) => (before, number, behind),
        Err(_) => (whole, NONE, ""),
    }
}

/// What the keys of each function have in common whose only argument is a number, by the number of
/// the function.
pub(super) struct Commons(Box<[OnceLock<Option<Common>>]>);

struct Common {
    before: Box<str>,
    behind: Box<str>,
    hash: u64,
}

impl Commons {
    pub(super) fn new(functions: usize) -> Self {
        Self((0..functions).map(|_| OnceLock::new()).collect())
    }

    /// The key at `place` is that of the call of `function` with `number`. Nothing is learned from
    /// one that is taken apart elsewhere.
    pub(super) fn learn(&self, function: usize, number: u64, place: &Place<'_>) {
        if let Some(common) = self.0.get(function) {
            common.get_or_init(|| {
                let Place { before, behind, hash, .. } = *place;
                let common = Common { before: before.into(), behind: behind.into(), hash };
                (place.number == number).then_some(common)
            });
        }
    }

    /// `function`, if it is known that all of its keys have the texts of this `place`.
    pub(super) fn are_of(&self, function: usize, place: &Place<'_>) -> u32 {
        let common = self.0.get(function).and_then(|common| common.get()?.as_ref());
        match common {
            Some(common) if *common.before == *place.before && *common.behind == *place.behind => {
                u32::try_from(function).unwrap_or(NOBODY)
            }
            _ => NOBODY,
        }
    }

    /// Where the key of the call of `function` with `number` is kept, if that is known. One of more
    /// digits than are taken for a number is nowhere.
    #[inline]
    pub(super) fn place(&self, function: usize, number: u64) -> Option<Place<'_>> {
        if number >= TOO_MANY_DIGITS {
            return None;
        }
        let Common { before, behind, hash } = self.0.get(function)?.get()?.as_ref()?;
        let function = u32::try_from(function).unwrap_or(NOBODY);
        Some(Place { before, number, behind, hash: *hash, function })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_taken_out_of_keys() {
        for (whole, apart) in [
            ("shop:user:7", ("shop:user:", 7, "")),
            ("shop:user:7~2", ("shop:user:", 7, "~2")),
            ("shop:user:7~2.msgpack", ("shop:user:", 7, "~2.msgpack")),
            ("shop:user:0", ("shop:user:", 0, "")),
            ("shop:user:007", ("shop:user:00", 7, "")),
            ("shop:user:000", ("shop:user:00", 0, "")),
            ("shop:user:-7", ("shop:user:-", 7, "")),
            ("shop:v2", ("shop:v", 2, "")),
            ("shop:1:9999999999999999999", ("shop:1:", 9_999_999_999_999_999_999, "")),
            ("shop:18446744073709551615", ("shop:1", 8_446_744_073_709_551_615, "")),
            ("7", ("", 7, "")),
        ] {
            assert_eq!(split(whole), apart, "{whole}");
        }
        for whole in ["", "shop:user:x", "shop:user:~", "shop:user:~2", "shop:7:x~2", "shop:٧"] {
            assert_eq!(split(whole), (whole, NONE, ""), "{whole}");
        }
    }

    #[test]
    fn what_keys_have_in_common_is_learned_where_they_are_taken_apart() {
        let commons = Commons::new(2);
        let place = |whole: &'static str| {
            let (before, number, behind) = split(whole);
            Place { before, number, behind, hash: 1, function: NOBODY }
        };
        let of = |function, place| Some(Place { function, ..place });
        assert_eq!(commons.place(0, 7), None);
        commons.learn(0, 7, &place("shop:user:7~2"));
        assert_eq!(commons.place(0, 12), of(0, place("shop:user:12~2")));
        for (whole, function) in
            [("shop:user:9~2", 0), ("shop:user:9", NOBODY), ("shop:7~2", NOBODY)]
        {
            assert_eq!(commons.are_of(0, &place(whole)), function, "{whole}");
        }
        assert_eq!(commons.are_of(1, &place("shop:user:9~2")), NOBODY);
        assert_eq!(commons.place(1, 12), None);
        for number in [10_u64.pow(19), u64::MAX] {
            assert_eq!(commons.place(0, number), None, "its place is that of a text");
        }
        // Behind a digit the number would be another one.
        commons.learn(1, 7, &place("shop:v27"));
        commons.learn(2, 7, &place("shop:user:7"));
        assert_eq!((commons.place(1, 7), commons.place(2, 7)), (None, None));
    }

    proptest! {
        #[test]
        fn a_key_is_what_it_was_taken_apart_into(whole in "[a0-9~:]{0,26}") {
            let (before, number, behind) = split(&whole);
            let number = if number == NONE { String::new() } else { number.to_string() };
            prop_assert_eq!(format!("{before}{number}{behind}"), whole);
        }

        #[test]
        fn a_number_behind_text_is_the_number(before in "[a0-9:]{0,6}[a:]", number: u64, mark in "(~2)?") {
            let whole = format!("{before}{number}{mark}");
            if number < 10_u64.pow(19) {
                prop_assert_eq!(split(&whole), (&*before, number, &*mark));
            }
        }
    }
}
