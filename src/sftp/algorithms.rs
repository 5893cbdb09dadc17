//! Which algorithms are offered, and which are accepted in the settings.
//!
//! Defaults are for today: hybrid post-quantum and curve25519 key exchange, authenticated ciphers first, MACs only in
//! encrypt-then-MAC, no NIST curves, no SHA-1. Everything the reference product knows stays an accepted name, so that an
//! existing configuration loads (SSH-039 … SSH-046); what this build lacks is passed over with a warning.

use std::borrow::Cow;

use russh::{
    Preferred, cipher, compression, kex,
    keys::{Algorithm, EcdsaCurve, HashAlg},
    mac,
};

/// A name that no list knows: a fatal error at start (SSH-045).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{list}: {name:?} is no algorithm that is known here; known are: {known}")]
pub struct UnknownAlgorithm {
    /// Setting it stands in.
    pub list: &'static str,
    /// The name.
    pub name: String,
    /// Names that would be right.
    pub known: String,
}

/// The lists as the settings have them; an empty one stands for the defaults.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlgorithmLists<'a> {
    /// `sftpd.host_key_algorithms`
    pub host_key: &'a [String],
    /// `sftpd.kex_algorithms`
    pub kex: &'a [String],
    /// `sftpd.ciphers`
    pub ciphers: &'a [String],
    /// `sftpd.macs`
    pub macs: &'a [String],
    /// `sftpd.public_key_algorithms`
    pub public_key: &'a [String],
}

/// Final lists, in order of preference (SSH-047).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithms {
    /// Key exchange.
    pub kex: Vec<String>,
    /// Host keys.
    pub host_key: Vec<String>,
    /// Ciphers.
    pub ciphers: Vec<String>,
    /// MACs.
    pub macs: Vec<String>,
    /// Keys and signatures of users.
    pub public_key: Vec<String>,
}

const KEX: &[&str] =
    &["mlkem768x25519-sha256", "curve25519-sha256", "curve25519-sha256@libssh.org", "diffie-hellman-group16-sha512"];
const KEX_OPTIONAL: &[&str] = &[
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group-exchange-sha256",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group1-sha1",
    "diffie-hellman-group-exchange-sha1",
];
/// SSH-041
const KEX_IGNORED: &[&str] = &["diffie-hellman-group18-sha512"];

/// ECDSA is offered only where a key of that type exists: an imported one.
const HOST_KEY: &[&str] =
    &["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-512", "rsa-sha2-256"];
const HOST_KEY_OPTIONAL: &[&str] = &["ssh-rsa"];

const CIPHERS: &[&str] = &[
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes192-ctr",
    "aes256-ctr",
];
const CIPHERS_OPTIONAL: &[&str] = &["aes128-cbc"];
/// SSH-042
const CIPHERS_IGNORED: &[&str] = &["aes192-cbc", "aes256-cbc", "3des-cbc", "arcfour256", "arcfour128", "arcfour"];

const MACS: &[&str] = &["hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com"];
const MACS_OPTIONAL: &[&str] = &["hmac-sha2-256", "hmac-sha2-512", "hmac-sha1", "hmac-sha1-etm@openssh.com"];
const MACS_IGNORED: &[&str] = &["hmac-sha1-96"];

const PUBLIC_KEY: &[&str] = &[
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-256",
];
const PUBLIC_KEY_OPTIONAL: &[&str] = &["ssh-rsa"];
const PUBLIC_KEY_IGNORED: &[&str] = &["ssh-dss"];

/// One list of the settings: its name, and the three kinds of names in it.
struct Catalogue {
    list: &'static str,
    default: &'static [&'static str],
    optional: &'static [&'static str],
    ignored: &'static [&'static str],
}

impl Catalogue {
    /// Resolves a configured list. Duplicates keep their first place. A name with a `+` is added to the others, and to the
    /// defaults where there are none (as in OpenSSH's lists): what other servers were told may not exist here, and is passed
    /// over.
    fn resolve(&self, configured: &[String]) -> Result<Vec<String>, UnknownAlgorithm> {
        let is_added = |name: &String| name.starts_with('+');
        let mut names: Vec<String> = Vec::new();
        if configured.iter().all(is_added) {
            names.extend(self.default.iter().map(|&name| name.to_owned()));
        }
        for configured in configured {
            let name = &configured.trim_start_matches('+').to_owned();
            let is_known = self.default.contains(&name.as_str()) || self.optional.contains(&name.as_str());
            // SSH-046
            if self.ignored.contains(&name.as_str())
                || name.ends_with("-cert-v01@openssh.com")
                || (!is_known && is_added(configured))
            {
                tracing::warn!(list = self.list, name, "algorithm without effect in this build");
            } else if !is_known {
                let known = self.default.iter().chain(self.optional).copied().collect::<Vec<_>>().join(", ");
                return Err(UnknownAlgorithm { list: self.list, name: name.clone(), known });
            } else if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Ok(names)
    }
}

impl Algorithms {
    /// Resolves the lists of the settings.
    ///
    /// # Errors
    /// A name that no list knows.
    pub fn resolve(lists: &AlgorithmLists<'_>) -> Result<Self, UnknownAlgorithm> {
        let kex = Catalogue { list: "kex_algorithms", default: KEX, optional: KEX_OPTIONAL, ignored: KEX_IGNORED };
        let host_key = Catalogue { list: "host_key_algorithms", default: HOST_KEY, optional: HOST_KEY_OPTIONAL, ignored: &[] };
        let ciphers = Catalogue { list: "ciphers", default: CIPHERS, optional: CIPHERS_OPTIONAL, ignored: CIPHERS_IGNORED };
        let macs = Catalogue { list: "macs", default: MACS, optional: MACS_OPTIONAL, ignored: MACS_IGNORED };
        let public_key = Catalogue {
            list: "public_key_algorithms",
            default: PUBLIC_KEY,
            optional: PUBLIC_KEY_OPTIONAL,
            ignored: PUBLIC_KEY_IGNORED,
        };
        Ok(Self {
            kex: with_alias(kex.resolve(lists.kex)?),
            host_key: host_key.resolve(lists.host_key)?,
            ciphers: ciphers.resolve(lists.ciphers)?,
            macs: macs.resolve(lists.macs)?,
            public_key: public_key.resolve(lists.public_key)?,
        })
    }

