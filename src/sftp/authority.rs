//! Certificates of users: who may sign them, and what they must say (SSH-048…SSH-053; PROTOCOL.certkeys of OpenSSH).

use std::{
    collections::HashSet,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use arc_swap::ArcSwap;
use entrepot_config::regular_file;
use ipnet::IpNet;
use russh::keys::{Certificate, HashAlg, PublicKey, ssh_key::public::KeyData};

use crate::{login::is_too_small, verifier::Verifier};

/// Largest file of authorities or revocations in bytes (SSH-051).
const MAX_FILE: u64 = 5 << 20;

/// Why the settings of certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read.
    #[error("{setting}: {path}: {source}")]
    File {
        /// Setting it stands in.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What failed.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{setting}: {path}: {reason}")]
    Content {
        /// Setting it stands in.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl AuthorityError {
    /// Key of the setting.
    pub fn setting(&self) -> &'static str {
        match self {
            Self::File { setting, .. } | Self::Content { setting, .. } => setting,
        }
    }
}

const AUTHORITIES: &str = "sftpd.trusted_user_ca_keys";
const REVOKED: &str = "sftpd.revoked_user_certs_file";
const VERIFIER: &str = "sftpd.opkssh_path";

/// What the settings say about authorities; empty texts stand for nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct AuthoritySettings<'a> {
    /// Files with the keys of authorities.
    pub files: &'a [String],
    /// File with the certificates that are revoked.
    pub revoked: &'a str,
    /// Program that names the authority of a certificate.
    pub verifier: &'a str,
    /// SHA-256 of the program in hexadecimal.
    pub verifier_checksum: &'a str,
}

/// Whom the server trusts to sign for users.
#[derive(Debug, Default)]
pub struct Authorities {
    keys: Vec<KeyData>,
    verifier: Option<Verifier>,
    revoked: ArcSwap<Revocations>,
}

/// The certificates that count no more, and the file that says so.
#[derive(Debug, Default)]
pub struct Revocations {
    /// `None`: nothing is revoked.
    file: Option<PathBuf>,
    fingerprints: HashSet<String>,
}

impl Revocations {
    /// Reads the file that `sftpd.revoked_user_certs_file` names; an empty name stands for none. A relative path is taken from
    /// `directory`. It blocks.
    ///
    /// # Errors
    /// It cannot be read, or is no list of revocations.
    pub fn read(directory: &Path, setting: &str) -> Result<Self, AuthorityError> {
        let file = file_of(directory, setting);
        let fingerprints = file.as_deref().map(read_revoked).transpose()?.unwrap_or_default();
        Ok(Self { file, fingerprints })
    }
}

/// The file that a setting names, if it names one.
fn file_of(directory: &Path, setting: &str) -> Option<PathBuf> {
    (!setting.is_empty()).then(|| directory.join(setting))
}

impl Authorities {
    /// Reads the files that the settings name; empty names stand for none. Relative paths are taken from `directory`.
    ///
    /// # Errors
    /// A file that cannot be read or understood: a fatal error at start.
    pub fn load(directory: &Path, settings: AuthoritySettings<'_>) -> Result<Self, AuthorityError> {
        let AuthoritySettings { files, revoked, verifier, verifier_checksum } = settings;
        let mut keys = Vec::new();
        for name in files {
            keys.extend(read_authorities(&directory.join(name))?);
        }
        let verifier = match verifier {
            "" => None,
            path => Some(Verifier::load(Path::new(path), verifier_checksum).map_err(|reason| AuthorityError::Content {
                setting: VERIFIER,
                path: path.into(),
                reason,
            })?),
        };
        let revoked = Revocations::read(directory, revoked)?;
        Ok(Self { keys, verifier, revoked: ArcSwap::from_pointee(revoked) })
    }

    /// Whether the revocations are those of the file that the setting names.
    pub(crate) fn revokes_by(&self, directory: &Path, setting: &str) -> bool {
        self.revoked.load().file == file_of(directory, setting)
    }

    /// Makes these the revocations that hold, from the next login on.
    pub(crate) fn revoke(&self, revoked: Revocations) {
        self.revoked.store(revoked.into());
    }

    /// Reads the revocations again; what cannot be read keeps the old ones (SSH-051).
    pub fn reload(&self) {
        let former = self.revoked.load_full();
        let Some(path) = &former.file else { return };
        match read_revoked(path) {
            Ok(fingerprints) => {
                tracing::info!(count = fingerprints.len(), "read the revoked certificates again");
                let revoked = Revocations { file: Some(path.clone()), fingerprints };
                // Not where the settings named another file meanwhile.
                self.revoked.compare_and_swap(&former, revoked.into());
            }
            Err(error) => tracing::error!(%error, "the revoked certificates stay as they were"),
        }
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.verifier.is_none()
    }

