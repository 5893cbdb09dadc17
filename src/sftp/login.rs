//! SSH authentication (RFC 4252) as calls to `core`.

use std::sync::Arc;

use entrepot_core::{Attempt, Authenticated, Core, Credentials, Dialogue, Error, Factor, FirstFactor, Peer, Step};
use entrepot_model::Protocol;
use entrepot_secrets::Sensitive;
use russh::{
    MethodKind, MethodSet,
    keys::{Algorithm, Certificate, HashAlg, PublicKey, ssh_key::public::KeyData},
    server::Auth,
};

use crate::{
    algorithms::{Algorithms, is_weak},
    authority::{Authorities, describe},
    negotiated::Negotiated,
};

/// Smallest RSA key of a user in bits (SSH-012).
const MIN_RSA_BITS: usize = 2048;

/// What the logins of all connections share.
#[derive(Debug)]
pub struct LoginRules {
    /// Methods that the settings allow.
    pub methods: MethodSet,
    /// Algorithms in force.
    pub algorithms: Arc<Algorithms>,
    /// Whose certificates count.
    pub authorities: Authorities,
}

/// The login of one connection.
pub struct Login {
    core: Core,
    peer: Peer,
    rules: Arc<LoginRules>,
    /// What the connection agreed on; `None` where it is not known.
    negotiated: Option<Negotiated>,
    /// Attempts that the connection has; `None` = no limit.
    tries: Option<usize>,
    /// A first step that was right, and the name it was made under.
    first: Option<(String, FirstFactor)>,
    /// A dialogue that is going on.
    talk: Option<Talk>,
    /// Attempts that failed.
    failures: usize,
    /// The name under which a key was asked about that is not known, and its fingerprint; nothing else failed so far.
    unknown_key: Option<(String, String)>,
    /// Whether `core` saw an attempt.
    is_recorded: bool,
    /// Algorithm of the key that was offered last.
    signature: String,
    authenticated: Option<Authenticated>,
    /// Why somebody who is in can open nothing (SSH-023).
    fault: Option<Error>,
}

/// A dialogue that is going on: what it asks for, and what was answered.
struct Talk {
    user: String,
    asks: Dialogue,
    password: Option<Sensitive<String>>,
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

fn kind(factor: Factor) -> MethodKind {
    match factor {
        Factor::Key => MethodKind::PublicKey,
        Factor::Password => MethodKind::Password,
        Factor::Dialogue => MethodKind::KeyboardInteractive,
    }
}

impl Login {
    /// A connection that nobody has logged in on, and that has `tries` attempts.
    pub fn new(core: Core, peer: Peer, rules: Arc<LoginRules>, negotiated: Option<Negotiated>, tries: Option<usize>) -> Self {
        let signature = String::new();
        Self {
            core,
            peer,
            rules,
            negotiated,
            tries,
            first: None,
            talk: None,
            failures: 0,
            unknown_key: None,
            is_recorded: false,
            signature,
            authenticated: None,
            fault: None,
        }
    }

    /// The account, once there is one.
    ///
    /// # Errors
    /// A text for the client: nobody is in, or the account's root cannot be used (SSH-023).
    pub fn authenticated(&self) -> Result<&Authenticated, String> {
        match (&self.authenticated, &self.fault) {
            (Some(authenticated), _) => Ok(authenticated),
            (None, Some(fault)) => Err(format!("the root file system is invalid: {fault}")),
            (None, None) => Err("not logged in".to_owned()),
        }
    }

    /// The settings in force now.
    pub fn settings(&self) -> Arc<entrepot_config::Settings> {
        self.core.settings()
    }

    /// The first step that was made under this name.
    fn first_step(&self, user: &str) -> Option<&FirstFactor> {
        self.first.as_ref().filter(|(name, _)| name == user).map(|(_, first)| first)
    }

    /// Methods that may go on from here: russh would strike the one that failed.
    fn allowed(&self, user: &str) -> MethodSet {
        let Some(first) = self.first_step(user) else { return self.rules.methods.clone() };
        let kinds: Vec<MethodKind> =
            first.next().iter().map(|factor| kind(*factor)).filter(|kind| self.rules.methods.contains(kind)).collect();
        MethodSet::from(kinds.as_slice())
    }

