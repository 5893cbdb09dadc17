//! What is kept on disk: accounts, certificates, keys. Nobody but this account of the system may read them.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use instant_acme::AccountCredentials;
use rustls::sign::CertifiedKey;

use super::Plan;
use crate::{NetError, tls::certificate};

/// Writes beside the target and renames: a crash leaves the old file or the new one, never half.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), NetError> {
    let all = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut fresh = path.as_os_str().to_owned();
        fresh.push(".new");
        match fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&fresh, path)
    };
    all().map_err(|source| NetError::CertificateFile { path: path.into(), source })
}

/// One account for each authority and address (ACME-002).
fn account_file(plan: &Plan) -> PathBuf {
    let host = plan.endpoint.split_once("://").map_or(plan.endpoint.as_str(), |(_, rest)| rest);
    let plain = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || "-.@+".contains(c) { c } else { '_' }).collect()
    };
    plan.directory.join("accounts").join(plain(host)).join(format!("{}.json", plain(&plan.email.to_ascii_lowercase())))
}

/// The account, if there is one that can be read.
pub(super) fn account(plan: &Plan) -> Option<AccountCredentials> {
    let path = account_file(plan);
    if !path.exists() {
        return None;
    }
    let content = match certificate::read(&path) {
        Ok(content) => content,
        Err(error) => {
            tracing::warn!(%error, "the ACME account cannot be read, making a new one");
            return None;
        }
    };
    match serde_json::from_slice(&content) {
        Ok(credentials) => Some(credentials),
        Err(_) => {
            // The error would show what is in the file.
            tracing::warn!(path = %path.display(), "the ACME account is damaged, making a new one");
            None
        }
    }
}

/// Keeps an account.
pub(super) fn keep_account(plan: &Plan, credentials: &AccountCredentials) -> Result<(), NetError> {
    let path = account_file(plan);
    let content = serde_json::to_vec(credentials)
        .map_err(|error| NetError::CertificateFile { path: path.clone(), source: io::Error::other(error) })?;
    write(&path, &content)
}

/// The certificate called by `name`; `Ok(None)` if there is none.
pub(super) fn certificate(plan: &Plan, name: &str) -> Result<Option<Arc<CertifiedKey>>, NetError> {
    let (chain, key) = (plan.chain_file(name), plan.key_file(name));
    if !chain.exists() {
        return Ok(None);
    }
    certificate::parse(&chain, &certificate::read(&chain)?, &key, &certificate::read(&key)?).map(Some)
}

/// Keeps a certificate with its key, if they fit and are for these names.
pub(super) fn keep_certificate(plan: &Plan, names: &[String], chain: &str, key: &str) -> Result<(), NetError> {
    let name = names.first().map(String::as_str).unwrap_or_default();
    let (chain_file, key_file) = (plan.chain_file(name), plan.key_file(name));
    let certified = certificate::parse(&chain_file, chain.as_bytes(), &key_file, key.as_bytes())?;
    if !covers(&certified, names) {
        let reason = "the authority answered with a certificate for other names".to_owned();
        return Err(NetError::Certificate { path: chain_file, reason });
    }
    write(&key_file, key.as_bytes())?;
    write(&chain_file, chain.as_bytes())
}

/// Whether the certificate is for these names and no others.
pub(super) fn covers(certified: &CertifiedKey, names: &[String]) -> bool {
    let held = certificate::names(certified);
    names.iter().all(|name| held.contains(name)) && held.iter().all(|name| names.contains(name))
}
