//! What can go wrong before a single byte is exchanged, in words an operator can act on.

use std::{
    io,
    path::{Path, PathBuf},
};

/// A listener or a certificate that cannot be had. The text names the setting to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Another program listens there.
    #[error("port {port} is in use on {address}; stop the other program or set {setting} to another port")]
    InUse {
        /// Port that was asked for.
        port: u16,
        /// Address that was asked for, in words.
        address: String,
        /// Full key of the setting, for example `sftpd.bindings[0].port`.
        setting: String,
    },
    /// The system does not let this account open the port.
    #[error(
        "port {port} may not be opened by this account: ports below 1024 need the capability CAP_NET_BIND_SERVICE; \
         grant it or set {setting} to 1024 or more"
    )]
    NotPermitted {
        /// Port that was asked for.
        port: u16,
        /// Full key of the setting.
        setting: String,
    },
    /// The address is no address of this machine.
    #[error("{address} is not an address of this machine; set {setting} to one that is, or leave it empty for all")]
    NotLocal {
        /// Address that was asked for.
        address: String,
        /// Full key of the setting.
        setting: String,
    },
    /// The address cannot be read.
    #[error("{setting} is {address:?}, which is not an IP address; leave it empty to listen on all addresses")]
    BadAddress {
        /// Text of the setting.
        address: String,
        /// Full key of the setting.
        setting: String,
    },
    /// Any other failure of a socket.
    #[error("cannot listen on {address} port {port} ({setting}): {source}")]
    Socket {
        /// Address that was asked for, in words.
        address: String,
        /// Port that was asked for.
        port: u16,
        /// Full key of the setting.
        setting: String,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate or key file cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    CertificateFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate or key is not usable.
    #[error("{path}: {reason}", path = path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting asks for something that would protect or decide and is not built.
    #[error("{setting} is set, and this build cannot do that yet; remove it to start without")]
    NotBuilt {
        /// Full key of the setting.
        setting: String,
    },
    /// A setting that should name a header does not.
    #[error("{setting} is {name:?}, which is not the name of a header")]
    Header {
        /// Full key of the setting.
        setting: String,
        /// Its text.
        name: String,
    },
    /// A TLS setting cannot be met.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server's threads cannot be started.
    #[error("cannot start the {what} service: {source}")]
    Start {
        /// Which service.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl NetError {
    /// Full key of the setting that is wrong, if one is named.
    pub fn setting(&self) -> Option<&str> {
        match self {
            Self::InUse { setting, .. }
            | Self::NotPermitted { setting, .. }
            | Self::NotLocal { setting, .. }
            | Self::BadAddress { setting, .. }
            | Self::Socket { setting, .. }
            | Self::NotBuilt { setting }
            | Self::Header { setting, .. } => setting.split(' ').next(),
            _ => None,
        }
    }

    /// The file that cannot be used, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::CertificateFile { path, .. } | Self::Certificate { path, .. } => Some(path),
            _ => None,
        }
    }
}
