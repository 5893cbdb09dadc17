//! Where the files of a user, group or folder are.

mod azure;
mod ftp;
mod gcs;
mod http;
mod local;
mod s3;
mod secrets;
mod sftp;

pub use azure::AzureBlobFsConfig;
pub use ftp::FtpFsConfig;
pub use gcs::GcsConfig;
pub use http::HttpFsConfig;
pub use local::{CryptFsConfig, OsFsConfig};
pub use s3::S3Config;
pub use sftp::SftpFsConfig;

use serde::{Deserialize, Serialize};

use crate::wire::is_default;

/// Kind of storage (STO-001).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i64)]
pub enum FsProvider {
    /// Local files below the home directory or mapped path.
    Local = 0,
    /// S3 compatible object storage.
    S3 = 1,
    /// Google Cloud Storage.
    Gcs = 2,
    /// Azure Blob Storage.
    AzureBlob = 3,
    /// Local files, encrypted.
    Crypt = 4,
    /// Another SFTP server.
    Sftp = 5,
    /// A server of the HTTP storage interface.
    Http = 6,
    /// Another FTP server (extension value).
    Ftp = 7,
}

impl FsProvider {
    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 8] =
        [Self::Local, Self::S3, Self::Gcs, Self::AzureBlob, Self::Crypt, Self::Sftp, Self::Http, Self::Ftp];

    /// The provider with this number on the wire.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| *provider as i64 == number)
    }

    /// Whether files lie on the server's own disks.
    pub fn is_local(self) -> bool {
        matches!(self, Self::Local | Self::Crypt)
    }
}

/// A storage: the provider, and the settings of each; only the selected one is kept on save.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilesystemConfig {
    /// Value of [`FsProvider`].
    pub provider: i64,
    /// The SHA-256 of uploads is computed while they arrive, on any kind of storage (an extension).
    #[serde(skip_serializing_if = "is_default")]
    pub checksum_uploads: bool,
    /// For [`FsProvider::Local`].
    #[serde(skip_serializing_if = "is_default")]
    pub osconfig: OsFsConfig,
    /// For [`FsProvider::S3`].
    #[serde(skip_serializing_if = "is_default")]
    pub s3config: S3Config,
    /// For [`FsProvider::Gcs`].
    #[serde(skip_serializing_if = "is_default")]
    pub gcsconfig: GcsConfig,
    /// For [`FsProvider::AzureBlob`].
    #[serde(skip_serializing_if = "is_default")]
    pub azblobconfig: AzureBlobFsConfig,
    /// For [`FsProvider::Crypt`].
    #[serde(skip_serializing_if = "is_default")]
    pub cryptconfig: CryptFsConfig,
    /// For [`FsProvider::Sftp`].
    #[serde(skip_serializing_if = "is_default")]
    pub sftpconfig: SftpFsConfig,
    /// For [`FsProvider::Ftp`].
    #[serde(skip_serializing_if = "is_default")]
    pub ftpconfig: FtpFsConfig,
    /// For [`FsProvider::Http`].
    #[serde(skip_serializing_if = "is_default")]
    pub httpconfig: HttpFsConfig,
}

impl FilesystemConfig {
    /// The selected provider, if the number is a known one.
    pub fn provider(&self) -> Option<FsProvider> {
        FsProvider::from_number(self.provider)
    }

    /// Empties the settings of every provider but the selected one (ACC-258). What holds for all of them stays.
    pub fn clear_unselected(&mut self) {
        let mut old = std::mem::take(self);
        (self.provider, self.checksum_uploads) = (old.provider, old.checksum_uploads);
        match self.provider() {
            Some(FsProvider::Local) => self.osconfig = std::mem::take(&mut old.osconfig),
            Some(FsProvider::S3) => self.s3config = std::mem::take(&mut old.s3config),
            Some(FsProvider::Gcs) => self.gcsconfig = std::mem::take(&mut old.gcsconfig),
            Some(FsProvider::AzureBlob) => self.azblobconfig = std::mem::take(&mut old.azblobconfig),
            Some(FsProvider::Crypt) => self.cryptconfig = std::mem::take(&mut old.cryptconfig),
            Some(FsProvider::Sftp) => self.sftpconfig = std::mem::take(&mut old.sftpconfig),
            Some(FsProvider::Http) => self.httpconfig = std::mem::take(&mut old.httpconfig),
            Some(FsProvider::Ftp) => self.ftpconfig = std::mem::take(&mut old.ftpconfig),
            None => {}
        }
    }

    /// The settings that come from groups as templates (ACC-216), with their names.
    pub(crate) fn templates_mut(&mut self) -> Vec<(&'static str, &mut String)> {
        match self.provider() {
            Some(FsProvider::S3) => vec![("key_prefix", &mut self.s3config.key_prefix)],
            Some(FsProvider::Gcs) => vec![("key_prefix", &mut self.gcsconfig.key_prefix)],
            Some(FsProvider::AzureBlob) => vec![("key_prefix", &mut self.azblobconfig.key_prefix)],
            Some(FsProvider::Sftp) => {
                vec![("username", &mut self.sftpconfig.username), ("prefix", &mut self.sftpconfig.prefix)]
            }
            Some(FsProvider::Http) => {
                vec![("username", &mut self.httpconfig.username), ("remote_directory", &mut self.httpconfig.remote_directory)]
            }
            Some(FsProvider::Ftp) => {
                vec![("username", &mut self.ftpconfig.username), ("remote_directory", &mut self.ftpconfig.remote_directory)]
            }
            Some(FsProvider::Local | FsProvider::Crypt) | None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_selected_provider_is_kept() {
        // ACC-258, STO-001
        let mut config: FilesystemConfig = serde_json::from_str(
            r#"{"provider":1,"checksum_uploads":true,"s3config":{"bucket":"b"},"sftpconfig":{"endpoint":"h:22"},"osconfig":{"read_buffer_size":3}}"#,
        )
        .unwrap();
        config.clear_unselected();
        assert_eq!(
            serde_json::to_value(&config).unwrap(),
            serde_json::json!({"provider":1,"checksum_uploads":true,"s3config":{"bucket":"b"}})
        );
    }

    #[test]
    fn unknown_provider_is_no_provider() {
        // ACC-258
        assert_eq!(FsProvider::from_number(8), None);
        assert_eq!(FsProvider::from_number(7), Some(FsProvider::Ftp));
    }
}
