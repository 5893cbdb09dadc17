//! Sealing of secrets that are stored: AES-256-GCM (the default) and NaCl secretbox, with a key
//! derived per secret by HKDF-SHA-256 from a master key or, without one, from the stored key.
//!
//! The additional data (the owner's name) takes part in the derivation, and with AES-256-GCM it is
//! authenticated too: a secret that is copied to another owner does not open.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::hexadecimal;
use crate::sensitive::Sensitive;
use crate::token::fill_random;

mod aead;
#[cfg(test)]
mod tests;

/// Base64 as other programs write it: padding may be missing.
pub(crate) const LENIENT_BASE64: GeneralPurpose =
    GeneralPurpose::new(&ALPHABET, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// Bytes of the random key stored beside each secret, and of the derived key.
const KEY_BYTES: usize = 32;

/// `mode` of a secret whose key is derived from the key stored beside it.
const MODE_STORED_KEY: i64 = 0;
/// `mode` of a secret whose key is derived from the master key.
const MODE_MASTER_KEY: i64 = 1;

/// The schemes that this program can seal and open, named as in the `status` of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SealStatus {
    /// `AES-256-GCM`
    #[default]
    Aes256Gcm,
    /// `Secretbox`: XSalsa20-Poly1305
    Secretbox,
}

impl SealStatus {
    /// The text of the `status` member.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "AES-256-GCM",
            Self::Secretbox => "Secretbox",
        }
    }

    /// The scheme named by a `status` member; `None` for `Plain`, `Redacted` and external services.
    pub fn from_status(status: &str) -> Option<Self> {
        [Self::Aes256Gcm, Self::Secretbox].into_iter().find(|scheme| scheme.as_str() == status)
    }

    /// The scheme for new secrets chosen by `kms.secrets.url`; `None` if the scheme of the URL is
    /// not built in.
    pub fn from_url(url: &str) -> Option<Self> {
        match url.trim() {
            "" | "aes256gcm://" => Some(Self::Aes256Gcm),
            "local://" => Some(Self::Secretbox),
            _ => None,
        }
    }
}

impl fmt::Display for SealStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A sealed secret: the members of the stored object except its additional data.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The scheme.
    pub status: SealStatus,
    /// Base64 of nonce, cipher text and tag.
    pub payload: String,
    /// 64 hexadecimal digits: the random key stored beside the secret.
    pub key: String,
    /// 0 without, 1 with a master key.
    pub mode: i64,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Sealed")
            .field("status", &self.status)
            .field("payload", &"***")
            .field("key", &"***")
            .field("mode", &self.mode)
            .finish()
    }
}

/// Why a secret was not sealed or opened. The texts name no secret and are meant for the log;
/// clients get a generic error (SEC-031).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The status is that of a plain or redacted value or of an external key service.
    #[error("secrets with status {0:?} cannot be opened by this program")]
    UnsupportedStatus(String),
    /// The mode is neither 0 nor 1.
    #[error("unknown secret mode {0}")]
    UnsupportedMode(i64),
    /// Key or payload do not have the form of the scheme.
    #[error("the stored secret is malformed: {0}")]
    Malformed(&'static str),
    /// The secret was sealed with a master key and none is configured.
    #[error("the secret was sealed with a master key, but no master key is configured")]
    NoMasterKey,
    /// No key opens it: wrong master key, wrong owner, or damaged data.
    #[error("no configured key opens the secret, or it was altered")]
    WrongKey,
    /// The cryptographic library refused; not expected.
    #[error("sealing failed")]
    Internal,
}

/// Why a set of master keys was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyRingError {
    /// Decrypt-only keys need an active key.
    #[error("additional master keys need an active master key")]
    NoActiveKey,
}

/// The master keys: one that seals and opens, and others that only open.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    active: Option<Sensitive<String>>,
    decrypt_only: Vec<Sensitive<String>>,
}

impl KeyRing {
    /// A ring of an optional active key and further keys that only open, in order.
    ///
    /// All are trimmed; empty ones and repetitions are dropped.
    ///
    /// # Errors
    /// [`KeyRingError::NoActiveKey`] if only decrypt-only keys remain.
    pub fn new(active: Option<&str>, decrypt_only: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, KeyRingError> {
        let active = active.map(str::trim).filter(|key| !key.is_empty());
        let mut others: Vec<Sensitive<String>> = Vec::new();
        for key in decrypt_only {
            let key = key.as_ref().trim();
            let known = others.iter().any(|other| other.expose() == key);
            if !key.is_empty() && Some(key) != active && !known {
                others.push(key.into());
            }
        }
        if active.is_none() && !others.is_empty() {
            return Err(KeyRingError::NoActiveKey);
        }
        Ok(Self { active: active.map(Into::into), decrypt_only: others })
    }

    /// How many keys the ring holds.
    pub fn len(&self) -> usize {
        usize::from(self.active.is_some()) + self.decrypt_only.len()
    }

    /// Whether there is no master key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.active.iter().chain(&self.decrypt_only).map(|key| key.expose().as_str())
    }
}

