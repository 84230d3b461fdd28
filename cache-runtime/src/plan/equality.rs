//! Whether what was read back is what was written, where its type can say it: told by type as
//! [`shape`](super::shape) is.

use super::shape::Shape;
use std::fmt::{self, Debug, Write};
use std::hash::{DefaultHasher, Hasher};

/// What a value shows of itself is looked at so far: of a larger one it would cost too much.
const SHOWN: usize = 64 << 10;

/// How two stored values are compared.
pub struct Equality<T> {
    pub(crate) same: fn(&T, &T) -> bool,
    /// Whether those that are the same by it need no other comparison.
    pub(crate) decides: bool,
}

/// Most particular: stored values that are `PartialEq`.
pub trait StoredCompared<T> {
    fn equality(&self) -> Option<Equality<T>>;
}

impl<S: Shape<Stored: PartialEq>> StoredCompared<S::Stored> for &&S {
    fn equality(&self) -> Option<Equality<S::Stored>> {
        Some(Equality { same: |one, other| one == other, decides: true })
    }
}

/// Those that are `Debug`, and so show what is never written (`#[serde(skip)]`).
pub trait StoredShown<T> {
    fn equality(&self) -> Option<Equality<T>>;
}

impl<S: Shape<Stored: Debug>> StoredShown<S::Stored> for &S {
    fn equality(&self) -> Option<Equality<S::Stored>> {
        Some(Equality { same: |one, other| show_the_same(one, other), decides: false })
    }
}

/// All other stored values.
pub trait StoredUncompared<T> {
    fn equality(&self) -> Option<Equality<T>>;
}

impl<S: Shape> StoredUncompared<S::Stored> for S {
    fn equality(&self) -> Option<Equality<S::Stored>> {
        None
    }
}

/// Whether two values show the same of themselves, in whatever order: that of a map is another one
/// each time it is read. What shows too much, or refuses to, says nothing.
#[inline(never)]
fn show_the_same(one: &dyn Debug, other: &dyn Debug) -> bool {
    let shown = |value: &dyn Debug| {
        let mut pieces = Pieces { sum: 0, piece: DefaultHasher::new(), left: SHOWN };
        write!(pieces, "{value:?}").ok().map(|()| pieces.sum.wrapping_add(pieces.piece.finish()))
    };
    match (shown(one), shown(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

/// A digest of the pieces between commas and brackets, without the spaces around them.
struct Pieces {
    sum: u64,
    piece: DefaultHasher,
    left: usize,
}

impl Write for Pieces {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.left = self.left.checked_sub(text.len()).ok_or(fmt::Error)?;
        for byte in text.bytes() {
            match byte {
                b' ' => {}
                b',' | b'(' | b')' | b'[' | b']' | b'{' | b'}' => {
                    let piece = std::mem::take(&mut self.piece);
                    self.sum = self.sum.wrapping_add(piece.finish());
                }
                byte => self.piece.write_u8(byte),
            }
        }
        Ok(())
    }
}

impl<T> Debug for Equality<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Equality")
    }
}

impl<T> Clone for Equality<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Equality<T> {}

#[cfg(test)]
#[allow(clippy::needless_borrow)] // the references are what is tested
mod tests {
    use super::*;
    use crate::plan::shape::{Returns, ShapeOfPlain as _};
    use std::collections::{HashMap, HashSet};

    #[test]
    fn values_are_compared_as_their_type_can() {
        struct Opaque;
        #[derive(Debug)]
        struct Shown(#[expect(dead_code, reason = "it is shown")] u8);
        fn generic<T>() -> bool {
            let shape = Returns::<T>::new().shape();
            (&&&shape).equality().is_some()
        }
        let shape = Returns::<u8>::new().shape();
        let equal = (&&&shape).equality().unwrap();
        assert!(equal.decides && (equal.same)(&1, &1) && !(equal.same)(&1, &2));
        let shape = Returns::<Shown>::new().shape();
        let shown = (&&&shape).equality().unwrap();
        assert!(!shown.decides && (shown.same)(&Shown(1), &Shown(1)));
        assert!(!(shown.same)(&Shown(1), &Shown(2)));
        let shape = Returns::<Opaque>::new().shape();
        assert!((&&&shape).equality().is_none());
        assert!(!generic::<u8>());
    }

    #[test]
    fn what_is_shown_in_another_order_is_the_same() {
        let map = || (0..100).map(|n| (n, format!("v {n}"))).collect::<HashMap<_, _>>();
        let sets = || (0..100).map(|n| (n, HashSet::from([n, 1, 2]))).collect::<HashMap<_, _>>();
        assert!(show_the_same(&map(), &map()) && show_the_same(&Some(sets()), &Some(sets())));
        let mut other = map();
        other.insert(7, "v 8".into());
        assert!(!show_the_same(&map(), &other));
        assert!(!show_the_same(&"a", &"b") && !show_the_same(&Some(1), &None::<u8>));
        // Of what is beyond the limit nothing is said.
        let long = |end| format!("{}{end}", "x".repeat(SHOWN));
        assert!(show_the_same(&long('a'), &long('b')));
    }
}
