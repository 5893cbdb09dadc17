//! The secrets inside a storage configuration.

use super::{FilesystemConfig, FsProvider};
use crate::{secret::Secret, validation::FieldError};

impl FilesystemConfig {
    /// Every secret of the selected provider, with the name of its field.
    pub fn secrets_mut(&mut self) -> Vec<(&'static str, &mut Secret)> {
        match self.provider() {
            Some(FsProvider::S3) => vec![
                ("s3config.access_secret", &mut self.s3config.access_secret),
                ("s3config.sse_customer_key", &mut self.s3config.sse_customer_key),
            ],
            Some(FsProvider::Gcs) => {
                vec![("gcsconfig.credentials", &mut self.gcsconfig.credentials)]
            }
            Some(FsProvider::AzureBlob) => vec![
                ("azblobconfig.account_key", &mut self.azblobconfig.account_key),
                ("azblobconfig.sas_url", &mut self.azblobconfig.sas_url),
            ],
            Some(FsProvider::Crypt) => {
                vec![("cryptconfig.passphrase", &mut self.cryptconfig.passphrase)]
            }
            Some(FsProvider::Sftp) => vec![
                ("sftpconfig.password", &mut self.sftpconfig.password),
                ("sftpconfig.private_key", &mut self.sftpconfig.private_key),
                ("sftpconfig.key_passphrase", &mut self.sftpconfig.key_passphrase),
                ("sftpconfig.socks_password", &mut self.sftpconfig.socks_password),
            ],
            Some(FsProvider::Http) => {
                vec![("httpconfig.password", &mut self.httpconfig.password), ("httpconfig.api_key", &mut self.httpconfig.api_key)]
            }
            Some(FsProvider::Ftp) => vec![("ftpconfig.password", &mut self.ftpconfig.password)],
            Some(FsProvider::Local) | None => Vec::new(),
        }
    }

    /// Prepares it for a response (SEC-007).
    pub fn hide_secrets(&mut self) {
        self.secrets_mut().into_iter().for_each(|(_, secret)| secret.hide());
    }

    /// On update: secrets that stand for stored ones take them from `stored` (SEC-011..014, SEC-017).
    ///
    /// Nothing is taken from another provider, nor for another endpoint: that would send credentials to a server they were
    /// not given for (STO-004). What is then missing shows up in validation.
    pub fn keep_secrets_from(&mut self, stored: &Self) {
        let same_target = self.provider == stored.provider && self.endpoint() == stored.endpoint();
        let mut source = if same_target { stored.clone() } else { Self { provider: self.provider, ..Self::default() } };
        let credentials_absent = self.gcsconfig.credentials.is_empty() && !self.gcsconfig.credentials.is_plain();
        for ((_, secret), (_, old)) in self.secrets_mut().into_iter().zip(source.secrets_mut()) {
            secret.keep_from(old);
        }
        if self.provider() == Some(FsProvider::Gcs) {
            if self.gcsconfig.automatic_credentials == 1 {
                self.gcsconfig.credentials = Secret::default();
            } else if credentials_absent {
                self.gcsconfig.credentials = source.gcsconfig.credentials;
            }
        }
    }

    /// On creation: no secret may stand for a stored one (SEC-015, SEC-016). `object` is what is being saved.
    ///
    /// # Errors
    /// Names the secret's field.
    pub fn check_new_secrets(&mut self, object: &str) -> Result<(), FieldError> {
        for (field, secret) in self.secrets_mut() {
            secret.normalise_input();
            secret.check_new(&format!("filesystem.{field}"), object)?;
        }
        Ok(())
    }

    /// The server that the credentials are sent to.
    fn endpoint(&self) -> &str {
        match self.provider() {
            Some(FsProvider::S3) => &self.s3config.endpoint,
            Some(FsProvider::AzureBlob) => &self.azblobconfig.endpoint,
            Some(FsProvider::Sftp) => &self.sftpconfig.endpoint,
            Some(FsProvider::Http) => &self.httpconfig.endpoint,
            Some(FsProvider::Ftp) => &self.ftpconfig.endpoint,
            Some(FsProvider::Gcs) => &self.gcsconfig.universe_domain,
            Some(FsProvider::Local | FsProvider::Crypt) | None => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretStatus;

    fn sealed(payload: &str) -> Secret {
        Secret { status: SecretStatus::Aes256Gcm, payload: payload.into(), key: "k".into(), ..Secret::default() }
    }

    fn redacted() -> Secret {
        Secret { status: SecretStatus::Redacted, ..Secret::default() }
    }

    fn sftp(endpoint: &str, password: Secret) -> FilesystemConfig {
        let mut config = FilesystemConfig { provider: FsProvider::Sftp as i64, ..Default::default() };
        config.sftpconfig.endpoint = endpoint.into();
        config.sftpconfig.password = password;
        config
    }

    #[test]
    fn redacted_secret_is_kept_for_the_same_server_only() {
        // SEC-011, SEC-014, STO-004
        let stored = sftp("a:22", sealed("x"));
        let mut same = sftp("a:22", redacted());
        same.keep_secrets_from(&stored);
        assert_eq!(same.sftpconfig.password, sealed("x"));
        let mut other = sftp("b:22", redacted());
        other.keep_secrets_from(&stored);
        assert!(other.sftpconfig.password.is_empty());
        let mut provider = FilesystemConfig { provider: FsProvider::Ftp as i64, ..Default::default() };
        provider.ftpconfig.password = redacted();
        provider.keep_secrets_from(&stored);
        assert!(provider.ftpconfig.password.is_empty());
    }

    #[test]
    fn absent_secret_is_removed_but_for_google_credentials() {
        // SEC-012, SEC-017
        let mut absent = sftp("a:22", Secret::default());
        absent.keep_secrets_from(&sftp("a:22", sealed("x")));
        assert!(absent.sftpconfig.password.is_empty());
        let mut stored = FilesystemConfig { provider: FsProvider::Gcs as i64, ..Default::default() };
        stored.gcsconfig.credentials = sealed("g");
        let mut update = FilesystemConfig { provider: FsProvider::Gcs as i64, ..Default::default() };
        update.keep_secrets_from(&stored);
        assert_eq!(update.gcsconfig.credentials, sealed("g"));
        update.gcsconfig.automatic_credentials = 1;
        update.keep_secrets_from(&stored);
        assert!(update.gcsconfig.credentials.is_empty());
    }

    #[test]
    fn every_secret_of_the_reference_is_visited() {
        // SEC-003
        let count =
            |provider: FsProvider| FilesystemConfig { provider: provider as i64, ..Default::default() }.secrets_mut().len();
        use FsProvider as P;
        let counts = [P::Local, P::S3, P::Gcs, P::AzureBlob, P::Crypt, P::Sftp, P::Http, P::Ftp].map(count);
        assert_eq!(counts, [0, 2, 1, 2, 1, 4, 2, 1]);
    }

    #[test]
    fn hiding_blanks_keys() {
        // SEC-007
        let mut config = sftp("a", sealed("x"));
        config.hide_secrets();
        assert_eq!((config.sftpconfig.password.key.as_str(), config.sftpconfig.password.payload.as_str()), ("", "x"));
    }
}
