//! How strong a plain password is: its entropy and the number of characters of each kind.
//!
//! Pure functions; who must obey which minimum is decided by the callers.

mod digits;

use digits::is_decimal_digit;
use thiserror::Error;

/// Texts in which neighbours are what a person types without thinking.
const SEQUENCES: [&str; 5] = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// ASCII characters that often replace letters.
const REPLACEMENTS: &str = "!@$&*";
/// ASCII characters that often separate words.
const SEPARATORS: &str = "_-., ";
/// The remaining printable ASCII characters.
const OTHER_ASCII: usize = 22;
/// What a character outside ASCII adds to the base: the size of a plausible script.
const OUTSIDE_ASCII: usize = 100;

/// Numbers of characters that a password must have at least; 0 asks for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Characters in all.
    pub length: u32,
    /// Unicode upper-case letters.
    pub uppers: u32,
    /// Unicode lower-case letters.
    pub lowers: u32,
    /// Decimal digits.
    pub digits: u32,
    /// Characters that are neither letters nor digits.
    pub specials: u32,
}

/// The rule that a password does not satisfy. The texts may be shown to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum PolicyViolation {
    /// Too short.
    #[error("the password must have at least {0} characters")]
    Length(u32),
    /// Too few upper-case letters.
    #[error("the password must have at least {0} upper-case letters")]
    Uppers(u32),
    /// Too few lower-case letters.
    #[error("the password must have at least {0} lower-case letters")]
    Lowers(u32),
    /// Too few digits.
    #[error("the password must have at least {0} digits")]
    Digits(u32),
    /// Too few other characters.
    #[error("the password must have at least {0} special characters")]
    Specials(u32),
    /// Too easy to guess.
    #[error("the password is too easy to guess: make it longer or use more kinds of characters")]
    Entropy {
        /// Bits that it has.
        bits: f64,
        /// Bits that it must have.
        minimum: f64,
    },
}

/// Checks the numbers of characters (ACC-109, ACC-112).
///
/// # Errors
/// The first rule that is not satisfied.
pub fn check_policy(password: &str, policy: &PasswordPolicy) -> Result<(), PolicyViolation> {
    let count = |kind: fn(char) -> bool| {
        let number = password.chars().filter(|&character| kind(character)).count();
        u32::try_from(number).unwrap_or(u32::MAX)
    };
    let rules = [
        (count(|_| true), policy.length, PolicyViolation::Length as fn(u32) -> PolicyViolation),
        (count(char::is_uppercase), policy.uppers, PolicyViolation::Uppers),
        (count(char::is_lowercase), policy.lowers, PolicyViolation::Lowers),
        (count(is_decimal_digit), policy.digits, PolicyViolation::Digits),
        (count(is_special), policy.specials, PolicyViolation::Specials),
    ];
    for (number, minimum, violation) in rules {
        if number < minimum {
            return Err(violation(minimum));
        }
    }
    Ok(())
}

/// Checks the entropy (ACC-108); a minimum of 0 or less asks for nothing.
///
/// # Errors
/// [`PolicyViolation::Entropy`].
pub fn check_entropy(password: &str, minimum: f64) -> Result<(), PolicyViolation> {
    let bits = entropy_bits(password);
    if minimum > 0.0 && bits < minimum {
        return Err(PolicyViolation::Entropy { bits, minimum });
    }
    Ok(())
}

/// Estimated entropy in bits (ACC-111): length times log2 of the number of characters to choose
/// from, where of a run of equal or sequential characters only two count.
pub fn entropy_bits(password: &str) -> f64 {
    let base = base(password);
    let length = effective_length(password);
    if base == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
    let bits = (base as f64).log2() * length as f64;
    bits
}

fn is_special(character: char) -> bool {
    !character.is_alphabetic() && !is_decimal_digit(character)
}

/// Membership and size of a class of characters.
type Class = (fn(char) -> bool, usize);

/// Sum of the sizes of the classes that occur.
fn base(password: &str) -> usize {
    let classes: [Class; 7] = [
        (|c| c.is_ascii_lowercase(), 26),
        (|c| c.is_ascii_uppercase(), 26),
        (|c| c.is_ascii_digit(), 10),
        (|c| REPLACEMENTS.contains(c), REPLACEMENTS.len()),
        (|c| SEPARATORS.contains(c), SEPARATORS.len()),
        (is_other_ascii, OTHER_ASCII),
        (|c| !c.is_ascii(), OUTSIDE_ASCII),
    ];
    classes.iter().filter(|(is_member, _)| password.chars().any(is_member)).map(|(_, size)| size).sum()
}

