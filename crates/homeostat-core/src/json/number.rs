//! Doubles as decimal text and back, exact in both directions, without tables.
//!
//! `core::fmt` and `str::parse` give the same results faster, but their tables and special cases are a fifth of the core's
//! WebAssembly. Here both directions are long division: with 128 bits where those are enough to write a number, which takes 100 ns,
//! else with big integers, a microsecond for a number of 17 digits.

use super::big::{Big, Natural};
use alloc::string::String;
use core::cmp::Ordering;

/// Explicit bits of a double's significand.
const FRACTION_BITS: u32 = 52;
/// Digits that decide how a number is rounded: no midpoint between two doubles has more. What follows only counts as
/// more than nothing.
const DIGITS_MAX: i32 = 768;
/// Most digits that the shortest text of a double has.
const SHORTEST_MAX: usize = 17;
/// Doubles below this hold every whole number.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
/// From this binary exponent of the significand on, up to 0, what `generate` holds stays below 2^128: at most ten times
/// 2^(2 - exponent).
const WIDE_EXPONENT_MIN: i32 = -120;

/// Appends a whole number.
pub(super) fn write_uint(out: &mut String, mut n: u64) {
    let mut digits = [0; 20];
    let mut len = 0;
    for digit in digits.iter_mut().rev() {
        *digit = (n % 10) as u8;
        n /= 10;
        len += 1;
        if n == 0 {
            break;
        }
    }
    digits.iter().skip(20 - len).for_each(|d| push(out, *d));
}

/// Appends a finite number: the shortest decimal that reads back to the same bits, and of those the nearest. No exponent.
pub(super) fn write(out: &mut String, n: f64) {
    if n.is_sign_negative() {
        out.push('-');
    }
    let n = n.abs();
    if n < WHOLE_MAX && libm::trunc(n) == n {
        return write_uint(out, n as u64);
    }
    let mut digits = [0; SHORTEST_MAX];
    let (len, point) = shortest(n, &mut digits);
    if point <= 0 {
        out.push_str("0.");
        (point..0).for_each(|_| out.push('0'));
    }
    for (i, digit) in (0..).zip(digits.iter().take(len)) {
        if i == point && i > 0 {
            out.push('.');
        }
        push(out, *digit);
    }
    (len as i32..point).for_each(|_| out.push('0'));
}

fn push(out: &mut String, digit: u8) {
    out.push(char::from(b'0' + digit));
}

/// The shortest digits of a positive number, as 0.ddd * 10^point; how many, and `point`.
fn shortest(n: f64, digits: &mut [u8; SHORTEST_MAX]) -> (usize, i32) {
    let exponent = (n.to_bits() >> FRACTION_BITS) as i32 - 1075;
    if (WIDE_EXPONENT_MIN..=0).contains(&exponent) {
        generate::<u128>(n, digits)
    } else {
        generate::<Big>(n, digits)
    }
}

/// Free-format generation after Steele and White (1990): digits of `value / unit` until what is left is within half the
/// distance to the neighbouring doubles.
fn generate<N: Natural>(n: f64, digits: &mut [u8; SHORTEST_MAX]) -> (usize, i32) {
    let bits = n.to_bits();
    let fraction = bits & ((1 << FRACTION_BITS) - 1);
    let biased = (bits >> FRACTION_BITS) as i32;
    let normal = biased > 0;
    let significand = if normal { fraction | 1 << FRACTION_BITS } else { fraction };
    let exponent = biased.max(1) - 1075;
    // A power of two has a neighbour below that is only half as far away as the one above.
    let uneven = fraction == 0 && biased > 1;
    let scale = if uneven { 2 } else { 1 };
    // A tie between two doubles reads as the even one, so an even one may reach as far as the tie.
    let even = significand % 2 == 0;

    let mut value = N::new(significand << scale);
    let mut below = N::new(1);
    let mut above = N::new(scale);
    let mut unit = N::new(1 << scale);
    let powers_of_two = exponent.unsigned_abs();
    if exponent < 0 {
        unit.mul_pow2(powers_of_two);
    } else {
        for n in [&mut value, &mut below, &mut above] {
            n.mul_pow2(powers_of_two);
        }
    }
    // Times log10(2), rounded down: the power of ten is at most one too small.
    let magnitude = exponent + (64 - significand.leading_zeros() as i32);
    let mut point = ((i64::from(magnitude) * 1_292_913_986) >> 32) as i32;
    let powers_of_ten = point.unsigned_abs();
    if point < 0 {
        for n in [&mut value, &mut below, &mut above] {
            n.mul_pow10(powers_of_ten);
        }
    } else {
        unit.mul_pow10(powers_of_ten);
    }
    let reaches = |value: &N, above: &N, unit: &N| {
        let mut sum = value.clone();
        sum.add(above);
        let order = sum.compare(unit);
        order == Ordering::Greater || (even && order == Ordering::Equal)
    };
    if reaches(&value, &above, &unit) {
        point += 1;
    } else {
        for n in [&mut value, &mut below, &mut above] {
            n.mul_add(10, 0);
        }
    }
    let mut len = 0;
    loop {
        let mut digit = 0;
        while value.compare(&unit) != Ordering::Less {
            value.sub(&unit);
            digit += 1;
        }
        let order = value.compare(&below);
        let down = order == Ordering::Less || (even && order == Ordering::Equal);
        let up = reaches(&value, &above, &unit);
        if up && down {
            // Either end would do: the nearer one.
            value.mul_add(2, 0);
            digit += u8::from(value.compare(&unit) != Ordering::Less);
        } else if up {
            digit += 1;
        }
        digits[len] = digit;
        len += 1;
        if up || down {
            return (len, point);
        }
        for n in [&mut value, &mut below, &mut above] {
            n.mul_add(10, 0);
        }
    }
}

