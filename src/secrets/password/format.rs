//! The texts of stored hashes, taken apart and checked.

use base64::Engine as _;

use super::HashError;
use crate::hexadecimal;
use crate::sealing::LENIENT_BASE64;

/// What a user's stored hash may begin with.
pub(super) const PREFIXES: [&str; 16] = [
    "$2a$",
    "$2b$",
    "$2y$",
    "$argon2id$",
    "$pbkdf2-sha1$",
    "$pbkdf2-sha256$",
    "$pbkdf2-sha512$",
    "$pbkdf2-b64salt-sha256$",
    "$1$",
    "$apr1$",
    "$5$",
    "$6$",
    "$y$",
    "{MD5}",
    "{SHA256}",
    "{SHA512}",
];

/// What hashes made by this program begin with, and bcrypt's other names.
pub(super) const OWN_PREFIXES: [&str; 5] = ["$2a$", "$2b$", "$2y$", "$argon2id$", "$pbkdf2-b64salt-sha256$"];

// Bounds on stored costs. A hash is data that an administrator of accounts may send: it must not
// be able to stop the program by asking for a terabyte or a year.

/// KiB.
pub(super) const ARGON2_MAX_MEMORY: u32 = 4 * 1024 * 1024;
const ARGON2_MAX_ITERATIONS: u32 = 1024;
const PBKDF2_MAX_ITERATIONS: u32 = 100_000_000;
const SHA_CRYPT_MAX_ROUNDS: u32 = 10_000_000;
/// log2 of N; with the usual r = 32 this is 1 GiB.
const YESCRYPT_MAX_LOG2: usize = 18;
const MAX_TEXT: usize = 1024;

