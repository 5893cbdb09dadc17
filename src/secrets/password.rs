//! Password hashes: making new ones, and verifying every format that an account may bring along.
//!
//! Hashing takes tens of milliseconds and up to the configured memory by design: call it from a
//! bounded pool.

use argon2::Argon2;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::token::fill_random;
use format::Stored;

mod format;
mod md5_crypt;
#[cfg(test)]
mod tests;
mod verification;

pub use verification::verify;

/// Bcrypt reads no further than this.
pub const BCRYPT_MAX_BYTES: usize = 72;

/// Longer passwords are neither hashed nor matched: the cost of some old formats grows with the
/// square of the length.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// Bytes of the result of new Argon2id and PBKDF2 hashes.
const DIGEST_BYTES: usize = 32;
/// Bytes of the salt of new Argon2id hashes.
const ARGON2_SALT_BYTES: usize = 16;

/// The algorithms for new hashes, named as in `data_provider.password_hashing.algo`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// `argon2id` (RFC 9106)
    #[default]
    Argon2id,
    /// `bcrypt`
    Bcrypt,
    /// `pbkdf2-sha256` (RFC 8018)
    Pbkdf2Sha256,
}

impl Algorithm {
    /// The name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argon2id => "argon2id",
            Self::Bcrypt => "bcrypt",
            Self::Pbkdf2Sha256 => "pbkdf2-sha256",
        }
    }

    /// The algorithm of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Argon2id, Self::Bcrypt, Self::Pbkdf2Sha256].into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// What new hashes are made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingParameters {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// Argon2id: memory in KiB.
    pub argon2_memory: u32,
    /// Argon2id: passes over the memory.
    pub argon2_iterations: u32,
    /// Argon2id: lanes, 1 to 255.
    pub argon2_parallelism: u32,
    /// Bcrypt: cost, 4 to 31.
    pub bcrypt_cost: u32,
    /// PBKDF2: iterations, at least 1000.
    pub pbkdf2_iterations: u32,
    /// PBKDF2: bytes of salt, 16 to 64.
    pub pbkdf2_salt_length: usize,
}

impl Default for HashingParameters {
    /// Argon2id with 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            argon2_memory: 19_456,
            argon2_iterations: 2,
            argon2_parallelism: 1,
            bcrypt_cost: 10,
            pbkdf2_iterations: 600_000,
            pbkdf2_salt_length: 16,
        }
    }
}

impl HashingParameters {
    /// Checks the ranges of all parameters (SEC-033..035).
    ///
    /// # Errors
    /// [`HashError::Parameters`] names the one that is out of range.
    pub fn validate(&self) -> Result<(), HashError> {
        let rules = [
            (self.argon2_memory >= 8 * self.argon2_parallelism.clamp(1, 255), "argon2 memory must be at least 8 KiB per lane"),
            (self.argon2_memory <= format::ARGON2_MAX_MEMORY, "argon2 memory must not exceed 4 GiB"),
            (self.argon2_iterations >= 1, "argon2 iterations must be at least 1"),
            ((1..=255).contains(&self.argon2_parallelism), "argon2 parallelism must be between 1 and 255"),
            ((4..=31).contains(&self.bcrypt_cost), "bcrypt cost must be between 4 and 31"),
            (self.pbkdf2_iterations >= 1000, "pbkdf2 iterations must be at least 1000"),
            ((16..=64).contains(&self.pbkdf2_salt_length), "pbkdf2 salt length must be between 16 and 64"),
        ];
        match rules.iter().find(|(holds, _)| !holds) {
            Some((_, text)) => Err(HashError::Parameters(text)),
            None => Ok(()),
        }
    }
}