/// Reads the JSON number at the start of `text`: the nearest double, and how many bytes the number has. `None` when there is
/// none, or when it is too large for a double.
pub(super) fn read(text: &[u8]) -> Option<(f64, usize)> {
    let mut decimal = Decimal { significand: Big::new(0), digits: 0, exponent: 0, more: false };
    let negative = text.first() == Some(&b'-');
    let mut at = usize::from(negative);
    let whole = decimal.take_digits(text.get(at..)?);
    if whole == 0 || (whole > 1 && text.get(at) == Some(&b'0')) {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let after = decimal.take_digits(text.get(at + 1..)?);
        if after == 0 {
            return None;
        }
        decimal.exponent -= after as i32;
        at += 1 + after;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        let sign = text.get(at + 1);
        at += 1 + usize::from(matches!(sign, Some(b'+' | b'-')));
        let (power, len) = exponent(text.get(at..)?);
        if len == 0 {
            return None;
        }
        at += len;
        decimal.exponent += if sign == Some(&b'-') { -power } else { power };
    }
    let n = decimal.nearest()?;
    Some((if negative { -n } else { n }, at))
}

/// The whole number at the start of `text`, at most 10^8, and how many digits it has.
fn exponent(text: &[u8]) -> (i32, usize) {
    let digits = text.iter().take_while(|b| b.is_ascii_digit());
    digits.fold((0, 0), |(n, len), b| ((n * 10 + i32::from(b - b'0')).min(100_000_000), len + 1))
}

/// A decimal number: significand * 10^exponent.
struct Decimal {
    significand: Big,
    /// Digits of the significand, at most `DIGITS_MAX`.
    digits: i32,
    exponent: i32,
    /// Whether something follows those digits.
    more: bool,
}

impl Decimal {
    /// Appends the digits at the start of `text`; how many those are.
    fn take_digits(&mut self, text: &[u8]) -> usize {
        let mut len = 0;
        for digit in text.iter().map(|b| b.wrapping_sub(b'0')).take_while(|d| *d < 10) {
            len += 1;
            if self.digits < DIGITS_MAX {
                self.significand.mul_add(10, u32::from(digit));
                self.digits += i32::from(self.digits > 0 || digit > 0);
            } else {
                self.exponent += 1;
                self.more |= digit > 0;
            }
        }
        len
    }

