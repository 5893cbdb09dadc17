//! The host keys that administrators keep in the database: made, read, and shown to clients (SSH-036).

use entrepot_core::identity::{HostKeyFacts, HostKeyService, OfferedHostKey, PrivateHostKey};
use entrepot_model::{host_key::HostKeyKind, status::SshHostKey};
use entrepot_secrets::Sensitive;
use russh::keys::{HashAlg, PrivateKey, PublicKey, ssh_key::LineEnding};

use crate::{
    SshServer,
    host_keys::{self, HostKey, bits},
};

impl HostKeyService for SshServer {
    fn generate(&self, kind: HostKeyKind) -> Result<PrivateHostKey, String> {
        private(&host_keys::make(kind)?)
    }

    fn read(&self, text: &str) -> Result<PrivateHostKey, String> {
        private(&host_keys::import(text)?)
    }

    fn describe(&self, public_key: &str) -> Option<HostKeyFacts> {
        let key = PublicKey::from_openssh(public_key).ok()?;
        Some(HostKeyFacts {
            kind: key.algorithm().to_string(),
            bits: bits(key.key_data()),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
            algorithms: self.algorithms().signatures_of(&key.algorithm()),
        })
    }

    fn check(&self, kept: &[Sensitive<String>]) -> Result<(), String> {
        self.could_show(&parse(kept))
    }

    fn offer(&self, kept: &[Sensitive<String>]) {
        self.keep(parse(kept));
    }

    fn offered(&self) -> Vec<OfferedHostKey> {
        let offered =
            |key: HostKey| OfferedHostKey { public_key: public(&key.key), path: key.path.to_string_lossy().into_owned() };
        self.host_keys().into_iter().map(offered).collect()
    }

    fn files(&self) -> Vec<PrivateHostKey> {
        let files = self.host_keys().into_iter().filter(|key| !key.path.as_os_str().is_empty());
        files.filter_map(|file| private(&file.key).ok()).collect()
    }
}

impl SshServer {
    /// The keys that are offered, as the status of the service has them (SSH-034).
    pub(crate) fn reported_keys(&self) -> Vec<SshHostKey> {
        let told = |key: HostKey| SshHostKey {
            path: key.path.to_string_lossy().into_owned(),
            fingerprint: key.fingerprint(),
            algorithms: self.algorithms().signatures_of(&key.key.algorithm()),
        };
        self.host_keys().into_iter().map(told).collect()
    }
}

/// The keys of the database. What was stored was understood before; whatever is not any more is left out.
pub(crate) fn parse(kept: &[Sensitive<String>]) -> Vec<PrivateKey> {
    let read = |text: &Sensitive<String>| match PrivateKey::from_openssh(text.expose()) {
        Ok(key) => Some(key),
        Err(error) => {
            tracing::error!(%error, "a host key of the database cannot be used");
            None
        }
    };
    kept.iter().filter_map(read).collect()
}

fn private(key: &PrivateKey) -> Result<PrivateHostKey, String> {
    let text = key.to_openssh(LineEnding::LF).map_err(|error| error.to_string())?;
    Ok(PrivateHostKey { text: Sensitive::new(text.to_string()), public_key: public(key) })
}

/// Type and base64, without a comment.
fn public(key: &PrivateKey) -> String {
    let line = key.public_key().to_openssh().unwrap_or_default();
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
