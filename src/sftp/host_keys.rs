//! The server's own keys: files in the data directory, made at the first start.
//!
//! Ed25519 takes no time and is there at once. RSA takes up to seconds, so it is made beside the work and offered as soon as
//! it is there. ECDSA is not made (its curves are NIST's), but used where a file is there: the one of an existing
//! installation (SSH-031, narrowed).

#![allow(clippy::disallowed_methods, reason = "host keys are files of this room, read and made at start only")]

mod import;
mod sec1;

pub(crate) use import::{bits, import};

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use aws_lc_rs::{encoding::AsDer, rsa};
use entrepot_config::regular_file;
use entrepot_model::host_key::HostKeyKind;
use russh::keys::{
    Algorithm, Certificate, EcdsaCurve, HashAlg, PrivateKey, decode_secret_key, key::safe_rng, ssh_key::LineEnding,
};

/// A host key and where it lies.
#[derive(Clone)]
pub struct HostKey {
    /// Its file; empty if it is kept in the database.
    pub path: PathBuf,
    /// The key.
    pub key: PrivateKey,
}

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostKey").field("path", &self.path).field("fingerprint", &self.fingerprint()).finish()
    }
}

impl HostKey {
    /// `SHA256:…`, as clients show it (SSH-034).
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The line a `known_hosts` file or `.pub` file has.
    pub fn public_line(&self) -> String {
        self.key.public_key().to_openssh().unwrap_or_default()
    }
}

/// Why the host keys cannot be used: a fatal error at start.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    /// A file cannot be read or written.
    #[error("host key {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// The file holds no private key that we can use; one with a passphrase is such (SSH-033).
    #[error("host key {path}: not a usable private key (a passphrase is not supported): {reason}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong, in the words of the decoder.
        reason: String,
    },
    /// The file holds no certificate of a host.
    #[error("host certificate {path}: {reason}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A configured file is missing and its name tells no type (SSH-032).
    #[error("host key {path} does not exist, and only id_rsa, id_ecdsa and id_ed25519 are made when missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
}

impl HostKeyError {
    /// The file that cannot be used.
    pub fn file(&self) -> &Path {
        match self {
            Self::File { path, .. } | Self::Key { path, .. } | Self::Certificate { path, .. } | Self::Missing { path } => path,
        }
    }
}

/// No key or certificate is larger, in bytes.
const LARGEST: u64 = 1 << 20;

/// Size of a new RSA key (SSH-031). The library's own default is larger and slower.
const RSA_SIZE: rsa::KeySize = rsa::KeySize::Rsa3072;

/// The standard names, in the order in which keys are preferred, and whether one is made before the server is ready.
const STANDARD: [(&str, bool); 3] = [("id_ed25519", true), ("id_ecdsa", false), ("id_rsa", false)];

/// The RSA key that is still to be made: nothing is configured, and it is not there.
pub fn missing_rsa_key(directory: &Path, configured: &[String]) -> Option<PathBuf> {
    let path = directory.join("id_rsa");
    (configured.is_empty() && !path.exists()).then_some(path)
}

/// Loads the host keys, and makes those that shall exist. `configured` are the paths of the settings; relative ones are
/// taken from `directory`. Without any: the standard names in `directory`.
///
/// # Errors
/// A file that cannot be read, written or used, or is missing and not one of the standard names.
pub fn load_host_keys(directory: &Path, configured: &[String]) -> Result<Vec<HostKey>, HostKeyError> {
    look(directory, configured, generate, |key| key)
}

/// The algorithms of the keys that [`load_host_keys`] would load or make; nothing is made.
///
/// # Errors
/// As [`load_host_keys`].
pub fn host_key_algorithms(directory: &Path, configured: &[String]) -> Result<Vec<Algorithm>, HostKeyError> {
    let made = |path: PathBuf| {
        let Some(kind) = kind_of(&path) else { return Err(HostKeyError::Missing { path }) };
        regular_file::could_make(&path).map_err(|source| HostKeyError::File { path, source })?;
        Ok(match kind {
            HostKeyKind::Ed25519 => Algorithm::Ed25519,
            HostKeyKind::EcdsaP256 => Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
            HostKeyKind::Rsa3072 => Algorithm::Rsa { hash: None },
        })
    };
    look(directory, configured, made, |key| key.key.algorithm())
}