const CRYPT_ALPHABET: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The digest under PBKDF2 or of a plain digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DigestName {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

pub(super) struct StoredArgon2 {
    pub(super) memory: u32,
    pub(super) iterations: u32,
    pub(super) parallelism: u32,
    pub(super) version: argon2::Version,
    pub(super) salt: Vec<u8>,
    pub(super) digest: Vec<u8>,
}

pub(super) struct StoredPbkdf2 {
    pub(super) name: DigestName,
    pub(super) iterations: u32,
    pub(super) salt: Vec<u8>,
    pub(super) digest: Vec<u8>,
    /// Made by this program (or would be).
    pub(super) is_own_form: bool,
}

/// A stored hash, by format.
pub(super) enum Stored<'a> {
    Bcrypt { text: &'a str, cost: u32 },
    Argon2id(StoredArgon2),
    Pbkdf2(StoredPbkdf2),
    Md5Crypt { magic: &'static str, salt: &'a str, digest: &'a str },
    ShaCrypt(&'a str),
    Yescrypt(&'a str),
    Digest { name: DigestName, digest: Vec<u8> },
}

type Parsed<'a> = Result<Stored<'a>, HashError>;

impl<'a> Stored<'a> {
    /// Takes a stored hash apart.
    pub(super) fn parse(text: &'a str) -> Parsed<'a> {
        if text.len() > MAX_TEXT {
            return Err(HashError::Malformed("too long"));
        }
        if let Some(rest) = text.strip_prefix('{') {
            return parse_digest(rest);
        }
        let (name, rest) = text.strip_prefix('$').and_then(|rest| rest.split_once('$')).ok_or(HashError::UnknownFormat)?;
        match name {
            "2a" | "2b" | "2y" => parse_bcrypt(text),
            "argon2id" => parse_argon2id(rest),
            "pbkdf2-sha1" => parse_pbkdf2(DigestName::Sha1, false, rest),
            "pbkdf2-sha256" => parse_pbkdf2(DigestName::Sha256, false, rest),
            "pbkdf2-sha512" => parse_pbkdf2(DigestName::Sha512, false, rest),
            "pbkdf2-b64salt-sha256" => parse_pbkdf2(DigestName::Sha256, true, rest),
            "1" => parse_md5_crypt("$1$", rest),
            "apr1" => parse_md5_crypt("$apr1$", rest),
            "5" => parse_sha_crypt(text, rest, 43),
            "6" => parse_sha_crypt(text, rest, 86),
            "y" => parse_yescrypt(text, rest),
            _ => Err(HashError::UnknownFormat),
        }
    }
}

fn parse_digest<'a>(rest: &str) -> Parsed<'a> {
    let (name, digits) = rest.split_once('}').ok_or(HashError::UnknownFormat)?;
    let (name, length) = match name {
        "MD5" => (DigestName::Md5, 16),
        "SHA256" => (DigestName::Sha256, 32),
        "SHA512" => (DigestName::Sha512, 64),
        _ => return Err(HashError::UnknownFormat),
    };
    let digest = hexadecimal::decode(digits)
        .filter(|digest| digest.len() == length)
        .ok_or(HashError::Malformed("the digest has not the digits it must have"))?;
    Ok(Stored::Digest { name, digest })
}

fn parse_bcrypt(text: &str) -> Parsed<'_> {
    let parts: bcrypt::HashParts = text.parse().map_err(|_| HashError::Malformed("not a bcrypt hash"))?;
    let cost = parts.get_cost();
    if !(4..=31).contains(&cost) {
        return Err(HashError::Malformed("the bcrypt cost is out of range"));
    }
    Ok(Stored::Bcrypt { text, cost })
}

fn parse_argon2id<'a>(rest: &str) -> Parsed<'a> {
    let fields: Vec<&str> = rest.split('$').collect();
    let [version, costs, salt, digest] = fields[..] else {
        return Err(HashError::Malformed("not an argon2 hash"));
    };
    let version = match version {
        "v=19" => argon2::Version::V0x13,
        "v=16" => argon2::Version::V0x10,
        _ => return Err(HashError::Malformed("unknown argon2 version")),
    };
    let costs: Vec<&str> = costs.split(',').collect();
    let [memory, iterations, parallelism] = costs[..] else {
        return Err(HashError::Malformed("the argon2 costs are not m, t, p"));
    };
    let stored = StoredArgon2 {
        memory: cost(memory, "m=", ARGON2_MAX_MEMORY)?,
        iterations: cost(iterations, "t=", ARGON2_MAX_ITERATIONS)?,
        parallelism: cost(parallelism, "p=", 255)?,
        version,
        salt: base64(salt)?,
        digest: base64(digest)?,
    };
    if stored.salt.len() < 8 || !(12..=256).contains(&stored.digest.len()) {
        return Err(HashError::Malformed("salt or digest have a wrong length"));
    }
    argon2_parameters(&stored)?;
    Ok(Stored::Argon2id(stored))
}

/// The parameters of a stored hash for the library.
pub(super) fn argon2_parameters(stored: &StoredArgon2) -> Result<argon2::Params, HashError> {
    argon2::Params::new(stored.memory, stored.iterations, stored.parallelism, Some(stored.digest.len()))
        .map_err(|_| HashError::Malformed("the argon2 costs do not fit together"))
}

fn parse_pbkdf2<'a>(name: DigestName, is_salt_base64: bool, rest: &str) -> Parsed<'a> {
    let fields: Vec<&str> = rest.split('$').collect();
    let [iterations, salt, digest] = fields[..] else {
        return Err(HashError::Malformed("not a pbkdf2 hash"));
    };
    let salt = if is_salt_base64 { base64(salt)? } else { salt.as_bytes().to_vec() };
    let digest = base64(digest)?;
    if !(16..=256).contains(&digest.len()) {
        return Err(HashError::Malformed("the digest has a wrong length"));
    }
    Ok(Stored::Pbkdf2(StoredPbkdf2 {
        name,
        iterations: cost(iterations, "", PBKDF2_MAX_ITERATIONS)?,
        salt,
        digest,
        is_own_form: is_salt_base64,
    }))
}

fn parse_md5_crypt<'a>(magic: &'static str, rest: &'a str) -> Parsed<'a> {
    let (salt, digest) = rest.split_once('$').ok_or(HashError::Malformed("the salt has no end"))?;
    if salt.len() > 8 || !is_crypt_text(digest, 22) {
        return Err(HashError::Malformed("not an MD5 crypt hash"));
    }
    Ok(Stored::Md5Crypt { magic, salt, digest })
}

fn parse_sha_crypt<'a>(text: &'a str, rest: &'a str, length: usize) -> Parsed<'a> {
    let fields: Vec<&str> = rest.split('$').collect();
    let (salt, digest) = match fields[..] {
        [salt, digest] => (salt, digest),
        [rounds, salt, digest] => {
            let rounds = cost(rounds, "rounds=", SHA_CRYPT_MAX_ROUNDS)?;
            if rounds < 1000 {
                return Err(HashError::Malformed("too few rounds"));
            }
            (salt, digest)
        }
        _ => return Err(HashError::Malformed("not a SHA crypt hash")),
    };
    if salt.len() > 16 || !is_crypt_text(digest, length) {
        return Err(HashError::Malformed("not a SHA crypt hash"));
    }
    Ok(Stored::ShaCrypt(text))
}

fn parse_yescrypt<'a>(text: &'a str, rest: &'a str) -> Parsed<'a> {
    let fields: Vec<&str> = rest.split('$').collect();
    let [costs, salt, digest] = fields[..] else {
        return Err(HashError::Malformed("not a yescrypt hash"));
    };
    // Flavour, N and r, each one character, is what crypt(3) writes; further optional numbers
    // (lanes, time) are never set by it.
    let log2 = match costs.as_bytes() {
        [_, log2, _] => CRYPT_ALPHABET.iter().position(|character| character == log2),
        _ => None,
    };
    let is_affordable = log2.is_some_and(|index| index < YESCRYPT_MAX_LOG2);
    if costs.parse::<yescrypt::Params>().is_err() || !is_affordable {
        return Err(HashError::Malformed("the yescrypt costs are out of range"));
    }
    if !is_crypt_text(salt, salt.len()) || !is_crypt_text(digest, 43) {
        return Err(HashError::Malformed("not a yescrypt hash"));
    }
    Ok(Stored::Yescrypt(text))
}

fn is_crypt_text(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| CRYPT_ALPHABET.contains(&byte))
}

/// A number of 1 to `maximum` after `prefix`.
fn cost(text: &str, prefix: &str, maximum: u32) -> Result<u32, HashError> {
    text.strip_prefix(prefix)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .filter(|number| (1..=maximum).contains(number))
        .ok_or(HashError::Malformed("a cost is missing or out of range"))
}

fn base64(text: &str) -> Result<Vec<u8>, HashError> {
    LENIENT_BASE64.decode(text).map_err(|_| HashError::Malformed("salt or digest are not base64"))
}
