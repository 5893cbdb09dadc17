//! Another SFTP server as storage.

use serde::{Deserialize, Serialize};

use crate::{secret::Secret, wire::is_default};

/// An SFTP server (SFS-001..022).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SftpFsConfig {
    /// `host[:port]`, required.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: String,
    /// Required.
    #[serde(skip_serializing_if = "is_default")]
    pub username: String,
    /// Required without `private_key`.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub password: Secret,
    /// Tried before the password.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub private_key: Secret,
    /// Of the private key.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub key_passphrase: Secret,
    /// `SHA256:…` of accepted host keys; empty for any.
    #[serde(skip_serializing_if = "is_default")]
    pub fingerprints: Vec<String>,
    /// Absolute directory on the server.
    #[serde(skip_serializing_if = "is_default")]
    pub prefix: String,
    /// Reads one after the other.
    #[serde(skip_serializing_if = "is_default")]
    pub disable_concurrent_reads: bool,
    /// Writes one after the other (SFS-020).
    #[serde(skip_serializing_if = "is_default")]
    pub disable_concurrent_writes: bool,
    /// MB, 0 to 16, 0 off.
    #[serde(skip_serializing_if = "is_default")]
    pub buffer_size: i64,
    /// 0: same server if user name and endpoint match, 1: if the endpoint matches.
    #[serde(skip_serializing_if = "is_default")]
    pub equality_check_mode: i64,
    /// `socks5://`, `socks4://` or `socks4a://` URL.
    #[serde(skip_serializing_if = "is_default")]
    pub socks_proxy: String,
    /// For the proxy.
    #[serde(skip_serializing_if = "is_default")]
    pub socks_username: String,
    /// For the proxy.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub socks_password: Secret,
}