/// Reads the keys that are there; `make` answers for those that are missing and would be made.
fn look<T>(
    directory: &Path,
    configured: &[String],
    make: impl Fn(PathBuf) -> Result<T, HostKeyError>,
    read: impl Fn(HostKey) -> T,
) -> Result<Vec<T>, HostKeyError> {
    let wanted: Vec<(PathBuf, bool)> = if configured.is_empty() {
        STANDARD.iter().map(|(name, is_made)| (directory.join(name), *is_made)).collect()
    } else {
        configured.iter().map(|path| (directory.join(path), true)).collect()
    };
    let mut keys = Vec::new();
    for (path, is_made) in wanted {
        match regular_file::read_text(&path, LARGEST) {
            Ok(text) => keys.push(read(HostKey { key: decode(&path, &text)?, path })),
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_made => keys.push(make(path)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound && configured.is_empty() => {}
            Err(source) => return Err(HostKeyError::File { path, source }),
        }
    }
    Ok(keys)
}

/// Loads host certificates (SSH-037). One whose key is none of ours is passed over later, silently.
///
/// # Errors
/// A file that cannot be read, or is no certificate of a host.
pub fn load_host_certificates(directory: &Path, configured: &[String]) -> Result<Vec<Certificate>, HostKeyError> {
    let load = |name: &String| {
        let path = directory.join(name);
        let text = regular_file::read_text(&path, LARGEST).map_err(|source| HostKeyError::File { path: path.clone(), source })?;
        match Certificate::from_openssh(text.trim()) {
            Ok(certificate) if certificate.cert_type().is_host() => Ok(certificate),
            Ok(_) => Err(HostKeyError::Certificate { path, reason: "it is one of a user".to_owned() }),
            Err(error) => Err(HostKeyError::Certificate { path, reason: error.to_string() }),
        }
    };
    configured.iter().map(load).collect()
}

fn decode(path: &Path, text: &str) -> Result<PrivateKey, HostKeyError> {
    understand(text).map_err(|reason| HostKeyError::Key { path: path.to_owned(), reason })
}

/// What is wrong with a key that has a passphrase.
const ENCRYPTED: &str = "it is encrypted";

/// A private key without a passphrase; or what is wrong with it, in the words of the decoder.
fn understand(text: &str) -> Result<PrivateKey, String> {
    // Keys of existing installations: "EC PRIVATE KEY" is SEC 1, which the library takes for PKCS#8.
    let key = match sec1::decode_pem(text) {
        Some(key) => key,
        None => decode_secret_key(text, None).map_err(|error| match error {
            russh::keys::Error::KeyIsEncrypted => ENCRYPTED.to_owned(),
            other => other.to_string(),
        })?,
    };
    if key.is_encrypted() { Err(ENCRYPTED.to_owned()) } else { Ok(key) }
}

/// Makes a key of the type that the name of the file says.
///
/// # Errors
/// Another name, or a file that cannot be written.
pub(crate) fn generate(path: PathBuf) -> Result<HostKey, HostKeyError> {
    let Some(kind) = kind_of(&path) else { return Err(HostKeyError::Missing { path }) };
    let key = make(kind).map_err(|reason| HostKeyError::Key { path: path.clone(), reason })?;
    keep(HostKey { path, key })
}

/// The kind of key that the name of a file says.
fn kind_of(path: &Path) -> Option<HostKeyKind> {
    match path.file_name().and_then(|name| name.to_str()) {
        Some("id_ed25519") => Some(HostKeyKind::Ed25519),
        Some("id_ecdsa") => Some(HostKeyKind::EcdsaP256),
        Some("id_rsa") => Some(HostKeyKind::Rsa3072),
        _ => None,
    }
}

/// Makes a key.
///
/// # Errors
/// The cryptographic library refuses.
pub(crate) fn make(kind: HostKeyKind) -> Result<PrivateKey, String> {
    let mut random = safe_rng();
    let made = match kind {
        HostKeyKind::Ed25519 => PrivateKey::random(&mut random, Algorithm::Ed25519),
        HostKeyKind::EcdsaP256 => PrivateKey::random(&mut random, Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 }),
        HostKeyKind::Rsa3072 => return make_rsa(),
    };
    made.map_err(|error| error.to_string())
}

/// aws-lc makes RSA keys several times as fast as the library that uses them.
fn make_rsa() -> Result<PrivateKey, String> {
    let made = rsa::KeyPair::generate(RSA_SIZE);
    let der = made.and_then(|pair| AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair));
    let der = der.map_err(|error| error.to_string())?;
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der.as_ref());
    understand(&format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"))
}

fn keep(key: HostKey) -> Result<HostKey, HostKeyError> {
    let text = key.key.to_openssh(LineEnding::LF);
    let text = text.map_err(|error| HostKeyError::Key { path: key.path.clone(), reason: error.to_string() })?;
    write_files(&key, text.as_bytes()).map_err(|source| HostKeyError::File { path: key.path.clone(), source })?;
    tracing::info!(path = %key.path.display(), fingerprint = key.fingerprint(), "made a host key");
    Ok(key)
}

/// The private file (0600) appears whole or not at all; its public sidecar follows.
fn write_files(key: &HostKey, text: &[u8]) -> io::Result<()> {
    if let Some(parent) = key.path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    let mut temporary = key.path.clone().into_os_string();
    temporary.push(".new");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&temporary, &key.path)?;
    let mut public = key.path.clone().into_os_string();
    public.push(".pub");
    fs::write(public, key.public_line() + "\n")
}

#[cfg(test)]
mod tests;