    /// Whether the certificate lets `username` in from `ip` at `now` (seconds). Both signatures, that of the authority and
    /// that of the client, were verified by the caller.
    ///
    /// # Errors
    /// The reason, for the log.
    pub async fn check(&self, certificate: &Certificate, username: &str, ip: IpAddr, now: i64) -> Result<(), String> {
        let is_listed = self.keys.contains(certificate.signature_key());
        if !is_listed && self.verifier.is_none() {
            return Err("it is signed by no authority that is trusted".to_owned());
        }
        self.check_terms(certificate, username, ip, now)?;
        match &self.verifier {
            Some(verifier) if !is_listed => verifier.check(certificate, username).await,
            _ => Ok(()),
        }
    }

    /// What the certificate says itself, and whether it is revoked.
    fn check_terms(&self, certificate: &Certificate, username: &str, ip: IpAddr, now: i64) -> Result<(), String> {
        if !certificate.cert_type().is_user() {
            return Err("it is one of a host".to_owned());
        }
        let now = u64::try_from(now).unwrap_or(0);
        if now < certificate.valid_after() || now >= certificate.valid_before() {
            return Err("it is not valid now".to_owned());
        }
        // SSH-049: without principals it would open every account; a program is asked about one account.
        let principals = certificate.valid_principals();
        let is_left_to_verifier = principals.is_empty() && self.verifier.is_some();
        if !is_left_to_verifier && !principals.iter().any(|principal| principal == username) {
            return Err("its principals do not name the account".to_owned());
        }
        for (name, value) in certificate.critical_options().iter() {
            match name.as_str() {
                "source-address" if comes_from(value, ip) => {}
                "source-address" => return Err(format!("it is not valid from {ip}")),
                other => return Err(format!("its critical option {other:?} is not supported")),
            }
        }
        if self.revoked.load().fingerprints.contains(&fingerprint(certificate.public_key())) {
            return Err("it is revoked".to_owned());
        }
        Ok(())
    }
}

/// SSH-052
pub fn describe(certificate: &Certificate, signature: &str) -> String {
    let authority = certificate.signature_key();
    format!(
        "{}: ID: {}, serial: {}, CA {} {}, {signature}",
        fingerprint(certificate.public_key()),
        certificate.key_id(),
        certificate.serial(),
        authority.algorithm(),
        fingerprint(authority)
    )
}

fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}

/// SSH-050. An entry that is no address matches nothing.
fn comes_from(list: &str, ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    list.split(',').map(str::trim).any(|entry| {
        entry.parse::<IpNet>().is_ok_and(|network| network.contains(&ip)) || entry.parse::<IpAddr>().is_ok_and(|one| one == ip)
    })
}

/// A bounded read.
fn read(setting: &'static str, path: &Path) -> Result<String, AuthorityError> {
    regular_file::read_text(path, MAX_FILE).map_err(|source| match source.kind() {
        io::ErrorKind::FileTooLarge => {
            let reason = format!("it is larger than {} MiB", MAX_FILE >> 20);
            AuthorityError::Content { setting, path: path.to_owned(), reason }
        }
        _ => AuthorityError::File { setting, path: path.to_owned(), source },
    })
}

fn read_authorities(path: &Path) -> Result<Vec<KeyData>, AuthorityError> {
    let text = read(AUTHORITIES, path)?;
    parse_authorities(&text).map_err(|reason| AuthorityError::Content { setting: AUTHORITIES, path: path.to_owned(), reason })
}

/// Lines as `ssh-keygen` writes them to `.pub` files; empty ones and comments are skipped.
fn parse_authorities(text: &str) -> Result<Vec<KeyData>, String> {
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let (line, number) = (line.trim(), index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = PublicKey::from_openssh(line).map_err(|error| format!("line {number} is no public key: {error}"))?;
        if is_too_small(&key) {
            return Err(format!("line {number}: RSA keys need at least 2048 bits"));
        }
        keys.push(key.key_data().clone());
    }
    if keys.is_empty() { Err("it holds no public key".to_owned()) } else { Ok(keys) }
}

fn read_revoked(path: &Path) -> Result<HashSet<String>, AuthorityError> {
    let text = read(REVOKED, path)?;
    parse_revoked(&text).map_err(|reason| AuthorityError::Content { setting: REVOKED, path: path.to_owned(), reason })
}

/// A JSON array of `SHA256:…` (SSH-051). Anything else would revoke nothing and look as if it did.
fn parse_revoked(text: &str) -> Result<HashSet<String>, String> {
    let list: Vec<String> = serde_json::from_str(text).map_err(|error| format!("it is no JSON array of texts: {error}"))?;
    for entry in &list {
        let is_fingerprint = entry.strip_prefix("SHA256:").is_some_and(|rest| {
            rest.len() == 43 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        });
        if !is_fingerprint {
            return Err(format!("{entry:?} is no fingerprint; they look like SHA256:… with 43 characters"));
        }
    }
    Ok(list.into_iter().collect())
}

#[cfg(test)]
mod tests;