    /// The answer to the question for methods: it is no attempt.
    pub fn list_methods(&self, user: &str) -> Auth {
        Auth::Reject { proceed_with_methods: Some(self.allowed(user)), partial_success: false }
    }

    /// The answer to an attempt that failed.
    pub fn reject(&mut self, user: &str) -> Auth {
        self.failures += 1;
        self.list_methods(user)
    }

    /// SSH-005. russh counts the question for methods as an attempt, so it is given one more, and the others are counted
    /// here.
    ///
    /// # Errors
    /// One too many: the connection is to end.
    pub fn may_try(&self) -> Result<(), russh::Error> {
        match self.tries {
            Some(tries) if self.failures >= tries => Err(russh::Error::Disconnect),
            _ => Ok(()),
        }
    }

    fn attempt(&self, user: &str) -> Attempt {
        Attempt { username: user.to_owned(), protocol: Protocol::Ssh, peer: self.peer.clone() }
    }

    async fn try_credentials(&mut self, user: &str, method: MethodKind, credentials: Credentials<'_>) -> Auth {
        if self.first.as_ref().is_some_and(|(name, _)| name != user) {
            // ACC-094
            self.first = None;
        }
        if !self.allowed(user).contains(&method) {
            return self.reject(user);
        }
        self.is_recorded = true;
        match self.core.authenticate_step(&self.attempt(user), credentials, self.first_step(user)).await {
            Ok(Step::In(authenticated)) if !self.is_secure_enough(&authenticated, method) => self.reject(user),
            Ok(Step::In(authenticated)) => {
                self.authenticated = Some(authenticated);
                Auth::Accept
            }
            Ok(Step::On(first)) => {
                let before = self.first.replace((user.to_owned(), first));
                let next = self.allowed(user);
                if next.is_empty() {
                    // SSH-006: the settings leave no second step.
                    tracing::info!(username = user, "login denied: the settings offer none of the second steps");
                    self.first = before;
                    return self.reject(user);
                }
                Auth::Reject { proceed_with_methods: Some(next), partial_success: true }
            }
            Ok(Step::Homeless(error)) => {
                self.fault = Some(error);
                Auth::Accept
            }
            // The reason stands in the log; the client learns that it failed (ACC-077).
            Err(_) => self.reject(user),
        }
    }

    /// SSH-021, SSH-059. Where it is not known what was agreed on, an account that asks for secure algorithms gets in only
    /// if nothing else is offered.
    fn is_secure_enough(&self, authenticated: &Authenticated, method: MethodKind) -> bool {
        let user = &authenticated.user().user;
        if !user.filters.base.enforce_secure_algorithms {
            return true;
        }
        let signature = Some(self.signature.as_str()).filter(|name| method == MethodKind::PublicKey && is_weak(name));
        let agreed = match &self.negotiated {
            Some(agreed) => agreed.insecure(),
            None => self.rules.algorithms.insecure(),
        };
        let Some(algorithm) = signature.or(agreed) else { return true };
        tracing::info!(
            username = user.username, ip = %self.peer.remote.ip(), rule = "enforce_secure_algorithms", algorithm,
            "login denied: the connection uses an algorithm that is not secure"
        );
        false
    }

    /// Method `password`.
    pub async fn password(&mut self, user: &str, password: &str) -> Auth {
        self.try_credentials(user, MethodKind::Password, Credentials::Password(password)).await
    }

    /// Method `keyboard-interactive` (RFC 4256) begins: the first prompt (SSH-017, SSH-019).
    pub async fn begin_dialogue(&mut self, user: &str) -> Auth {
        if !self.allowed(user).contains(&MethodKind::KeyboardInteractive) {
            return self.reject(user);
        }
        let asks = self.core.dialogue(&self.attempt(user), self.first_step(user)).await;
        self.talk = Some(Talk { user: user.to_owned(), asks, password: None });
        if asks.password { prompt("Password: ") } else { prompt("Authentication code: ") }
    }

