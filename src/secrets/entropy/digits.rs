//! Decimal digits of all scripts: the general category Nd, which the standard library does not tell from other numbers.

/// Each script's zero; the digits up to nine follow it (Unicode 16, section 4.6).
#[rustfmt::skip]
const ZEROS: [char; 74] = [
    '\u{30}', '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{b66}', '\u{be6}', '\u{c66}',
    '\u{ce6}', '\u{d66}', '\u{de6}', '\u{e50}', '\u{ed0}', '\u{f20}', '\u{1040}', '\u{1090}', '\u{17e0}', '\u{1810}',
    '\u{1946}', '\u{19d0}', '\u{1a80}', '\u{1a90}', '\u{1b50}', '\u{1bb0}', '\u{1c40}', '\u{1c50}', '\u{a620}', '\u{a8d0}',
    '\u{a900}', '\u{a9d0}', '\u{a9f0}', '\u{aa50}', '\u{abf0}', '\u{ff10}', '\u{104a0}', '\u{10d30}', '\u{10d40}',
    '\u{11066}', '\u{110f0}', '\u{11136}', '\u{111d0}', '\u{112f0}', '\u{11450}', '\u{114d0}', '\u{11650}', '\u{116c0}',
    '\u{116d0}', '\u{116da}', '\u{11730}', '\u{118e0}', '\u{11950}', '\u{11bf0}', '\u{11c50}', '\u{11d50}', '\u{11da0}',
    '\u{11f50}', '\u{16a60}', '\u{16ac0}', '\u{16b50}', '\u{1ccf0}', '\u{1d7ce}', '\u{1d7d8}', '\u{1d7e2}', '\u{1d7ec}',
    '\u{1d7f6}', '\u{1e140}', '\u{1e2f0}', '\u{1e4f0}', '\u{1e5f1}', '\u{1e950}', '\u{1fbf0}',
];

/// Whether it is a digit of a decimal number: `7` and `٧`, but neither `½` nor `Ⅶ`.
pub(super) fn is_decimal_digit(character: char) -> bool {
    let after = ZEROS.partition_point(|zero| *zero <= character);
    after.checked_sub(1).is_some_and(|index| u32::from(character) - u32::from(ZEROS[index]) < 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACC-112
    #[test]
    fn digits_are_those_that_numbers_are_written_with() {
        assert!("0123456789٠٩०९０９𝟎𝟿".chars().all(is_decimal_digit));
        for other in "½²Ⅶ①一a-/:\u{0}\u{10ffff}".chars() {
            assert!(!is_decimal_digit(other), "{other:?}");
        }
        assert!(ZEROS.is_sorted());
        let digits = (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|character| is_decimal_digit(*character));
        assert_eq!(digits.inspect(|digit| assert!(digit.is_numeric(), "{digit:?}")).count(), 10 * ZEROS.len());
    }
}