/// Seals new secrets and opens stored ones.
#[derive(Clone, Debug, Default)]
pub struct Sealer {
    scheme: SealStatus,
    ring: KeyRing,
}

impl Sealer {
    /// A sealer that uses `scheme` for new secrets.
    pub fn new(scheme: SealStatus, ring: KeyRing) -> Self {
        Self { scheme, ring }
    }

    /// The scheme of new secrets.
    pub fn scheme(&self) -> SealStatus {
        self.scheme
    }

    /// How many master keys are known (logged at start).
    pub fn master_keys(&self) -> usize {
        self.ring.len()
    }

    /// Seals `plain` for the owner named by `additional_data`.
    ///
    /// # Errors
    /// [`SealError::Internal`] only, if the cryptographic library refuses.
    pub fn seal(&self, plain: &[u8], additional_data: &str) -> Result<Sealed, SealError> {
        let mut stored = Zeroizing::new([0; KEY_BYTES]);
        fill_random(stored.as_mut_slice());
        let master = self.ring.active.as_ref().map(|key| key.expose().as_str());
        let key = aead::derive_key(master, stored.as_slice(), additional_data)?;
        let payload = match self.scheme {
            SealStatus::Aes256Gcm => aead::seal_aes_256_gcm(&key, plain, additional_data)?,
            SealStatus::Secretbox => aead::seal_secretbox(&key, plain)?,
        };
        Ok(Sealed {
            status: self.scheme,
            payload: STANDARD.encode(payload),
            key: hexadecimal::encode(stored.as_slice()),
            mode: if master.is_some() { MODE_MASTER_KEY } else { MODE_STORED_KEY },
        })
    }

    /// Opens a stored secret by the scheme that its status names, whatever is used for new ones.
    ///
    /// # Errors
    /// See [`SealError`]; a secret of an external key service is
    /// [`SealError::UnsupportedStatus`].
    pub fn open(
        &self,
        status: &str,
        payload: &str,
        key: &str,
        mode: i64,
        additional_data: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let scheme = SealStatus::from_status(status).ok_or_else(|| SealError::UnsupportedStatus(status.to_owned()))?;
        let stored = stored_key(key)?;
        if payload.is_empty() {
            return Err(SealError::Malformed("the payload is empty"));
        }
        if scheme == SealStatus::Aes256Gcm && mode == MODE_STORED_KEY && is_lower_hex(payload) {
            return open_legacy(payload, &stored, additional_data);
        }
        let sealed = LENIENT_BASE64.decode(payload).map_err(|_| SealError::Malformed("the payload is not base64"))?;
        let open = |master: Option<&str>| {
            let key = aead::derive_key(master, &stored, additional_data)?;
            match scheme {
                SealStatus::Aes256Gcm => aead::open_aes_256_gcm(&key, &sealed, additional_data),
                SealStatus::Secretbox => aead::open_secretbox(&key, &sealed),
            }
        };
        match mode {
            MODE_STORED_KEY => open(None),
            MODE_MASTER_KEY => self.open_with_ring(open),
            other => Err(SealError::UnsupportedMode(other)),
        }
    }

    /// Tries the active key, then the others in order (SEC-025, SEC-198).
    fn open_with_ring(
        &self,
        open: impl Fn(Option<&str>) -> Result<Zeroizing<Vec<u8>>, SealError>,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut failure = SealError::NoMasterKey;
        for key in self.ring.keys() {
            match open(Some(key)) {
                Ok(plain) => return Ok(plain),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

/// SEC-024: 64 hexadecimal digits.
fn stored_key(key: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    hexadecimal::decode(key)
        .filter(|bytes| bytes.len() == KEY_BYTES)
        .map(Zeroizing::new)
        .ok_or(SealError::Malformed("the key is not 64 hexadecimal digits"))
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The oldest form (SEC-026): hexadecimal, no HKDF and no master key. A base64 payload of nothing
/// but such digits is possible only in theory (a quarter of the alphabet, 40 characters or more).
fn open_legacy(payload: &str, stored: &[u8], additional_data: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let sealed = hexadecimal::decode(payload).ok_or(SealError::Malformed("the payload has an odd length"))?;
    let key = aead::stored_secret(stored, additional_data);
    aead::open_aes_256_gcm(&key, &sealed, additional_data)
}