    /// An answer of the dialogue: the next prompt, or the check. The code is asked for whether or not the password was right:
    /// whoever guesses passwords must not learn it from that.
    pub async fn go_on_with_dialogue(&mut self, user: &str, answer: Option<&str>) -> Auth {
        let (Some(talk), Some(answer)) = (self.talk.take(), answer) else { return self.reject(user) };
        if talk.user != user {
            return self.reject(user);
        }
        if talk.asks.password && talk.asks.passcode && talk.password.is_none() {
            self.talk = Some(Talk { password: Some(Sensitive::new(answer.to_owned())), ..talk });
            return prompt("Authentication code: ");
        }
        let password = talk.password.as_ref().map(|password| password.expose().as_str());
        let credentials = if talk.asks.passcode {
            Credentials::KeyboardInteractive { password, passcode: Some(answer) }
        } else {
            Credentials::KeyboardInteractive { password: Some(answer), passcode: None }
        };
        self.try_credentials(user, MethodKind::KeyboardInteractive, credentials).await
    }

    /// Whether a signature with this key would be looked at. It grants and counts nothing.
    ///
    /// russh asks this of a key and of a certificate for it in the same words. So where authorities are trusted, every key
    /// is worth a signature.
    pub async fn is_key_welcome(&mut self, user: &str, key: &PublicKey, signature: &Algorithm) -> bool {
        signature.as_str().clone_into(&mut self.signature);
        if !self.allowed(user).contains(&MethodKind::PublicKey) {
            return false;
        }
        let Some(authorized) = self.authorized(key, signature) else { return false };
        if !self.rules.authorities.is_empty() || self.core.is_public_key_known(&self.attempt(user), &authorized).await {
            return true;
        }
        self.unknown_key = Some((user.to_owned(), key.fingerprint(HashAlg::Sha256).to_string()));
        false
    }

    /// Method `publickey`, the signature being verified.
    pub async fn public_key(&mut self, user: &str, key: &PublicKey, signature: &Algorithm) -> Auth {
        signature.as_str().clone_into(&mut self.signature);
        let Some(authorized) = self.authorized(key, signature) else { return self.reject(user) };
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        let credentials = Credentials::PublicKey { authorized: &authorized, fingerprint: &fingerprint };
        self.try_credentials(user, MethodKind::PublicKey, credentials).await
    }

    /// Method `publickey` with a certificate; its two signatures are verified, and [`Login::is_key_welcome`] took the
    /// algorithm of the client's.
    pub async fn certificate(&mut self, user: &str, certificate: &Certificate) -> Auth {
        let description = describe(certificate, &self.signature);
        let signed_with = certificate.signature().algorithm();
        let (ip, now) = (self.peer.remote.ip(), self.core.clock().seconds());
        let checked = if self.rules.algorithms.accepts_signature(&signed_with) {
            self.rules.authorities.check(certificate, user, ip, now).await
        } else {
            Err(format!("the authority signed with {signed_with}, which is not accepted"))
        };
        let credentials = Credentials::Certificate { description: &description };
        if let Err(reason) = checked {
            self.core.refuse_login(&self.attempt(user), credentials, format!("{reason}: {description}")).await;
            return self.reject(user);
        }
        self.try_credentials(user, MethodKind::PublicKey, credentials).await
    }

    /// The key as an authorized-keys line has it; `None` if it is not acceptable whoever shows it.
    fn authorized(&self, key: &PublicKey, signature: &Algorithm) -> Option<String> {
        if !self.rules.algorithms.accepts_signature(signature) || is_too_small(key) {
            return None;
        }
        let line = PublicKey::new(key.key_data().clone(), "").to_openssh().ok()?;
        Some(line.trim_end().to_owned())
    }
}

impl Drop for Login {
    /// Clients ask about several keys before one fits, and what never fits is a failed login too (SSH-013).
    fn drop(&mut self) {
        if self.is_recorded {
            return;
        }
        let Some((user, fingerprint)) = self.unknown_key.take() else { return };
        let (core, attempt) = (self.core.clone(), self.attempt(&user));
        self.core.tasks().spawn(async move { core.note_unknown_keys(&attempt, &fingerprint).await });
    }
}

fn prompt(text: &'static str) -> Auth {
    Auth::Partial { name: "".into(), instructions: "".into(), prompts: vec![(text.into(), false)].into() }
}

/// SSH-012
pub(crate) fn is_too_small(key: &PublicKey) -> bool {
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
