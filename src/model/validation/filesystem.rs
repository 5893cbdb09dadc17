//! Storage configurations that are not object stores.

use std::net::Ipv6Addr;

use super::{Faults, FieldError, ValidationRules, object_store, text};
use crate::filesystem::{CryptFsConfig, FilesystemConfig, FsProvider, FtpFsConfig, HttpFsConfig, SftpFsConfig};

type Checked = Result<(), FieldError>;

impl FilesystemConfig {
    /// Checks the selected storage, makes it uniform and empties the others. `object` is what is being saved.
    /// On update, secrets must have been taken from the stored configuration before.
    ///
    /// # Errors
    /// The first fault; its text names the member.
    pub fn validate(&mut self, object: &str, rules: &ValidationRules) -> Checked {
        let Some(provider) = self.provider() else {
            let message = format!("invalid filesystem.provider {}", self.provider);
            return Err(FieldError::new("filesystem.provider", message));
        };
        if rules.is_new {
            self.check_new_secrets(object)?;
        }
        for (field, secret) in self.secrets_mut() {
            secret.normalise_input();
            if secret.is_redacted() {
                let field = format!("filesystem.{field}");
                return Err(FieldError::new(field, format!("cannot save a {object} with a redacted secret")));
            }
        }
        self.clear_unselected();
        match provider {
            FsProvider::Local => buffers("osconfig", self.osconfig.read_buffer_size, self.osconfig.write_buffer_size),
            FsProvider::S3 => object_store::s3(&mut self.s3config),
            FsProvider::Gcs => object_store::gcs(&mut self.gcsconfig, rules),
            FsProvider::AzureBlob => object_store::azure(&mut self.azblobconfig),
            FsProvider::Crypt => crypt(&self.cryptconfig),
            FsProvider::Sftp => sftp(&mut self.sftpconfig),
            FsProvider::Http => http(&mut self.httpconfig),
            FsProvider::Ftp => ftp(&mut self.ftpconfig),
        }
    }
}

/// LOC-003
fn buffers(config: &str, read: i64, write: i64) -> Checked {
    let mut faults = Faults::default();
    faults.note(text::one_of(&format!("filesystem.{config}.read_buffer_size"), read, 0..=10));
    faults.note(text::one_of(&format!("filesystem.{config}.write_buffer_size"), write, 0..=10));
    faults.end()
}

/// CRY-010
fn crypt(config: &CryptFsConfig) -> Checked {
    let mut faults = Faults::default();
    if config.passphrase.is_empty() {
        faults.note(Err(missing("filesystem.cryptconfig.passphrase")));
    }
    faults.note(buffers("cryptconfig", config.read_buffer_size, config.write_buffer_size));
    faults.end()
}

/// SFS-001..014
fn sftp(config: &mut SftpFsConfig) -> Checked {
    let mut faults = Faults::default();
    if let Some(value) = faults.take(host_and_port("filesystem.sftpconfig.endpoint", &config.endpoint)) {
        config.endpoint = value;
    }
    if config.username.is_empty() {
        faults.note(Err(missing("filesystem.sftpconfig.username")));
    }
    if config.password.is_empty() && config.private_key.is_empty() {
        let message = "filesystem.sftpconfig: a password or a private_key is required";
        faults.note(Err(FieldError::new("filesystem.sftpconfig.password", message)));
    }
    // SFS-002; one without a slash is meant from the root.
    if let Some(value) = faults.take(text::local_path("filesystem.sftpconfig.prefix", &format!("/{}", config.prefix))) {
        config.prefix = value;
    }
    faults.note(text::one_of("filesystem.sftpconfig.buffer_size", config.buffer_size, 0..=16));
    faults.note(text::one_of("filesystem.sftpconfig.equality_check_mode", config.equality_check_mode, 0..=1));
    config.fingerprints.retain(|fingerprint| !fingerprint.trim().is_empty());
    text::dedupe(&mut config.fingerprints);
    let has_known_scheme = ["socks5://", "socks4://", "socks4a://"]
        .iter()
        .any(|scheme| config.socks_proxy.strip_prefix(scheme).is_some_and(|address| !address.is_empty()));
    if !config.socks_proxy.is_empty() && !has_known_scheme {
        let message = format!("invalid filesystem.sftpconfig.socks_proxy {:?}", config.socks_proxy);
        faults.note(Err(FieldError::new("filesystem.sftpconfig.socks_proxy", message)));
    }
    faults.end()
}

/// FFS-001, FFS-002
fn ftp(config: &mut FtpFsConfig) -> Checked {
    let mut faults = Faults::default();
    if let Some(value) = faults.take(host_and_port("filesystem.ftpconfig.endpoint", &config.endpoint)) {
        config.endpoint = value;
    }
    if config.username.is_empty() {
        faults.note(Err(missing("filesystem.ftpconfig.username")));
    }
    if config.password.is_empty() {
        faults.note(Err(missing("filesystem.ftpconfig.password")));
    }
    faults.note(remote_directory("filesystem.ftpconfig.remote_directory", &mut config.remote_directory));
    faults.note(text::one_of("filesystem.ftpconfig.tls_mode", config.tls_mode, 0..=2));
    faults.end()
}

/// HFS-001, HFS-017
fn http(config: &mut HttpFsConfig) -> Checked {
    let mut faults = Faults::default();
    config.endpoint = config.endpoint.trim().trim_end_matches('/').to_owned();
    faults.note(web_address("filesystem.httpconfig.endpoint", &config.endpoint));
    faults.note(remote_directory("filesystem.httpconfig.remote_directory", &mut config.remote_directory));
    faults.note(text::one_of("filesystem.httpconfig.equality_check_mode", config.equality_check_mode, 0..=1));
    faults.end()
}

fn web_address(field: &str, address: &str) -> Checked {
    if address.is_empty() {
        return Err(missing(field));
    }
    let authority = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
    let has_host = authority.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['));
    let has_port = authority.and_then(text::port_of).is_none_or(text::is_port);
    if has_host && has_port && !address.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    Err(FieldError::new(field, format!("invalid {field} {address:?}, it must be an http or https URL")))
}

fn remote_directory(field: &str, directory: &mut String) -> Checked {
    if !directory.is_empty() {
        *directory = text::virtual_path(field, directory)?;
    }
    Ok(())
}

/// `host[:port]`, with IPv6 addresses in brackets when a port follows.
fn host_and_port(field: &str, endpoint: &str) -> Result<String, FieldError> {
    let endpoint = endpoint.trim();
    if endpoint.is_empty() {
        return Err(missing(field));
    }
    let invalid = || FieldError::new(field, format!("invalid {field} {endpoint:?}, it must be host:port"));
    let (host, port) = match endpoint.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (endpoint, None),
    };
    let is_bare = |host: &str| host.parse::<Ipv6Addr>().is_ok() || !host.contains([':', '[', ']']);
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = inner.map_or_else(|| is_bare(host), |inner| inner.parse::<Ipv6Addr>().is_ok());
    if !is_host
        || host.is_empty()
        || host.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/')
        || !port.is_none_or(text::is_port)
    {
        return Err(invalid());
    }
    Ok(endpoint.to_owned())
}

pub(super) fn missing(field: &str) -> FieldError {
    FieldError::new(field, format!("{field} is mandatory"))
}
