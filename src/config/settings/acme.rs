//! Section `acme`.

use serde::Deserialize;

/// Section `acme`: certificates from an authority that speaks ACME (RFC 8555).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    /// Certificates to obtain: the names of each, separated by commas or spaces; empty is off.
    pub domains: Vec<String>,
    /// Address that the certificate authority may write to.
    pub email: String,
    /// Kind of the keys of certificates: bits of RSA, or P256 or P384.
    pub key_type: String,
    /// Folder of accounts, certificates and their keys.
    pub certs_path: String,
    /// Address of the directory of the certificate authority.
    pub ca_endpoint: String,
    /// A certificate is renewed when fewer days are left.
    pub renew_days: u32,
    /// Proof over HTTP.
    pub http01_challenge: Http01Challenge,
    /// Proof over TLS.
    pub tls_alpn01_challenge: TlsAlpn01Challenge,
}

/// Proof over HTTP (RFC 8555 section 8.3).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http01Challenge {
    /// Port where it is answered, if no binding of `httpd` has it; 0 without webroot turns it off.
    pub port: u16,
    /// Header that a proxy puts the host name in; empty is Host.
    pub proxy_header: String,
    /// Folder of another web server where answers are written instead.
    pub webroot: String,
}

/// Proof over TLS (RFC 8737).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsAlpn01Challenge {
    /// Port where it is answered, if no HTTPS binding has it; 0 turns it off.
    pub port: u16,
}

impl Acme {
    /// The names of each certificate, in lower case; the first is the one that its files are called by (ACME-001).
    pub fn certificates(&self) -> Vec<Vec<String>> {
        self.domains.iter().map(|entry| names(entry)).filter(|names| !names.is_empty()).collect()
    }
}

/// The names in an entry of `acme.domains`, each once.
pub(crate) fn names(entry: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in entry.split([',', ' ', '\t']).map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Why a name cannot be proven here; `None` if it can.
pub(crate) fn name_problem(name: &str) -> Option<&'static str> {
    let is_label = |label: &str| {
        let is_inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    if name.starts_with("*.") {
        Some("a wildcard needs the DNS-01 challenge, which this server does not offer: list the names one by one")
    } else if name.parse::<std::net::IpAddr>().is_ok() {
        Some("an IP address; certificates are obtained for names")
    } else if !name.is_ascii() {
        Some("not ASCII; write international names in their xn-- form")
    } else if name.len() > 253 || !name.contains('.') || !name.split('.').all(is_label) {
        Some("not a full domain name, as files.example.com is")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // ACME-001
    #[test]
    fn names_of_an_entry_are_separated_by_commas_or_spaces() {
        assert_eq!(
            names(" Files.example.com,ftp.example.com  www.example.com, files.example.com"),
            ["files.example.com", "ftp.example.com", "www.example.com"]
        );
        assert!(names(" , ").is_empty());
    }

    // ACME-006
    #[test]
    fn only_names_that_can_be_proven_are_taken() {
        for good in ["a.example", "xn--bcher-kva.example", "a_b.c-d.example.com"] {
            assert_eq!(name_problem(good), None, "{good}");
        }
        for bad in [
            "*.example.com",
            "192.0.2.1",
            "2001:db8::1",
            "bücher.example",
            "localhost",
            "a..b",
            "-a.example",
            "a b.c",
            "http://a.b",
        ] {
            assert!(name_problem(bad).is_some(), "{bad}");
        }
    }
}