fn is_other_ascii(character: char) -> bool {
    character.is_ascii()
        && !character.is_ascii_alphanumeric()
        && !REPLACEMENTS.contains(character)
        && !SEPARATORS.contains(character)
}

/// Length after runs of three or more equal or sequential characters shrink to two.
fn effective_length(password: &str) -> usize {
    let characters: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
    let mut length = 0;
    let mut start = 0;
    while start < characters.len() {
        let rest = &characters[start..];
        let run = equal_run(rest).max(sequential_run(rest));
        if run >= 3 {
            length += 2;
            start += run;
        } else {
            length += 1;
            start += 1;
        }
    }
    length
}

fn equal_run(characters: &[char]) -> usize {
    characters.iter().take_while(|&&character| character == characters[0]).count()
}

/// The longest start of `characters` that lies in one of the sequences, in either direction.
fn sequential_run(characters: &[char]) -> usize {
    SEQUENCES
        .iter()
        .flat_map(|sequence| [sequence.chars().collect::<Vec<_>>(), sequence.chars().rev().collect()])
        .map(|sequence| {
            let Some(from) = sequence.iter().position(|&c| c == characters[0]) else {
                return 1;
            };
            sequence[from..].iter().zip(characters).take_while(|(expected, actual)| expected == actual).count()
        })
        .max()
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(password: &str) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "small in these tests")]
        let bits = entropy_bits(password).round() as i64;
        bits
    }

    // ACC-111
    #[test]
    fn entropy_is_length_times_log2_of_the_classes_used() {
        assert_eq!(rounded(""), 0);
        assert_eq!(rounded("hpwmqk"), 28);
        assert_eq!(rounded("hPwm4k"), 36);
        assert_eq!(rounded("h w!4?k"), 43);
    }

    // ACC-111
    #[test]
    fn repeated_characters_count_twice_at_most() {
        assert_eq!(entropy_bits("aaaaaaaaaaaa"), entropy_bits("aa"));
        assert_eq!(entropy_bits("hhhhkkkk"), entropy_bits("hhkk"));
        assert_eq!(entropy_bits("hhk"), entropy_bits("hrk"));
    }

    // ACC-111
    #[test]
    fn sequences_of_keyboard_digits_and_alphabet_count_twice_at_most() {
        assert_eq!(entropy_bits("123456789"), entropy_bits("19"));
        assert_eq!(entropy_bits("987654321"), entropy_bits("19"));
        assert_eq!(entropy_bits("qwertyuiop"), entropy_bits("hk"));
        assert_eq!(entropy_bits("abcdefmqwerty"), entropy_bits("hkmtb"));
        assert_eq!(entropy_bits("QwErTy"), entropy_bits("Hk"));
        assert_eq!(entropy_bits("abm"), entropy_bits("hkm"));
    }

    // ACC-108
    #[test]
    fn minimum_entropy_of_zero_accepts_everything() {
        assert_eq!(check_entropy("a", 0.0), Ok(()));
        assert!(check_entropy("aardvark", 60.0).is_err());
        assert_eq!(check_entropy("tR7 vb!mQ2zp", 60.0), Ok(()));
    }

    // ACC-109, ACC-112
    #[test]
    fn policy_counts_characters_of_each_kind() {
        let policy = PasswordPolicy { length: 8, uppers: 2, lowers: 1, digits: 1, specials: 1 };
        assert_eq!(check_policy("ÄÖe3456-", &policy), Ok(()));
        assert_eq!(check_policy("ÄÖe345-", &policy), Err(PolicyViolation::Length(8)));
        assert_eq!(check_policy("Äöe3456-", &policy), Err(PolicyViolation::Uppers(2)));
        assert_eq!(check_policy("ÄÖE3456-", &policy), Err(PolicyViolation::Lowers(1)));
        assert_eq!(check_policy("ÄÖeabcd-", &policy), Err(PolicyViolation::Digits(1)));
        assert_eq!(check_policy("ÄÖe34567", &policy), Err(PolicyViolation::Specials(1)));
        assert_eq!(check_policy("ÄÖeabc½½", &policy), Err(PolicyViolation::Digits(1)));
        assert_eq!(check_policy("ÄÖeabc٣½", &policy), Ok(()));
    }

    // ACC-109
    #[test]
    fn empty_policy_accepts_everything() {
        assert_eq!(check_policy("", &PasswordPolicy::default()), Ok(()));
    }
}