    /// The nearest double, ties to even; `None` when it is infinite.
    fn nearest(mut self) -> Option<f64> {
        let magnitude = self.digits + self.exponent;
        if self.digits == 0 || magnitude < -330 {
            return Some(0.0);
        }
        if magnitude > 310 {
            return None;
        }
        if self.more {
            self.significand.mul_add(10, 1);
            self.exponent -= 1;
        }
        let (mut value, mut unit) = (self.significand, Big::new(1));
        let power = self.exponent.unsigned_abs();
        if self.exponent < 0 {
            unit.mul_pow10(power);
        } else {
            value.mul_pow10(power);
        }
        // value / unit = 2^exponent * (1 to 2)
        let mut exponent = value.bits() - unit.bits();
        let shift = exponent.unsigned_abs();
        if exponent < 0 {
            value.mul_pow2(shift);
        } else {
            unit.mul_pow2(shift);
        }
        if value.compare(&unit) == Ordering::Less {
            exponent -= 1;
            value.mul_add(2, 0);
        }
        if exponent > 1023 {
            return None;
        }
        // Below the normal numbers the significand gets shorter, down to nothing.
        let bits = (1075 + exponent).clamp(-1, 53);
        let mut significand = 0u64;
        for _ in 0..bits {
            significand *= 2;
            if value.compare(&unit) != Ordering::Less {
                value.sub(&unit);
                significand += 1;
            }
            value.mul_add(2, 0);
        }
        let round_up = match value.compare(&unit) {
            _ if bits < 0 => false,
            Ordering::Less => false,
            Ordering::Equal => significand % 2 == 1,
            Ordering::Greater => true,
        };
        significand += u64::from(round_up);
        // The leading bit of the significand counts as one in the exponent's field, as does a carry from rounding.
        let field = (exponent + 1022).max(0) as u64;
        let n = f64::from_bits((field << FRACTION_BITS) + significand);
        n.is_finite().then_some(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(n: f64) -> String {
        let mut out = String::new();
        write(&mut out, n);
        out
    }

    /// `str::parse` is the oracle.
    fn check(decimal: &str) {
        let wanted = decimal.parse::<f64>().ok().filter(|n| n.is_finite()).map(f64::to_bits);
        let got = read(decimal.as_bytes()).map(|(n, len)| (n.to_bits(), len));
        assert_eq!(got, wanted.map(|bits| (bits, decimal.len())), "{decimal}");
    }

    proptest! {
        #[test]
        fn writes_what_fmt_writes_and_reads_it_back(bits in any::<u64>(), places in -30..30i32) {
            let any = f64::from_bits(bits);
            let short = (bits % 1_000_000) as f64 * libm::pow(10.0, f64::from(places));
            let power_of_two = f64::from_bits(bits & 0x7FF0_0000_0000_0000);
            let tiny = f64::from_bits(bits >> 40);
            // Around both ends of where 128 bits are enough, powers of two among them.
            let exponent = 1075 - 125 + (bits >> 56) % 130;
            let wide = f64::from_bits((exponent << 52) | (bits & ((1 << FRACTION_BITS) - 1)));
            let wide_even = f64::from_bits(exponent << 52);
            for n in [any, short, power_of_two, tiny, wide, wide_even].into_iter().filter(|n| n.is_finite()) {
                prop_assert_eq!(text(n), format!("{n}"));
                let (back, _) = read(text(n).as_bytes()).unwrap();
                prop_assert_eq!(back.to_bits(), n.to_bits());
            }
        }

        #[test]
        fn reads_what_parse_reads(decimal in "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?") {
            check(&decimal);
        }

        /// Around the exact midpoints between neighbouring doubles, which have up to 767 digits.
        #[test]
        fn rounds_ties_to_even(bits in 0..0x7FE0_0000_0000_0000u64, shift in 0..62u32) {
            let low = f64::from_bits(bits >> shift);
            let high = f64::from_bits((bits >> shift) + 1);
            // Half of each is exact but for the smallest, so `{}` of a longer format gives every digit.
            let (a, b) = (format!("{low:.1075}"), format!("{high:.1075}"));
            let midpoint = half_of_sum(&a, &b);
            for decimal in [format!("{midpoint}1"), format!("{midpoint}0"), below(&midpoint), midpoint] {
                check(&decimal);
            }
        }
    }

    /// (a + b) / 2 of two decimals with the same number of places.
    fn half_of_sum(a: &str, b: &str) -> String {
        let (a, b) = (format!("{a}0"), format!("{b}0"));
        let width = a.len().max(b.len());
        let digits = |s: &str| -> Vec<u32> {
            format!("{s:0>width$}").bytes().filter(|c| *c != b'.').map(|c| u32::from(c - b'0')).collect()
        };
        let sum: Vec<u32> = digits(&a).iter().zip(&digits(&b)).map(|(x, y)| x + y).collect();
        let mut half: Vec<u32> = Vec::new();
        let mut rest = 0;
        for digit in sum {
            let n = rest * 10 + digit;
            half.push(n / 2);
            rest = n % 2;
        }
        for i in (1..half.len()).rev() {
            half[i - 1] += half[i] / 10;
            half[i] %= 10;
        }
        let text: String = half.iter().map(|d| char::from(b'0' + *d as u8)).collect();
        let (whole, places) = text.split_at(text.len() - 1076);
        let whole = whole.trim_start_matches('0');
        format!("{}.{places}", if whole.is_empty() { "0" } else { whole })
    }

    /// A little less than a decimal that is not 0.
    fn below(decimal: &str) -> String {
        let mut digits: Vec<u8> = decimal.bytes().collect();
        for digit in digits.iter_mut().rev().filter(|d| **d != b'.') {
            if *digit > b'0' {
                *digit -= 1;
                break;
            }
            *digit = b'9';
        }
        String::from_utf8(digits).unwrap()
    }

    #[test]
    fn edges() {
        for decimal in [
            "0",
            "-0",
            "0e99999999999",
            "1e-99999999999",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.2250738585072011e-308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "9007199254740993",
            "9007199254740993.0000000000000000000000001",
        ] {
            check(decimal);
        }
        for wrong in ["", "-", ".5", "-.5", "1.", "01", "00", "1e", "1e+", "+1", "1e309", "1e99999999999"] {
            assert_eq!(read(wrong.as_bytes()), None, "{wrong}");
        }
        let mut whole = String::new();
        [0, 7, u64::MAX].into_iter().for_each(|n| write_uint(&mut whole, n));
        assert_eq!(whole, "0718446744073709551615");
    }
}
