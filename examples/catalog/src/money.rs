//! Exact decimals: prices, and averages that are computed from whole numbers.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A decimal of exactly two places, such as a price. In JSON it is a string, `"12.50"`: a number
/// there is a float to most who read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(i64);

impl Decimal {
    /// Of a count of hundredths, as the database keeps prices.
    #[must_use]
    pub fn from_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// In hundredths.
    #[must_use]
    pub fn hundredths(self) -> i64 {
        self.0
    }

    /// The average of `count` whole numbers with this `sum`; `None` where there are none.
    #[must_use]
    pub fn average(sum: i64, count: i64) -> Option<Self> {
        round_half_even(i128::from(sum) * 100, count.into()).map(Self)
    }

    /// The average of `count` decimals whose hundredths have this `sum`; `None` where there are
    /// none.
    #[must_use]
    pub fn average_of_hundredths(sum: i64, count: i64) -> Option<Self> {
        round_half_even(sum.into(), count.into()).map(Self)
    }
}

/// The quotient, rounded to the nearest whole number, and to the even one of two (IEEE 754's
/// default, "banker's rounding"); `None` for a divisor that is not positive.
fn round_half_even(dividend: i128, divisor: i128) -> Option<i64> {
    if divisor <= 0 {
        return None;
    }
    let (floor, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    let up = match (2 * rest).cmp(&divisor) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => floor.rem_euclid(2),
        std::cmp::Ordering::Greater => 1,
    };
    i64::try_from(floor + up).ok()
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let hundredths = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// What is not a decimal of at most two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotADecimal;

impl fmt::Display for NotADecimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected digits with at most two decimals, such as \"12.50\"")
    }
}

impl std::error::Error for NotADecimal {}

impl FromStr for Decimal {
    type Err = NotADecimal;

    fn from_str(text: &str) -> Result<Self, NotADecimal> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
        let number = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<i64>().ok()).flatten().ok_or(NotADecimal)
        };
        let hundredths = match fraction.len() {
            1 => number(fraction)? * 10,
            2 => number(fraction)?,
            _ => return Err(NotADecimal),
        };
        let all = number(whole)?.checked_mul(100).and_then(|n| n.checked_add(hundredths));
        Ok(Self(sign * all.ok_or(NotADecimal)?))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_is_written_as_it_is_read() {
        for text in ["0.00", "0.05", "12.50", "-0.01", "-7.00", "92233720368547758.07"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
        assert_eq!("12".parse(), Ok(Decimal(1200)));
        assert_eq!("12.5".parse(), Ok(Decimal(1250)));
        for odd in ["", ".", "-", "1.", ".5", "1.234", "+1", "1e3", "1_000", " 1", "١", "0x1"] {
            assert_eq!(odd.parse::<Decimal>(), Err(NotADecimal), "{odd:?}");
        }
        assert_eq!("92233720368547758.08".parse::<Decimal>(), Err(NotADecimal));
    }

    #[test]
    fn averages_are_exact_and_rounded_to_even() {
        let average = |sum, count| Decimal::average(sum, count).map(|a| a.to_string());
        assert_eq!(average(0, 0), None);
        assert_eq!(average(10, 3).as_deref(), Some("3.33"));
        assert_eq!(average(20, 3).as_deref(), Some("6.67"));
        assert_eq!(average(1, 200).as_deref(), Some("0.00")); // 0.005
        assert_eq!(average(3, 200).as_deref(), Some("0.02")); // 0.015
        assert_eq!(average(-3, 200).as_deref(), Some("-0.02"));
        assert_eq!(Decimal::average_of_hundredths(5, 2), Some(Decimal(2)));
        assert_eq!(Decimal::average_of_hundredths(7, 2), Some(Decimal(4)));
        assert_eq!(Decimal::average(i64::MAX, 1), None); // does not fit, and does not wrap
    }
}
