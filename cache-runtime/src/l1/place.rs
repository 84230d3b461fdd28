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
    /// What is before the number, and behind it.
    pub(super) texts: (&'k str, &'k str),
    /// Of the two texts.
    pub(super) hash: u64,
    pub(super) number: u64,
}

/// The same of a function all of whose keys have these texts: what has the same `Arc` need not be compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known<'k> {
    pub(super) texts: &'k Arc<Texts>,
    pub(super) hash: u64,
    pub(super) number: u64,
}

impl<'k> Known<'k> {
    pub(crate) fn place(&self) -> Place<'k> {
        Place { texts: self.texts.parts(), hash: self.hash, number: self.number }
    }
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
        let (before, behind) = place.texts;
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
        self.hash == place.hash && self.parts() == place.texts
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts().fmt(f)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, behind) = self.texts;
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
pub(super) struct Commons(Box<[OnceLock<Option<Common>>]>);

/// Texts with their hash beside them, which a look waits for.
struct Common {
    texts: Arc<Texts>,
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
            let texts = || self.shared(place).unwrap_or_else(|| Arc::new(Texts::of(place)));
            let learned = || Common { texts: texts(), hash: place.hash };
            common.get_or_init(|| (place.number == number).then(learned));
        }
    }

    /// The texts of this `place`: those of a function, if there is one of whose keys it is known that they have
    /// them.
    pub(super) fn texts(&self, place: &Place<'_>) -> Result<Arc<Texts>, Texts> {
        self.shared(place).ok_or_else(|| Texts::of(place))
    }

    /// Functions with the same key have the same texts, or none would find by a number what another has kept.
    fn shared(&self, place: &Place<'_>) -> Option<Arc<Texts>> {
        let known = self.0.iter().filter_map(|common| common.get()?.as_ref());
        // By the hash beside them first: there may be a thousand functions, and this is asked at each fill.
        let mut alike = known.filter(|common| common.hash == place.hash);
        alike.find(|common| common.texts.are_of(place)).map(|common| common.texts.clone())
    }

    /// Where the key of the call of `function` with `number` is kept, if that is known. One of more
    /// digits than are taken for a number is nowhere.
    #[inline]
    pub(super) fn known(&self, function: usize, number: u64) -> Option<Known<'_>> {
        if number >= TOO_MANY_DIGITS {
            return None;
        }
        let Common { texts, hash } = self.0.get(function)?.get()?.as_ref()?;
        Some(Known { texts, hash: *hash, number })
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
        let commons = Commons::new(3);
        let place = |whole: &'static str| {
            let (before, number, behind) = split(whole);
            Place { texts: (before, behind), hash: 1, number }
        };
        let found = |function, number| {
            commons.known(function, number).map(|known| known.place().to_string())
        };
        assert_eq!(found(0, 7), None);
        commons.learn(0, 7, &place("shop:user:7~2"));
        assert_eq!(found(0, 12).as_deref(), Some("shop:user:12~2"));
        for (whole, is_known) in
            [("shop:user:9~2", true), ("shop:user:9", false), ("shop:7~2", false)]
        {
            assert_eq!(commons.texts(&place(whole)).is_ok(), is_known, "{whole}");
        }
        assert_eq!(found(1, 12), None);
        for number in [10_u64.pow(19), u64::MAX] {
            assert_eq!(found(0, number), None, "its place is that of a text");
        }
        // Behind a digit the number would be another one.
        commons.learn(1, 7, &place("shop:v27"));
        commons.learn(3, 7, &place("shop:user:7"));
        assert_eq!((found(1, 7), found(3, 7)), (None, None));
        commons.learn(2, 9, &place("shop:user:9~2"));
        let [one, other] = [0, 2].map(|function| commons.known(function, 7).unwrap().texts);
        assert!(Arc::ptr_eq(one, other), "of two functions with the same key");
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