    /// What russh is told to offer.
    pub fn preferred(&self) -> Preferred {
        // One list serves two ends: host keys (limited to those we have), and the signatures of users that we announce
        // (RFC 8308 server-sig-algs). ssh-rsa of users must not become one of the host.
        let mut keys = algorithms(&self.host_key);
        keys.extend(algorithms(&self.public_key).into_iter().filter(|key| !matches!(key, Algorithm::Rsa { hash: None })));
        let mut kex = named(&self.kex, |name| kex::Name::try_from(name).ok());
        kex.extend([kex::EXTENSION_SUPPORT_AS_SERVER, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER]);
        Preferred {
            kex: Cow::Owned(kex),
            key: Cow::Owned(deduplicated(keys)),
            host_key_certificates: Cow::Borrowed(&[]),
            cipher: Cow::Owned(named(&self.ciphers, |name| cipher::Name::try_from(name).ok())),
            mac: Cow::Owned(named(&self.macs, |name| mac::Name::try_from(name).ok())),
            // Files are mostly compressed already; deflate would bound the throughput.
            compression: Cow::Owned(vec![compression::NONE]),
        }
    }

    /// The same with AES-GCM alone, if both its sizes or one of them are configured.
    pub fn preferred_gcm(&self) -> Option<Preferred> {
        let preferred = self.preferred();
        let gcm: Vec<_> =
            preferred.cipher.iter().filter(|name| matches!(**name, cipher::AES_128_GCM | cipher::AES_256_GCM)).copied().collect();
        (!gcm.is_empty()).then_some(Preferred { cipher: Cow::Owned(gcm), ..preferred })
    }

    /// The first algorithm of the lists that is not secure (SSH-021): whatever uses SHA-1 or CBC.
    pub fn insecure(&self) -> Option<&str> {
        let all = [&self.kex, &self.host_key, &self.ciphers, &self.macs, &self.public_key];
        all.into_iter().flatten().map(String::as_str).find(|name| is_weak(name))
    }

    /// Whether a host key of this algorithm may be offered.
    pub fn offers_host_key(&self, key: &Algorithm) -> bool {
        let list = algorithms(&self.host_key);
        match key {
            Algorithm::Rsa { .. } => list.iter().any(|known| matches!(known, Algorithm::Rsa { .. })),
            other => list.contains(other),
        }
    }

    /// The signatures with which a host key is offered.
    pub fn signatures_of(&self, key: &Algorithm) -> Vec<String> {
        let fits = |name: &&String| match (algorithms(std::slice::from_ref(*name)).first(), key) {
            (Some(Algorithm::Rsa { .. }), Algorithm::Rsa { .. }) => true,
            (Some(found), key) => found == key,
            (None, _) => false,
        };
        self.host_key.iter().filter(fits).cloned().collect()
    }

    /// Whether a user may sign with this algorithm.
    pub fn accepts_signature(&self, signature: &Algorithm) -> bool {
        algorithms(&self.public_key).contains(signature)
    }
}

/// Whether an algorithm is outside of the secure set (SSH-021, ACC-328): whatever uses SHA-1 or CBC.
pub fn is_weak(name: &str) -> bool {
    name.contains("sha1") || name.ends_with("-cbc") || name == "ssh-rsa"
}

/// SSH-041: either spelling enables both.
fn with_alias(mut names: Vec<String>) -> Vec<String> {
    const BOTH: [&str; 2] = ["curve25519-sha256", "curve25519-sha256@libssh.org"];
    if let Some(at) = names.iter().position(|name| BOTH.contains(&name.as_str())) {
        for name in BOTH {
            if !names.iter().any(|known| known == name) {
                names.insert(at + 1, name.to_owned());
            }
        }
    }
    names
}

fn named<N>(names: &[String], known: impl Fn(&str) -> Option<N>) -> Vec<N> {
    names.iter().filter_map(|name| known(name)).collect()
}

fn deduplicated(keys: Vec<Algorithm>) -> Vec<Algorithm> {
    let mut unique = Vec::with_capacity(keys.len());
    for key in keys {
        if !unique.contains(&key) {
            unique.push(key);
        }
    }
    unique
}

fn algorithms(names: &[String]) -> Vec<Algorithm> {
    named(names, |name| {
        Some(match name {
            "ssh-ed25519" => Algorithm::Ed25519,
            "sk-ssh-ed25519@openssh.com" => Algorithm::SkEd25519,
            "sk-ecdsa-sha2-nistp256@openssh.com" => Algorithm::SkEcdsaSha2NistP256,
            "ecdsa-sha2-nistp256" => Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
            "ecdsa-sha2-nistp384" => Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
            "ecdsa-sha2-nistp521" => Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
            "rsa-sha2-512" => Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
            "rsa-sha2-256" => Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
            "ssh-rsa" => Algorithm::Rsa { hash: None },
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests;
