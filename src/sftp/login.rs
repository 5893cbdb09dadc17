//! SSH authentication (RFC 4252) as calls to `core`.

use std::sync::Arc;

use entrepot_core::{Attempt, Authenticated, Core, Credentials, Peer};
use entrepot_model::Protocol;
use russh::{
    MethodKind, MethodSet,
    keys::{Algorithm, HashAlg, PublicKey, ssh_key::public::KeyData},
    server::Auth,
};

use crate::algorithms::Algorithms;

/// Smallest RSA key of a user in bits (SSH-012).
const MIN_RSA_BITS: usize = 2048;

/// The login of one connection.
pub struct Login {
    core: Core,
    peer: Peer,
    methods: MethodSet,
    algorithms: Arc<Algorithms>,
    authenticated: Option<Authenticated>,
}

/// Which methods the settings allow (SSH-006).
pub fn methods(password: bool, keyboard_interactive: bool) -> MethodSet {
    let mut methods = MethodSet::empty();
    methods.push(MethodKind::PublicKey);
    if password {
        methods.push(MethodKind::Password);
    }
    if keyboard_interactive {
        methods.push(MethodKind::KeyboardInteractive);
    }
    methods
}

impl Login {
    /// A connection that nobody has logged in on.
    pub fn new(core: Core, peer: Peer, methods: MethodSet, algorithms: Arc<Algorithms>) -> Self {
        Self { core, peer, methods, algorithms, authenticated: None }
    }

    /// The account, once there is one.
    pub fn authenticated(&self) -> Option<&Authenticated> {
        self.authenticated.as_ref()
    }

    /// The list of methods stays as it is: without it russh would strike the one that failed.
    pub fn reject(&self) -> Auth {
        Auth::Reject { proceed_with_methods: Some(self.methods.clone()), partial_success: false }
    }

    fn attempt(&self, user: &str) -> Attempt {
        Attempt { username: user.to_owned(), protocol: Protocol::Ssh, peer: self.peer.clone() }
    }

    async fn try_credentials(&mut self, user: &str, method: MethodKind, credentials: Credentials<'_>) -> Auth {
        if !self.methods.contains(&method) {
            return self.reject();
        }
        match self.core.authenticate(&self.attempt(user), credentials).await {
            Ok(authenticated) if !self.is_secure_enough(&authenticated) => self.reject(),
            Ok(authenticated) => {
                self.authenticated = Some(authenticated);
                Auth::Accept
            }
            // The reason stands in the log; the client learns that it failed (ACC-077).
            Err(_) => self.reject(),
        }
    }

    /// SSH-021: russh does not tell what was negotiated, so an account that asks for secure algorithms gets in only where
    /// nothing else is offered.
    fn is_secure_enough(&self, authenticated: &Authenticated) -> bool {
        let user = &authenticated.user().user;
        match self.algorithms.insecure() {
            Some(algorithm) if user.filters.base.enforce_secure_algorithms => {
                tracing::info!(
                    username = user.username, ip = %self.peer.remote.ip(), rule = "enforce_secure_algorithms", algorithm,
                    "login denied: the server offers an algorithm that is not secure"
                );
                false
            }
            _ => true,
        }
    }

    /// Method `password`.
    pub async fn password(&mut self, user: &str, password: &str) -> Auth {
        self.try_credentials(user, MethodKind::Password, Credentials::Password(password)).await
    }

    /// Method `keyboard-interactive` (RFC 4256): without an answer yet the prompt, else the check (SSH-017).
    pub async fn keyboard_interactive(&mut self, user: &str, answer: Option<Option<&str>>) -> Auth {
        if !self.methods.contains(&MethodKind::KeyboardInteractive) {
            return self.reject();
        }
        match answer {
            None => {
                Auth::Partial { name: "".into(), instructions: "".into(), prompts: vec![("Password: ".into(), false)].into() }
            }
            Some(None) => self.reject(),
            Some(Some(password)) => {
                self.try_credentials(user, MethodKind::KeyboardInteractive, Credentials::KeyboardInteractive(password)).await
            }
        }
    }

    /// Whether a signature with this key would be looked at. It grants and counts nothing.
    pub async fn is_key_welcome(&self, user: &str, key: &PublicKey, signature: &Algorithm) -> bool {
        let Some(authorized) = self.authorized(key, signature) else { return false };
        self.core.is_public_key_known(&self.attempt(user), &authorized).await
    }

    /// Method `publickey`, the signature being verified.
    pub async fn public_key(&mut self, user: &str, key: &PublicKey, signature: &Algorithm) -> Auth {
        let Some(authorized) = self.authorized(key, signature) else { return self.reject() };
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let credentials = Credentials::PublicKey { authorized: &authorized, fingerprint: &fingerprint };
        self.try_credentials(user, MethodKind::PublicKey, credentials).await
    }

    /// The key as an authorized-keys line has it; `None` if it is not acceptable whoever shows it.
    fn authorized(&self, key: &PublicKey, signature: &Algorithm) -> Option<String> {
        if !self.algorithms.accepts_signature(signature) || is_too_small(key) {
            return None;
        }
        let line = PublicKey::new(key.key_data().clone(), "").to_openssh().ok()?;
        Some(line.trim_end().to_owned())
    }
}

/// SSH-012
fn is_too_small(key: &PublicKey) -> bool {
    match key.key_data() {
        KeyData::Rsa(rsa) => rsa.n().as_positive_bytes().is_none_or(|modulus| bits(modulus) < MIN_RSA_BITS),
        _ => false,
    }
}

/// Bits of a big-endian number.
fn bits(number: &[u8]) -> usize {
    let Some(start) = number.iter().position(|&byte| byte != 0) else { return 0 };
    let first = usize::try_from(number[start].leading_zeros()).unwrap_or(8);
    (number.len() - start) * 8 - first
}

#[cfg(test)]
mod tests {
    use super::*;

    // SSH-006
    #[test]
    fn settings_decide_which_methods_are_offered() {
        assert_eq!(methods(true, true).len(), 3);
        assert_eq!(&*methods(false, false), [MethodKind::PublicKey]);
        assert!(!methods(false, true).contains(&MethodKind::Password));
    }

    // SSH-012
    #[test]
    fn sizes_of_rsa_keys_are_counted_in_bits() {
        assert_eq!(bits(&[]), 0);
        assert_eq!(bits(&[0, 0x80, 0]), 16);
        assert_eq!(bits(&[0x01; 128]), 1017);
        assert_eq!(bits(&[&[0x80][..], &[0; 255]].concat()), 2048);
    }
}
