//! Random texts, their stored form, and comparisons in constant time.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::{Rng as _, RngExt as _};
use zeroize::Zeroizing;

use crate::hexadecimal;

/// Characters of generated passwords: no pair that looks alike in print (0 O, 1 l I).
const READABLE: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Fills `buffer` from the process's cryptographic generator.
pub(crate) fn fill_random(buffer: &mut [u8]) {
    rand::rng().fill_bytes(buffer);
}

/// A random text of `bytes` random bytes, base64url without padding (RFC 4648 section 5).
pub fn random_token(bytes: usize) -> String {
    let mut buffer = Zeroizing::new(vec![0; bytes]);
    fill_random(&mut buffer);
    URL_SAFE_NO_PAD.encode(buffer.as_slice())
}

/// A random password of `length` characters that can be read aloud: letters and digits without
/// look-alikes, about 5.8 bits each.
pub fn random_password(length: usize) -> String {
    let mut generator = rand::rng();
    (0..length).map(|_| char::from(READABLE[generator.random_range(0..READABLE.len())])).collect()
}

/// A random text of `length` letters and digits, 5.95 bits each: 22 of them are 131 bits. It needs no escaping anywhere.
pub fn random_alphanumeric(length: usize) -> String {
    let mut generator = rand::rng();
    (0..length).map(|_| char::from(ALPHANUMERIC[generator.random_range(0..ALPHANUMERIC.len())])).collect()
}

/// A random text of `length` decimal digits, 3.32 bits each, for codes that people type.
pub fn random_digits(length: usize) -> String {
    let mut generator = rand::rng();
    (0..length).map(|_| char::from(b'0' + generator.random_range(0..10_u8))).collect()
}

/// The form in which a single-use token is stored: lower-case hexadecimal SHA-256.
///
/// Only for random tokens. A fast digest is enough for 128 bits of entropy or more and never for
/// what a person chose.
pub fn token_hash(token: &str) -> String {
    hexadecimal::encode(digest::digest(&digest::SHA256, token.as_bytes()).as_ref())
}

/// Compares in a time that depends on the lengths only.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// HMAC-SHA-256 under a random key that lives as long as this value, so that a cache can recognise
/// a credential without holding anything that is of use outside the process.
pub struct KeyedHash {
    key: hmac::Key,
}

impl KeyedHash {
    /// A hash with a fresh random key.
    pub fn new() -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        fill_random(bytes.as_mut_slice());
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, bytes.as_slice()) }
    }

    /// The hash of a sequence of parts; each is preceded by its length, so that moving a boundary
    /// gives another result.
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let tag = context.sign();
        let mut output = [0; 32];
        output.copy_from_slice(tag.as_ref());
        output
    }

    /// Whether `expected` is the hash of `parts`, compared in constant time.
    pub fn matches(&self, parts: &[&[u8]], expected: &[u8; 32]) -> bool {
        constant_time_eq(&self.digest(parts), expected)
    }
}

impl Default for KeyedHash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeyedHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyedHash(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_hold_the_asked_entropy_and_differ() {
        let token = random_token(32);
        assert_eq!(URL_SAFE_NO_PAD.decode(&token).map(|b| b.len()), Ok(32));
        assert_ne!(token, random_token(32));
    }

    #[test]
    fn generated_passwords_use_only_readable_characters() {
        let password = random_password(500);
        assert_eq!(password.len(), 500);
        assert!(password.bytes().all(|byte| READABLE.contains(&byte)));
        assert!(!password.contains(['0', 'O', '1', 'l', 'I']));
    }

    // SEC-075, SEC-077
    #[test]
    fn generated_names_are_letters_and_digits() {
        let name = random_alphanumeric(22);
        assert!(name.len() == 22 && name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
        assert_ne!(name, random_alphanumeric(22));
    }

    #[test]
    fn token_hash_is_sha256_in_hexadecimal() {
        assert_eq!(token_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    // SEC-042
    #[test]
    fn comparison_needs_equal_length_and_content() {
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"sane"));
        assert!(!constant_time_eq(b"same", b"sam"));
    }

    // SEC-043
    #[test]
    fn keyed_hash_depends_on_key_parts_and_boundaries() {
        let hash = KeyedHash::new();
        let digest = hash.digest(&[b"user", b"password"]);
        assert!(hash.matches(&[b"user", b"password"], &digest));
        assert!(!hash.matches(&[b"userp", b"assword"], &digest));
        assert!(!KeyedHash::new().matches(&[b"user", b"password"], &digest));
    }
}
