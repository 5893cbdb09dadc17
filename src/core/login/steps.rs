//! Logins in two steps over SSH: which factor leads where (SSH-007, ACC-088…ACC-095).
//!
//! A first factor that was right lets nobody in: it is a [`FirstFactor`], which only this room can make, and which the
//! connection shows again with the second factor.

use entrepot_model::{EffectiveUser, LoginMethod, Protocol};

use super::{Credentials, outcome::Refusal, refuse};
use crate::{Core, accounts::Account};

/// What a client can prove itself with over SSH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factor {
    /// A key, or a certificate for one.
    Key,
    /// A password.
    Password,
    /// The dialogue of RFC 4256.
    Dialogue,
}

use Factor::{Dialogue, Key, Password};

/// The logins in two steps, and their names.
const TWO_STEPS: [(Factor, Factor, LoginMethod); 4] = [
    (Key, Password, LoginMethod::PublicKeyPassword),
    (Key, Dialogue, LoginMethod::PublicKeyKeyboardInteractive),
    (Password, Key, LoginMethod::PasswordPublicKey),
    (Dialogue, Key, LoginMethod::KeyboardInteractivePublicKey),
];

/// A first factor of an account that was right, on one connection; the second is still to come.
#[derive(Debug, Clone)]
pub struct FirstFactor {
    pub(super) username: String,
    pub(super) factor: Factor,
    next: Vec<Factor>,
}

impl FirstFactor {
    /// What may come next; never empty.
    pub fn next(&self) -> &[Factor] {
        &self.next
    }

    /// What was shown.
    pub fn factor(&self) -> Factor {
        self.factor
    }
}

/// Where credentials that fit lead.
#[derive(Debug)]
pub(super) enum Lead {
    /// Into the account, by the method of that name.
    In(LoginMethod),
    /// To a second step.
    On(FirstFactor),
}

impl Credentials<'_> {
    /// Which factor it is.
    pub(super) fn factor(&self) -> Factor {
        match self {
            Self::Password(_) | Self::PasswordAndCode { .. } => Password,
            Self::KeyboardInteractive { .. } => Dialogue,
            Self::PublicKey { .. } | Self::Certificate { .. } => Key,
        }
    }
}

/// ACC-086, ACC-087, ACC-090…ACC-095: whether the method is allowed, and where it leads.
pub(super) fn lead(
    user: &EffectiveUser,
    protocol: Protocol,
    credentials: &Credentials<'_>,
    first: Option<&FirstFactor>,
) -> Result<Lead, Refusal> {
    let factor = credentials.factor();
    if protocol != Protocol::Ssh {
        return allowed(user, LoginMethod::Password);
    }
    if let Some(first) = first {
        let pair = TWO_STEPS.iter().find(|(one, two, _)| (*one, *two) == (first.factor, factor));
        return match pair {
            Some((_, _, method)) => allowed(user, *method),
            None => refuse("denied_login_methods", "this is no second step after what was shown first"),
        };
    }
    if !needs_two_steps(user) {
        return allowed(user, single(factor));
    }
    let second = TWO_STEPS.iter().filter(|(one, _, method)| *one == factor && !user.is_method_denied(*method));
    let next: Vec<Factor> = second.map(|(_, two, _)| *two).collect();
    if next.is_empty() {
        return refuse("denied_login_methods", format!("{} is denied, and no login in two steps begins with it", single(factor)));
    }
    Ok(Lead::On(FirstFactor { username: user.user.username.clone(), factor, next }))
}

fn single(factor: Factor) -> LoginMethod {
    match factor {
        Key => LoginMethod::PublicKey,
        Password => LoginMethod::PasswordOverSsh,
        Dialogue => LoginMethod::KeyboardInteractive,
    }
}

fn allowed(user: &EffectiveUser, method: LoginMethod) -> Result<Lead, Refusal> {
    if user.is_method_denied(method) {
        return refuse("denied_login_methods", format!("{method} is denied"));
    }
    Ok(Lead::In(method))
}

/// What an account has to show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means {
    /// A key, or somebody who signs certificates.
    pub key: bool,
    /// A password, where it is asked for.
    pub password: bool,
    /// A password, where it is asked for in a dialogue.
    pub dialogue: bool,
}

impl Means {
    /// Those of an account over a protocol, as the settings offer it.
    pub(crate) fn of(core: &Core, account: &Account, protocol: Protocol) -> Self {
        let sftpd = &core.settings().sftpd;
        let (user, has_password) = (&account.user, account.password_hash().is_some());
        if protocol != Protocol::Ssh {
            let password = has_password || takes_any_password(user, protocol);
            return Self { key: false, password, dialogue: false };
        }
        Self {
            key: !user.user.public_keys.is_empty() || !sftpd.trusted_user_ca_keys.is_empty() || !sftpd.opkssh_path.is_empty(),
            password: has_password && sftpd.password_authentication,
            dialogue: has_password && sftpd.keyboard_interactive_authentication,
        }
    }

