//! Owns everything that turns a secret into something that may be stored, and back: sealing of
//! credentials, password hashes of every accepted format, password rules, random tokens, codes of a
//! second factor, comparisons that do not tell by their time how far they came; and checks of signatures.
//!
//! It must not know what a secret is for: users, settings, files and databases are named elsewhere
//! and arrive here as bytes and texts. It does no I/O and starts no threads; callers run the slow
//! functions (hashing, verifying) in a pool of their own.
//!
//! Called by store (sealed columns), core (login, administration), web and sftp (tokens, signatures), config
//! (values that must not be shown) and cli.

pub mod entropy;
pub mod envelope;
pub mod password;
pub mod sealing;
pub mod sensitive;
pub mod signature;
pub mod token;
pub mod totp;

mod hexadecimal;

pub use entropy::{PasswordPolicy, PolicyViolation, check_entropy, check_policy, entropy_bits};
pub use password::{Algorithm, HashError, HashingParameters};
pub use sealing::{KeyRing, KeyRingError, SealError, SealStatus, Sealed, Sealer};
pub use sensitive::Sensitive;
pub use signature::is_rsa_sha256;
pub use token::{KeyedHash, constant_time_eq, random_alphanumeric, random_digits, random_password, random_token, token_hash};
pub use totp::{TotpDigest, TotpError, TotpSecret, recovery_code};
