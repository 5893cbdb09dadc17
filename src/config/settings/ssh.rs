//! Section `sftpd`.

use serde::Deserialize;

/// Section `sftpd`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sftpd {
    /// A listener of the SSH server.
    pub bindings: Vec<SshBinding>,
    /// Authentication attempts per connection; 0 is 6, a negative number no limit.
    pub max_auth_tries: i32,
    /// Files of the host keys; empty makes id_ed25519 and id_rsa in the data folder, and uses id_ecdsa if it is there.
    pub host_keys: Vec<String>,
    /// Files of host certificates.
    pub host_certificates: Vec<String>,
    /// Host key algorithms offered; empty is a safe choice.
    pub host_key_algorithms: Vec<String>,
    /// Key exchange algorithms; empty is a safe choice.
    pub kex_algorithms: Vec<String>,
    /// Smallest modulus of the group exchange in bits.
    pub min_dh_group_exchange_key_size: u32,
    /// Ciphers; empty is a safe choice.
    pub ciphers: Vec<String>,
    /// Message authentication codes; empty is a safe choice.
    pub macs: Vec<String>,
    /// Algorithms of client keys that are accepted; empty is a safe choice.
    pub public_key_algorithms: Vec<String>,
    /// Files of the public keys of authorities that sign client keys.
    pub trusted_user_ca_keys: Vec<String>,
    /// JSON file with the fingerprints of revoked client certificates.
    pub revoked_user_certs_file: String,
    /// Absolute path of the opkssh program.
    pub opkssh_path: String,
    /// SHA-256 of the opkssh program in hexadecimal.
    pub opkssh_checksum: String,
    /// File with the text shown before the login.
    pub login_banner_file: String,
    /// SSH commands that clients may run; `*` is all.
    pub enabled_ssh_commands: Vec<String>,
    /// Offers keyboard-interactive authentication.
    pub keyboard_interactive_authentication: bool,
    /// Program or URL that leads the keyboard-interactive conversation.
    pub keyboard_interactive_auth_hook: String,
    /// Offers password authentication.
    pub password_authentication: bool,
}

/// A listener of the SSH server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SshBinding {
    /// Port of the SSH server; 0 turns the binding off.
    pub port: u16,
    /// Address to listen on; empty is all.
    pub address: String,
    /// Whether the PROXY protocol settings of `common` apply.
    pub apply_proxy_config: bool,
}
