//! Where a key is kept: its text, taken apart into what is before a number, the number, and what is
//! behind it. Who knows what a function's keys have in common looks for a number without writing any
//! text: to write it, and to read what was just written, would be most of what a look takes.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// There is no number. Greater than any, since more digits than are taken for one are text.
const NONE: u64 = u64::MAX;
const MOST_DIGITS: usize = 19;
const TOO_MANY_DIGITS: u64 = 10_u64.pow(19);
/// What stands before the mark of version and codec, behind the number.
const MARK: char = '~';

/// Where a key is kept. One text has one place, and no two texts have the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'k> {
    pub(super) number: u64,
    /// Of the two texts.
    pub(super) hash: u64,
    pub(super) texts: Said<'k>,
}

/// How a place says its texts.
#[derive(Debug, Clone, Copy)]
pub(super) enum Said<'k> {
    /// By what all keys of a function have: then they need not be compared with what has the same.
    Known(&'k Arc<Texts>),
    /// What is before the number, and behind it.
    Parts(&'k str, &'k str),
}

/// What is before a number in a key, and what is behind it.
pub(super) struct Texts {
    both: Box<str>,
    /// The length of the first.
    before: usize,
    pub(super) hash: u64,
}

impl Texts {
    pub(super) fn of(place: &Place<'_>) -> Self {
        let (before, behind) = place.parts();
        let both = [before, behind].concat().into();
        Self { both, before: before.len(), hash: place.hash }
    }

    pub(super) fn parts(&self) -> (&str, &str) {
        self.both.split_at_checked(self.before).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.both.len()
    }

    pub(super) fn are_of(&self, place: &Place<'_>) -> bool {
        self.hash == place.hash && self.parts() == place.parts()
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().fmt(f)
    }
}

impl Place<'_> {
    pub(super) fn parts(&self) -> (&str, &str) {
        match self.texts {
            Said::Known(texts) => texts.parts(),
            Said::Parts(before, behind) => (before, behind),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, behind) = self.parts();
        f.write_str(before)?;
        if self.number != NONE {
            self.number.fmt(f)?;
        }
        f.write_str(behind)
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
pub(super) struct Commons(Box<[OnceLock<Option<Arc<Texts>>>]>);

impl Commons {
    pub(super) fn new(functions: usize) -> Self {
        Self((0..functions).map(|_| OnceLock::new()).collect())
    }

    /// The key at `place` is that of the call of `function` with `number`. Nothing is learned from
    /// one that is taken apart elsewhere.
    pub(super) fn learn(&self, function: usize, number: u64, place: &Place<'_>) {
        if let Some(common) = self.0.get(function) {
            common.get_or_init(|| (place.number == number).then(|| Arc::new(Texts::of(place))));
        }
    }

    /// The texts of this `place`: those of `function`, if it is known that all of its keys have them.
    pub(super) fn texts(&self, function: usize, place: &Place<'_>) -> Result<Arc<Texts>, Texts> {
        let known = self.0.get(function).and_then(|common| common.get()?.as_ref());
        match known {
            Some(texts) if texts.are_of(place) => Ok(texts.clone()),
            _ => Err(Texts::of(place)),
        }
    }

    /// Where the key of the call of `function` with `number` is kept, if that is known. One of more
    /// digits than are taken for a number is nowhere.
    #[inline]
    pub(super) fn place(&self, function: usize, number: u64) -> Option<Place<'_>> {
        if number >= TOO_MANY_DIGITS {
            return None;
        }
        let texts = self.0.get(function)?.get()?.as_ref()?;
        Some(Place { number, hash: texts.hash, texts: Said::Known(texts) })
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
            Place { number, hash: 1, texts: Said::Parts(before, behind) }
        };
        let found = |function, number| commons.place(function, number).map(|p| p.to_string());
        assert_eq!(found(0, 7), None);
        commons.learn(0, 7, &place("shop:user:7~2"));
        assert_eq!(found(0, 12).as_deref(), Some("shop:user:12~2"));
        for (whole, is_known) in
            [("shop:user:9~2", true), ("shop:user:9", false), ("shop:7~2", false)]
        {
            assert_eq!(commons.texts(0, &place(whole)).is_ok(), is_known, "{whole}");
        }
        assert!(commons.texts(1, &place("shop:user:9~2")).is_err());
        assert_eq!(found(1, 12), None);
        for number in [10_u64.pow(19), u64::MAX] {
            assert_eq!(found(0, number), None, "its place is that of a text");
        }
        // Behind a digit the number would be another one.
        commons.learn(1, 7, &place("shop:v27"));
        commons.learn(2, 7, &place("shop:user:7"));
        assert_eq!((found(1, 7), found(2, 7)), (None, None));
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