    fn has(self, factor: Factor) -> bool {
        match factor {
            Key => self.key,
            Password => self.password,
            Dialogue => self.dialogue,
        }
    }
}

/// ACC-300: anonymous accounts take any password, or none, over FTP and WebDAV.
pub(super) fn takes_any_password(user: &EffectiveUser, protocol: Protocol) -> bool {
    user.user.filters.base.is_anonymous && matches!(protocol, Protocol::Ftp | Protocol::Dav)
}

/// Whether any method leads in over the protocol: one that is allowed, and for which the account has something to show.
pub(crate) fn some_way_in(user: &EffectiveUser, protocol: Protocol, means: Means) -> Result<(), Refusal> {
    if protocol != Protocol::Ssh {
        allowed(user, LoginMethod::Password)?;
        return if means.password { Ok(()) } else { refuse("credentials", "the account has no password") };
    }
    let open = |method: LoginMethod| !user.is_method_denied(method);
    let pairs = || TWO_STEPS.iter().filter(|(_, _, method)| open(*method));
    let needs_two = needs_two_steps(user);
    if needs_two && pairs().next().is_none() {
        return refuse("denied_login_methods", "every method over SSH is denied");
    }
    let leads = if needs_two {
        pairs().any(|(one, two, _)| means.has(*one) && means.has(*two))
    } else {
        [Key, Password, Dialogue].into_iter().any(|factor| open(single(factor)) && means.has(factor))
    };
    if leads {
        return Ok(());
    }
    refuse("credentials", "the account has neither a key nor a password for any of the methods that are allowed and offered")
}

/// Every single-step method over SSH is denied (ACC-089, SSH-008).
fn needs_two_steps(user: &EffectiveUser) -> bool {
    [Key, Password, Dialogue].into_iter().all(|factor| user.is_method_denied(single(factor)))
}

#[cfg(test)]
mod tests {
    use entrepot_model::User;

    use super::*;

    const SECRET: Credentials<'static> = Credentials::Password("x");
    const KEY: Credentials<'static> = Credentials::PublicKey { authorized: "k", fingerprint: "f" };
    const TALK: Credentials<'static> = Credentials::KeyboardInteractive { password: Some("x"), passcode: None };

    fn user(denied: &[&str]) -> EffectiveUser {
        let mut user = EffectiveUser::default();
        user.user = User { username: "alice".to_owned(), ..User::default() };
        user.user.filters.base.denied_login_methods = denied.iter().map(|&name| name.to_owned()).collect();
        user
    }

    fn ways(denied: &[&str]) -> Vec<String> {
        let user = user(denied);
        let mut ways = Vec::new();
        for one in [KEY, SECRET, TALK] {
            match lead(&user, Protocol::Ssh, &one, None) {
                Ok(Lead::In(method)) => ways.push(method.to_string()),
                Ok(Lead::On(first)) => {
                    for two in [KEY, SECRET, TALK] {
                        let led = lead(&user, Protocol::Ssh, &two, Some(&first));
                        assert_eq!(led.is_ok(), first.next().contains(&two.factor()), "{one:?} {two:?}");
                        if let Ok(Lead::In(method)) = led {
                            ways.push(method.to_string());
                        }
                    }
                }
                Err(_) => {}
            }
        }
        ways
    }

    // ACC-089…ACC-095, ACC-348, SSH-008
    #[test]
    fn denied_methods_leave_the_ways_that_their_names_say() {
        assert_eq!(ways(&[]), ["publickey", "password-over-SSH", "keyboard-interactive"]);
        let single = ["publickey", "password", "keyboard-interactive"];
        let all =
            ["publickey+password", "publickey+keyboard-interactive", "password+publickey", "keyboard-interactive+publickey"];
        assert_eq!(ways(&single), all);
        assert_eq!(ways(&["publickey", "password-over-SSH", "keyboard-interactive"]), all);
        for gone in all {
            let left: Vec<&str> = all.into_iter().filter(|name| *name != gone).collect();
            assert_eq!(ways(&[&single[..], &[gone]].concat()), left);
        }
        assert!(ways(&[&single[..], &all[..]].concat()).is_empty());
        // ACC-377
        assert_eq!(ways(&[&single[..], &all[1..]].concat()), ["publickey+password"]);
        // One single step is left: a key logs in at once, or not at all.
        assert_eq!(ways(&["publickey", "password"]), ["keyboard-interactive"]);
        assert_eq!(ways(&["password", "keyboard-interactive"]), ["publickey"]);
    }

    // ACC-086
    #[test]
    fn other_protocols_know_passwords_only() {
        let user = user(&["publickey", "keyboard-interactive", "password-over-SSH"]);
        for protocol in [Protocol::Ftp, Protocol::Dav, Protocol::Http] {
            assert!(matches!(lead(&user, protocol, &SECRET, None), Ok(Lead::In(LoginMethod::Password))));
        }
    }
}
