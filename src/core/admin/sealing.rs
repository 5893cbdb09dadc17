//! Sealing the secrets of objects before they are stored, and opening them for use (SEC-005, SEC-019).

use entrepot_model::{FilesystemConfig, Secret, SecretStatus};
use entrepot_secrets::{Sealer, entropy_bits};
use zeroize::Zeroizing;

use crate::{Core, Error, Result};

/// Seals a text for its owner.
///
/// # Errors
/// `Internal` when the cryptographic library refuses.
pub(crate) fn seal(sealer: &Sealer, plain: &str, owner: &str) -> Result<Secret> {
    let sealed = sealer.seal(plain.as_bytes(), owner).map_err(|error| Error::internal("sealing a secret", error))?;
    Ok(Secret {
        status: match sealed.status {
            entrepot_secrets::SealStatus::Aes256Gcm => SecretStatus::Aes256Gcm,
            entrepot_secrets::SealStatus::Secretbox => SecretStatus::Secretbox,
        },
        payload: sealed.payload,
        key: sealed.key,
        additional_data: owner.to_owned(),
        mode: sealed.mode,
    })
}

/// Opens a sealed secret.
///
/// # Errors
/// Why it does not open; for the log only (SEC-031).
pub(crate) fn open(sealer: &Sealer, secret: &Secret) -> std::result::Result<Zeroizing<Vec<u8>>, entrepot_secrets::SealError> {
    sealer.open(secret.status.as_str(), &secret.payload, &secret.key, secret.mode, &secret.additional_data)
}

/// Seals every clear text among the secrets of an object.
///
/// # Errors
/// `Internal` when sealing fails.
pub(super) fn seal_all(core: &Core, secrets: Vec<(&'static str, &mut Secret)>, owner: &str) -> Result<()> {
    for (_, secret) in secrets {
        if secret.is_plain() && !secret.is_empty() {
            *secret = seal(&core.0.sealer, &secret.payload, owner)?;
        }
    }
    Ok(())
}

/// Seals every clear text in a storage configuration. Passphrases and keys that encrypt files must be strong (ACC-262).
///
/// # Errors
/// `Invalid` for a weak passphrase; `Internal` when sealing fails.
pub(super) fn seal_filesystem(core: &Core, filesystem: &mut FilesystemConfig, owner: &str) -> Result<()> {
    let least = core.settings().common.secret_min_entropy;
    for (field, secret) in filesystem.secrets_mut() {
        if !secret.is_plain() || secret.is_empty() {
            continue;
        }
        let encrypts_files = matches!(field, "cryptconfig.passphrase" | "s3config.sse_customer_key");
        if encrypts_files && least > 0.0 && entropy_bits(&secret.payload) < least {
            return Err(Error::invalid(format!("filesystem.{field}"), format!("too weak: it needs an entropy of {least} bits")));
        }
        *secret = seal(&core.0.sealer, &secret.payload, owner)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_for_its_owner_only() {
        // SEC-019
        let sealer = Sealer::default();
        let mut secret = seal(&sealer, "swordfish", "alice").expect("sealed");
        assert!(secret.is_encrypted() && !secret.payload.contains("swordfish"));
        assert_eq!(open(&sealer, &secret).expect("opened").as_slice(), b"swordfish");
        secret.additional_data = "bob".to_owned();
        assert!(open(&sealer, &secret).is_err());
    }
}
