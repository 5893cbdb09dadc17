//! What the first key exchange of a connection agrees on.
//!
//! russh does not tell. But both sides' lists are known, and the rule is fixed (RFC 4253 section 7.1): the first name of the
//! client's list that the server has. A client may agree on something else in a later exchange of keys; that one is not seen.

use std::fmt;

use crate::{algorithms::is_weak, cipher_choice::ClientLists};

/// Names in force after the first key exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// Key exchange.
    pub kex: String,
    /// Host key.
    pub host_key: String,
    /// Cipher towards us; russh takes the same for the other direction.
    pub cipher: String,
    /// MAC; none with a cipher that authenticates.
    pub mac: Option<String>,
}

impl fmt::Display for Negotiated {
    /// As the log has it (SSH-030): key exchange, host key, cipher, and MAC if there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} - {} - {}", self.kex, self.host_key, self.cipher)?;
        self.mac.as_ref().map_or(Ok(()), |mac| write!(f, " - {mac}"))
    }
}

/// The server's side.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    /// Key exchange.
    pub kex: &'a [String],
    /// Host keys, of types that are there.
    pub host_key: &'a [String],
    /// Ciphers.
    pub ciphers: &'a [String],
    /// MACs.
    pub macs: &'a [String],
}

impl Negotiated {
    /// What both agree on; `None` where they do not.
    pub fn of(client: &ClientLists, server: Offered<'_>) -> Option<Self> {
        let cipher = first(&client.to_server, server.ciphers)?;
        let is_authenticated = cipher.contains("gcm") || cipher.contains("poly1305");
        Some(Self {
            kex: first(&client.kex, server.kex)?,
            host_key: first(&client.host_key, server.host_key)?,
            mac: if is_authenticated { None } else { Some(first(&client.macs, server.macs)?) },
            cipher,
        })
    }

    /// The first name that is not secure (SSH-021).
    pub fn insecure(&self) -> Option<&str> {
        let all = [Some(&self.kex), Some(&self.host_key), Some(&self.cipher), self.mac.as_ref()];
        all.into_iter().flatten().map(String::as_str).find(|name| is_weak(name))
    }
}

fn first(client: &str, server: &[String]) -> Option<String> {
    client.split(',').find(|name| server.iter().any(|known| known == name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(kex: &str, cipher: &str, macs: &str) -> ClientLists {
        let (kex, to_server, macs) = (kex.to_owned(), cipher.to_owned(), macs.to_owned());
        ClientLists { kex, host_key: "rsa-sha2-512,ssh-ed25519".to_owned(), to_client: to_server.clone(), to_server, macs }
    }

    // RFC 4253 section 7.1, SSH-021
    #[test]
    fn the_clients_order_decides_and_weak_names_are_found() {
        let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let (kex, host_key) = (names(&["curve25519-sha256", "diffie-hellman-group14-sha1"]), names(&["ssh-ed25519"]));
        let (ciphers, macs) =
            (names(&["aes128-gcm@openssh.com", "aes128-ctr", "aes128-cbc"]), names(&["hmac-sha2-256", "hmac-sha1"]));
        let server = Offered { kex: &kex, host_key: &host_key, ciphers: &ciphers, macs: &macs };
        let agreed = |kex, cipher, macs| Negotiated::of(&client(kex, cipher, macs), server);
        let best = agreed("x,curve25519-sha256", "aes128-gcm@openssh.com", "hmac-sha1").expect("agreed");
        // SSH-030
        assert_eq!(best.to_string(), "curve25519-sha256 - ssh-ed25519 - aes128-gcm@openssh.com");
        assert_eq!((best.mac.as_deref(), best.host_key.as_str(), best.insecure()), (None, "ssh-ed25519", None));
        for (kex, cipher, mac, weak) in [
            ("curve25519-sha256", "aes128-ctr", "hmac-sha2-256,hmac-sha1", None),
            ("curve25519-sha256", "aes128-ctr", "hmac-sha1,hmac-sha2-256", Some("hmac-sha1")),
            ("curve25519-sha256", "aes128-cbc", "hmac-sha2-256", Some("aes128-cbc")),
            ("diffie-hellman-group14-sha1", "aes128-ctr", "hmac-sha2-256", Some("diffie-hellman-group14-sha1")),
        ] {
            assert_eq!(agreed(kex, cipher, mac).expect("agreed").insecure(), weak);
        }
        assert_eq!(agreed("nothing", "aes128-ctr", "hmac-sha1"), None);
    }
}
