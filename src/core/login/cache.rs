//! Passwords that were verified a moment ago, so that no protocol hashes argon2 for every request (decisions: sessions).

use std::collections::HashMap;

use entrepot_secrets::KeyedHash;
use parking_lot::Mutex;

use crate::admin::{password_reset::ResetCodes, setup::SetupLimit};

use super::{passwords::PasswordDesk, second_factor::UsedCodes, throttle::FailureThrottle};

/// How long a verification is trusted, in milliseconds.
const LIFETIME: i64 = 5 * 60 * 1000;
/// Entries kept per kind of account (SEC-043).
const USERS: usize = 500;
const ADMINS: usize = 100;
const KEYS: usize = 500;
const SHARES: usize = 500;

/// Whose password it is: users, admins, API keys and shares have name spaces of their own (ACC-010).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    User,
    Admin,
    ApiKey,
    Share,
}

/// Remembers that a password matched a stored hash. It holds neither of them: only an HMAC over both, with a key that
/// lives as long as the process.
pub(crate) struct CredentialCache {
    key: KeyedHash,
    entries: Mutex<HashMap<(Holder, String), Entry>>,
    /// The queue for real verifications.
    pub(super) desk: PasswordDesk,
    /// Failures in a row.
    pub(crate) throttle: FailureThrottle,
    /// Codes of second factors.
    pub(crate) codes: UsedCodes,
    /// Codes for new passwords.
    pub(crate) resets: ResetCodes,
    /// Tries at the token of the first start.
    pub(crate) setup: SetupLimit,
    /// Wrong installation codes.
    pub(crate) installation_codes: SetupLimit,
}

struct Entry {
    tag: [u8; 32],
    verified_at: i64,
}

impl CredentialCache {
    /// An empty cache with a fresh key.
    pub fn new() -> Self {
        Self {
            key: KeyedHash::new(),
            entries: Mutex::default(),
            desk: PasswordDesk::default(),
            throttle: FailureThrottle::default(),
            codes: UsedCodes::default(),
            resets: ResetCodes::default(),
            setup: SetupLimit::default(),
            installation_codes: SetupLimit::default(),
        }
    }

    /// Whether `password` matched `hash` for this account less than five minutes ago. A changed hash never matches.
    pub fn is_verified(&self, holder: Holder, username: &str, hash: &str, password: &str, now: i64) -> bool {
        let entries = self.entries.lock();
        let Some(entry) = entries.get(&(holder, username.to_owned())) else { return false };
        let age = now - entry.verified_at;
        (0..LIFETIME).contains(&age) && self.key.matches(&parts(holder, username, hash, password), &entry.tag)
    }

    /// Remembers a verification made at `now` (milliseconds).
    pub fn remember(&self, holder: Holder, username: &str, hash: &str, password: &str, now: i64) {
        let tag = self.key.digest(&parts(holder, username, hash, password));
        let limit = match holder {
            Holder::User => USERS,
            Holder::Admin => ADMINS,
            Holder::ApiKey => KEYS,
            Holder::Share => SHARES,
        };
        let mut entries = self.entries.lock();
        if entries.keys().filter(|(kind, _)| *kind == holder).count() >= limit {
            let oldest = entries.iter().filter(|((kind, _), _)| *kind == holder).min_by_key(|(_, entry)| entry.verified_at);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                entries.remove(&key);
            }
        }
        entries.insert((holder, username.to_owned()), Entry { tag, verified_at: now });
    }

    /// Forgets one account, because it changed.
    pub fn forget(&self, holder: Holder, username: &str) {
        self.entries.lock().remove(&(holder, username.to_owned()));
    }

    /// Forgets everybody, because something changed that many share.
    pub fn forget_all(&self) {
        self.entries.lock().clear();
    }
}

fn parts<'a>(holder: Holder, username: &'a str, hash: &'a str, password: &'a str) -> [&'a [u8]; 4] {
    let kind: &[u8] = match holder {
        Holder::User => b"user",
        Holder::Admin => b"admin",
        Holder::ApiKey => b"api_key",
        Holder::Share => b"share",
    };
    [kind, username.as_bytes(), hash.as_bytes(), password.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verified_password_is_known_for_five_minutes() {
        let cache = CredentialCache::new();
        cache.remember(Holder::User, "u", "$h", "secret", 1_000);
        assert!(cache.is_verified(Holder::User, "u", "$h", "secret", 1_000 + LIFETIME - 1));
        assert!(!cache.is_verified(Holder::User, "u", "$h", "secret", 1_000 + LIFETIME));
        assert!(!cache.is_verified(Holder::User, "u", "$h", "secret", 999));
    }

    #[test]
    fn another_password_hash_name_or_kind_is_unknown() {
        // SEC-043: a changed stored hash invalidates the entry
        let cache = CredentialCache::new();
        cache.remember(Holder::User, "u", "$h", "secret", 0);
        assert!(!cache.is_verified(Holder::User, "u", "$h", "Secret", 0));
        assert!(!cache.is_verified(Holder::User, "u", "$other", "secret", 0));
        assert!(!cache.is_verified(Holder::User, "v", "$h", "secret", 0));
        assert!(!cache.is_verified(Holder::Admin, "u", "$h", "secret", 0));
    }

    #[test]
    fn the_oldest_entry_makes_room() {
        // SEC-043: bounded to 500 users
        let cache = CredentialCache::new();
        for at in 0..=USERS {
            cache.remember(Holder::User, &format!("u{at}"), "h", "p", i64::try_from(at).unwrap_or(0));
        }
        assert!(!cache.is_verified(Holder::User, "u0", "h", "p", 501));
        assert!(cache.is_verified(Holder::User, "u500", "h", "p", 501));
        assert_eq!(cache.entries.lock().len(), USERS);
    }

    #[test]
    fn forgetting_is_per_account() {
        let cache = CredentialCache::new();
        cache.remember(Holder::User, "u", "h", "p", 0);
        cache.remember(Holder::User, "v", "h", "p", 0);
        cache.forget(Holder::User, "u");
        assert!(!cache.is_verified(Holder::User, "u", "h", "p", 0));
        assert!(cache.is_verified(Holder::User, "v", "h", "p", 0));
        cache.forget_all();
        assert!(!cache.is_verified(Holder::User, "v", "h", "p", 0));
    }
}