/// Why a hash was not made or not understood. The texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HashError {
    /// The text begins with no known prefix.
    #[error("the text is not a password hash of a known format")]
    UnknownFormat,
    /// The text begins like a hash and is none.
    #[error("the password hash is malformed: {0}")]
    Malformed(&'static str),
    /// A new password is longer than the algorithm takes.
    #[error("the password is longer than {0} bytes")]
    TooLong(usize),
    /// Empty passwords are never hashed.
    #[error("the password is empty")]
    Empty,
    /// A parameter is out of range.
    #[error("{0}")]
    Parameters(&'static str),
    /// The library refused; not expected, for instance out of memory.
    #[error("hashing failed")]
    Internal,
}

/// Hashes a new password.
///
/// # Errors
/// [`HashError::TooLong`] above [`MAX_PASSWORD_BYTES`], with bcrypt above [`BCRYPT_MAX_BYTES`]
/// (ACC-114: nothing is cut off silently); [`HashError::Empty`]; [`HashError::Parameters`].
pub fn hash(password: &[u8], parameters: &HashingParameters) -> Result<String, HashError> {
    parameters.validate()?;
    let limit = match parameters.algorithm {
        Algorithm::Bcrypt => BCRYPT_MAX_BYTES,
        Algorithm::Argon2id | Algorithm::Pbkdf2Sha256 => MAX_PASSWORD_BYTES,
    };
    if password.is_empty() {
        return Err(HashError::Empty);
    }
    if password.len() > limit {
        return Err(HashError::TooLong(limit));
    }
    match parameters.algorithm {
        Algorithm::Argon2id => hash_argon2id(password, parameters),
        Algorithm::Bcrypt => hash_bcrypt(password, parameters.bcrypt_cost),
        Algorithm::Pbkdf2Sha256 => Ok(hash_pbkdf2(password, parameters)),
    }
}

fn hash_argon2id(password: &[u8], parameters: &HashingParameters) -> Result<String, HashError> {
    let costs = argon2::Params::new(
        parameters.argon2_memory,
        parameters.argon2_iterations,
        parameters.argon2_parallelism,
        Some(DIGEST_BYTES),
    )
    .map_err(|_| HashError::Parameters("the argon2 parameters do not fit together"))?;
    let mut salt = [0; ARGON2_SALT_BYTES];
    fill_random(&mut salt);
    let mut digest = [0; DIGEST_BYTES];
    let memory = working_memory(&costs);
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, costs)
        .hash_password_into_with_memory(password, &salt, &mut digest, memory)
        .map_err(|_| HashError::Internal)?;
    Ok(format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        parameters.argon2_memory,
        parameters.argon2_iterations,
        parameters.argon2_parallelism,
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(digest),
    ))
}

fn hash_bcrypt(password: &[u8], cost: u32) -> Result<String, HashError> {
    let mut salt = [0; 16];
    fill_random(&mut salt);
    bcrypt::hash_with_salt(password, cost, salt)
        .map(|parts| parts.format_for_version(bcrypt::Version::TwoA))
        .map_err(|_| HashError::Internal)
}

fn hash_pbkdf2(password: &[u8], parameters: &HashingParameters) -> String {
    let mut salt = vec![0; parameters.pbkdf2_salt_length];
    fill_random(&mut salt);
    let mut digest = [0; DIGEST_BYTES];
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password, &salt, parameters.pbkdf2_iterations, &mut digest);
    format!("$pbkdf2-b64salt-sha256${}${}${}", parameters.pbkdf2_iterations, STANDARD.encode(salt), STANDARD.encode(digest),)
}

/// Whether a user's `password` is taken as a hash instead of a plain password (SEC-036, SEC-038).
pub fn is_hash_prefix(text: &str) -> bool {
    format::PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// Whether the password of an admin, API key or share is taken as a hash (SEC-039): bcrypt,
/// Argon2id and the PBKDF2 form of this program only.
pub fn is_own_hash_prefix(text: &str) -> bool {
    format::OWN_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// Checks the form of a stored hash without verifying anything (SEC-040).
///
/// # Errors
/// [`HashError::UnknownFormat`] and [`HashError::Malformed`]; the latter also for costs that would
/// stop the program.
pub fn validate_hash(hash: &str) -> Result<(), HashError> {
    Stored::parse(hash).map(|_| ())
}

/// Whether a hash that was just verified should be replaced (SEC-041): it has another algorithm
/// than new hashes, or costs an attacker less. A malformed text is not replaced.
pub fn needs_rehash(hash: &str, parameters: &HashingParameters) -> bool {
    match (Stored::parse(hash), parameters.algorithm) {
        (Ok(Stored::Argon2id(stored)), Algorithm::Argon2id) => {
            let work = |memory: u32, iterations: u32| u64::from(memory) * u64::from(iterations);
            work(stored.memory, stored.iterations) < work(parameters.argon2_memory, parameters.argon2_iterations)
        }
        (Ok(Stored::Bcrypt { cost, .. }), Algorithm::Bcrypt) => cost < parameters.bcrypt_cost,
        (Ok(Stored::Pbkdf2(stored)), Algorithm::Pbkdf2Sha256) => {
            !stored.is_own_form || stored.iterations < parameters.pbkdf2_iterations
        }
        (Ok(_), _) => true,
        (Err(_), _) => false,
    }
}

/// A hash of a random password with the given parameters. Make it once; verifying against it lets
/// an unknown user cost as much as a known one (SEC-044).
///
/// # Errors
/// As [`hash`].
pub fn dummy_hash(parameters: &HashingParameters) -> Result<String, HashError> {
    let mut password = Zeroizing::new([0; 32]);
    fill_random(password.as_mut_slice());
    hash(password.as_slice(), parameters)
}

/// Memory for one computation. glibc keeps what was freed below 32 MiB, twenty megabytes for each thread that ever hashed;
/// what was asked for above is given back to the system. What is not needed of it is never touched, and so costs nothing.
fn working_memory(costs: &argon2::Params) -> Vec<argon2::Block> {
    const GIVEN_BACK: usize = (33 << 20) / argon2::Block::SIZE;
    let mut memory = Vec::with_capacity(costs.block_count().max(GIVEN_BACK));
    memory.resize(costs.block_count(), argon2::Block::default());
    memory
}
