//! Protocols and login methods as account filters name them.

/// A door that account filters can close (ACC-032).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// SFTP, SCP and SSH commands.
    Ssh,
    /// FTP and FTPS.
    Ftp,
    /// WebDAV.
    Dav,
    /// WebClient and user REST API.
    Http,
}

impl Protocol {
    /// All values.
    pub const ALL: [Self; 4] = [Self::Ssh, Self::Ftp, Self::Dav, Self::Http];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "SSH",
            Self::Ftp => "FTP",
            Self::Dav => "DAV",
            Self::Http => "HTTP",
        }
    }

    /// The protocol called `name` on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == name)
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A way to log in that account filters can close (ACC-031, ACC-095).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LoginMethod {
    /// SSH public key alone.
    PublicKey,
    /// Password, over any protocol.
    Password,
    /// Password over SSH.
    PasswordOverSsh,
    /// SSH keyboard-interactive.
    KeyboardInteractive,
    /// Public key, then password.
    PublicKeyPassword,
    /// Public key, then keyboard-interactive.
    PublicKeyKeyboardInteractive,
    /// TLS client certificate alone.
    TlsCertificate,
    /// TLS client certificate and password.
    TlsCertificatePassword,
    /// Password, then public key (extension value).
    PasswordPublicKey,
    /// Keyboard-interactive, then public key (extension value).
    KeyboardInteractivePublicKey,
}

impl LoginMethod {
    /// All values; the first eight are those of the REST document.
    pub const ALL: [Self; 10] = [
        Self::PublicKey,
        Self::Password,
        Self::PasswordOverSsh,
        Self::KeyboardInteractive,
        Self::PublicKeyPassword,
        Self::PublicKeyKeyboardInteractive,
        Self::TlsCertificate,
        Self::TlsCertificatePassword,
        Self::PasswordPublicKey,
        Self::KeyboardInteractivePublicKey,
    ];

    /// How many of [`LoginMethod::ALL`] the REST document knows.
    pub const DOCUMENTED: usize = 8;

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PublicKey => "publickey",
            Self::Password => "password",
            Self::PasswordOverSsh => "password-over-SSH",
            Self::KeyboardInteractive => "keyboard-interactive",
            Self::PublicKeyPassword => "publickey+password",
            Self::PublicKeyKeyboardInteractive => "publickey+keyboard-interactive",
            Self::TlsCertificate => "TLSCertificate",
            Self::TlsCertificatePassword => "TLSCertificate+password",
            Self::PasswordPublicKey => "password+publickey",
            Self::KeyboardInteractivePublicKey => "keyboard-interactive+publickey",
        }
    }

    /// The method called `name` on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.as_str() == name)
    }

    /// Whether it takes more than one step (ACC-088, ACC-095).
    pub fn is_multi_step(self) -> bool {
        self.as_str().contains('+')
    }
}

impl std::fmt::Display for LoginMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_values() {
        // ACC-031, ACC-032
        for method in LoginMethod::ALL {
            assert_eq!(LoginMethod::from_name(method.as_str()), Some(method));
        }
        for protocol in Protocol::ALL {
            assert_eq!(Protocol::from_name(protocol.as_str()), Some(protocol));
        }
        assert_eq!(LoginMethod::from_name("pigeon"), None);
        assert!(LoginMethod::PasswordPublicKey.is_multi_step() && !LoginMethod::PasswordOverSsh.is_multi_step());
    }
}
