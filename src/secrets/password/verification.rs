//! Verifying a password against a stored hash.

use argon2::Argon2;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::format::{DigestName, Stored, StoredArgon2, StoredPbkdf2, argon2_parameters};
use super::working_memory;
use super::{HashError, MAX_PASSWORD_BYTES, md5_crypt};
use crate::token::constant_time_eq;

/// Whether `password` belongs to the stored `hash`. Digests are compared in constant time.
///
/// An empty password and one longer than [`MAX_PASSWORD_BYTES`] never match. Bcrypt hashes made
/// elsewhere may stand for the first 72 bytes only: they match as their maker meant it.
///
/// # Errors
/// [`HashError::UnknownFormat`], [`HashError::Malformed`]: the hash can match nothing.
pub fn verify(hash: &str, password: &[u8]) -> Result<bool, HashError> {
    let stored = Stored::parse(hash)?;
    if password.is_empty() || password.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    match stored {
        Stored::Bcrypt { text, .. } => bcrypt::verify(password, text).map_err(|_| HashError::Malformed("not a bcrypt hash")),
        Stored::Argon2id(stored) => verify_argon2id(&stored, password),
        Stored::Pbkdf2(stored) => Ok(verify_pbkdf2(&stored, password)),
        Stored::Md5Crypt { magic, salt, digest } => {
            let actual = md5_crypt::digest(magic, salt.as_bytes(), password);
            Ok(constant_time_eq(actual.as_bytes(), digest.as_bytes()))
        }
        Stored::ShaCrypt(text) => verify_sha_crypt(text, password),
        Stored::Yescrypt(text) => verify_yescrypt(text, password),
        Stored::Digest { name, digest } => Ok(constant_time_eq(&plain(name, password), &digest)),
    }
}

fn verify_argon2id(stored: &StoredArgon2, password: &[u8]) -> Result<bool, HashError> {
    let mut actual = vec![0; stored.digest.len()];
    let costs = argon2_parameters(stored)?;
    let memory = working_memory(&costs);
    Argon2::new(argon2::Algorithm::Argon2id, stored.version, costs)
        .hash_password_into_with_memory(password, &stored.salt, &mut actual, memory)
        .map_err(|_| HashError::Internal)?;
    Ok(constant_time_eq(&actual, &stored.digest))
}

fn verify_pbkdf2(stored: &StoredPbkdf2, password: &[u8]) -> bool {
    let mut actual = vec![0; stored.digest.len()];
    let derive = match stored.name {
        DigestName::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>,
        DigestName::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>,
        DigestName::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>,
        DigestName::Md5 => pbkdf2::pbkdf2_hmac::<Md5>,
    };
    derive(password, &stored.salt, stored.iterations, &mut actual);
    constant_time_eq(&actual, &stored.digest)
}

fn verify_sha_crypt(text: &str, password: &[u8]) -> Result<bool, HashError> {
    use sha_crypt::password_hash::Error;
    use sha_crypt::{PasswordVerifier as _, ShaCrypt};
    match ShaCrypt::default().verify_password(password, text) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(HashError::Malformed("not a SHA crypt hash")),
    }
}

fn verify_yescrypt(text: &str, password: &[u8]) -> Result<bool, HashError> {
    use yescrypt::password_hash::Error;
    use yescrypt::{PasswordVerifier as _, Yescrypt};
    match Yescrypt::default().verify_password(password, text) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(HashError::Malformed("not a yescrypt hash")),
    }
}

fn plain(name: DigestName, password: &[u8]) -> Vec<u8> {
    match name {
        DigestName::Md5 => Md5::digest(password).to_vec(),
        DigestName::Sha1 => Sha1::digest(password).to_vec(),
        DigestName::Sha256 => Sha256::digest(password).to_vec(),
        DigestName::Sha512 => Sha512::digest(password).to_vec(),
    }
}
