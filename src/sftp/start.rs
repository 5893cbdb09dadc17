//! What a start makes of the settings, and whether it could.

use std::{path::Path, sync::Arc};

use entrepot_config::Settings;
use entrepot_secrets::Sensitive;
use russh::keys::PrivateKey;

use crate::{
    algorithms::{AlgorithmLists, Algorithms, UnknownAlgorithm},
    authority::{Authorities, AuthorityError, AuthoritySettings},
    host_key_service::parse,
    host_keys::{HostKeyError, host_key_algorithms, load_host_certificates},
    login::{self, LoginRules},
};

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A host key cannot be loaded or made.
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
    /// The settings name an algorithm that does not exist.
    #[error("sftpd.{0}")]
    Algorithm(#[from] UnknownAlgorithm),
    /// The text for the identification line cannot be sent.
    #[error("common.server_version must be at most 50 printable ASCII characters without line breaks")]
    Version,
    /// Authorities or revocations of user certificates cannot be used.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// No host key is left that may be offered.
    #[error("sftpd.host_key_algorithms allows none of the host keys")]
    NoHostKey,
}

impl StartError {
    /// Key of the setting that cannot be met, if one is named.
    pub fn setting(&self) -> Option<String> {
        match self {
            Self::HostKey(_) => None,
            Self::Algorithm(unknown) => Some(format!("sftpd.{}", unknown.list)),
            Self::Version => Some("common.server_version".to_owned()),
            Self::Authority(error) => Some(error.setting().to_owned()),
            Self::NoHostKey => Some("sftpd.host_key_algorithms".to_owned()),
        }
    }

    /// The host key or host certificate that cannot be used, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::HostKey(error) => Some(error.file()),
            _ => None,
        }
    }
}

/// Looks whether [`SshServer::new`] could meet these settings, and makes nothing. `kept` are the host keys of the database.
///
/// # Errors
/// As [`SshServer::new`].
pub fn rehearse(directory: &Path, settings: &Settings, kept: &[Sensitive<String>]) -> Result<(), StartError> {
    let rules = rules(directory, settings)?;
    identification(&settings.common.server_version, "", "")?;
    let kept = parse(kept);
    let sftpd = &settings.sftpd;
    let keys = if uses_files(settings, &kept) {
        host_key_algorithms(directory, &sftpd.host_keys)?
    } else {
        kept.iter().map(PrivateKey::algorithm).collect()
    };
    load_host_certificates(directory, &sftpd.host_certificates)?;
    let is_offered = keys.iter().any(|key| rules.algorithms.offers_host_key(key));
    if is_offered { Ok(()) } else { Err(StartError::NoHostKey) }
}

/// What logins follow.
///
/// # Errors
/// An algorithm that nobody knows, files of authorities that cannot be used.
pub(crate) fn rules(directory: &Path, settings: &Settings) -> Result<LoginRules, StartError> {
    let sftpd = &settings.sftpd;
    let lists = AlgorithmLists {
        host_key: &sftpd.host_key_algorithms,
        kex: &sftpd.kex_algorithms,
        ciphers: &sftpd.ciphers,
        macs: &sftpd.macs,
        public_key: &sftpd.public_key_algorithms,
    };
    Ok(LoginRules {
        methods: login::methods(sftpd.password_authentication, sftpd.keyboard_interactive_authentication),
        algorithms: Arc::new(Algorithms::resolve(&lists)?),
        authorities: Authorities::load(directory, authority_settings(sftpd))?,
    })
}

/// Whether host keys come from files.
pub(crate) fn uses_files(settings: &Settings, kept: &[PrivateKey]) -> bool {
    kept.is_empty() || !settings.sftpd.host_keys.is_empty()
}

fn authority_settings(settings: &entrepot_config::settings::Sftpd) -> AuthoritySettings<'_> {
    AuthoritySettings {
        files: &settings.trusted_user_ca_keys,
        revoked: &settings.revoked_user_certs_file,
        verifier: &settings.opkssh_path,
        verifier_checksum: &settings.opkssh_checksum,
    }
}

/// SSH-002
pub(crate) fn identification(setting: &str, product: &str, version: &str) -> Result<String, StartError> {
    let text = match setting {
        "" => format!("{product}_{version}"),
        "short" => product.to_owned(),
        other => other.to_owned(),
    };
    let is_sendable = text.len() <= 50 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_sendable { Ok(format!("SSH-2.0-{text}")) } else { Err(StartError::Version) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // SSH-002
    #[test]
    fn the_identification_follows_the_setting() {
        let line = |setting| identification(setting, "Entrepot", "1.2.3").ok();
        assert_eq!(line("").as_deref(), Some("SSH-2.0-Entrepot_1.2.3"));
        assert_eq!(line("short").as_deref(), Some("SSH-2.0-Entrepot"));
        assert_eq!(line("Acme_FTP").as_deref(), Some("SSH-2.0-Acme_FTP"));
        assert_eq!(line("two\r\nlines"), None);
        assert_eq!(line(&"x".repeat(51)), None);
    }

    /// What keeps the service from starting with this file in the data folder and this setting, and its key.
    fn refused(file: Option<(&str, &str)>, key: &str, value: serde_json::Value) -> (String, Option<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some((name, text)) = file {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let mut sources = entrepot_config::Sources::new(folder.path());
        sources.overrides.push((key.to_owned(), value));
        let settings = entrepot_config::load(sources).expect("settings").settings;
        let error = rehearse(folder.path(), &settings, &[]).expect_err(key);
        (error.to_string(), error.setting())
    }

    // SSH-032, SSH-037, SSH-045, SSH-048, SSH-051
    #[test]
    fn settings_that_would_keep_the_service_from_starting_are_named() {
        for list in ["ciphers", "macs", "kex_algorithms", "host_key_algorithms", "public_key_algorithms"] {
            let key = format!("sftpd.{list}");
            let (text, setting) = refused(None, &key, ["nope"].into());
            assert!(text.starts_with(&key) && text.contains("nope") && setting.as_deref() == Some(key.as_str()), "{text}");
        }
        let only = refused(None, "sftpd.host_key_algorithms", ["ecdsa-sha2-nistp256"].into());
        assert!(only.0.contains("allows none"), "{only:?}");
        for (key, text) in [
            ("sftpd.host_keys", "does not exist"),
            ("sftpd.host_certificates", "nowhere"),
            ("sftpd.trusted_user_ca_keys", "sftpd.trusted_user_ca_keys"),
        ] {
            let told = refused(None, key, ["nowhere"].into());
            assert!(told.0.contains(text) && told.0.contains("nowhere"), "{told:?}");
        }
        assert!(refused(Some(("id_rsa", "no key")), "sftpd.host_keys", ["id_rsa"].into()).0.contains("id_rsa"));
        let revoked = refused(Some(("r", "no list")), "sftpd.revoked_user_certs_file", "r".into());
        assert_eq!(revoked.1.as_deref(), Some("sftpd.revoked_user_certs_file"));
    }

    #[test]
    fn a_rehearsal_makes_no_keys() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = entrepot_config::load(entrepot_config::Sources::new(folder.path())).expect("defaults").settings;
        rehearse(folder.path(), &settings, &[]).expect("they can be met");
        assert_eq!(std::fs::read_dir(folder.path()).expect("read").count(), 0);
    }
}
