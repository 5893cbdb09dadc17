//! The keys that sign tokens: made once, sealed in the database, so that a restart keeps sessions.

use std::{collections::HashMap, fmt, sync::Arc};

use aws_lc_rs::digest;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use parking_lot::Mutex;

use super::claims::{Claims, TokenError};

/// Seconds by which clocks may differ (SEC-062).
const SKEW: i64 = 30;

/// Tokens whose signature is remembered at most.
const KEPT: usize = 1024;

/// One signing key.
pub(crate) struct SigningKey {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl SigningKey {
    /// A key from its bytes; `id` stands in the header of what it signs.
    pub fn new(id: impl Into<String>, secret: &[u8]) -> Self {
        Self { id: id.into(), encoding: EncodingKey::from_secret(secret), decoding: DecodingKey::from_secret(secret) }
    }

    /// The key that `httpd.signing_passphrase` stands for (SEC-057); nodes with the same passphrase share it.
    pub fn from_passphrase(passphrase: &str) -> Self {
        let secret = digest::digest(&digest::SHA256, passphrase.as_bytes());
        // The id must tell keys apart without telling anything about the passphrase.
        let id = digest::digest(&digest::SHA256, &[b"key id", secret.as_ref()].concat());
        let id: String = id.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self::new(id, secret.as_ref())
    }
}

/// All keys: the first signs, every one verifies, so that a rotation ends no session.
pub(crate) struct KeyRing {
    keys: Vec<SigningKey>,
    /// What tokens say whose signature was right, by their SHA-256: programs show one token with each of many requests.
    verified: Mutex<HashMap<[u8; digest::SHA256_OUTPUT_LEN], Arc<Claims>>>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

impl KeyRing {
    /// `active` signs; `older` keys only verify.
    pub fn new(active: SigningKey, older: Vec<SigningKey>) -> Self {
        let mut keys = vec![active];
        keys.extend(older);
        Self { keys, verified: Mutex::default() }
    }

    /// Signs.
    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let key = &self.keys[0];
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        encode(&header, claims, &key.encoding)
    }

    /// Checks signature and times; `now` in seconds since the epoch. The audience is left to the caller.
    pub fn verify(&self, token: &str, now: i64) -> Result<Claims, TokenError> {
        let claims = self.claims(token)?;
        if now > claims.exp.saturating_add(SKEW) || now < claims.nbf.saturating_sub(SKEW) {
            return Err(TokenError::Invalid);
        }
        Ok(Claims::clone(&claims))
    }

    /// What a token says whose signature is right.
    fn claims(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        let mut mark = [0; digest::SHA256_OUTPUT_LEN];
        mark.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        if let Some(claims) = self.verified.lock().get(&mark) {
            return Ok(Arc::clone(claims));
        }
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let key = self.keys.iter().find(|key| header.kid.as_deref() == Some(&key.id)).ok_or(TokenError::Invalid)?;
        // Times are checked elsewhere, against the clock of core.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        let claims = Arc::new(decode::<Claims>(token, &key.decoding, &rules).map_err(|_| TokenError::Invalid)?.claims);
        let mut verified = self.verified.lock();
        if verified.len() >= KEPT {
            verified.clear();
        }
        verified.insert(mark, Arc::clone(&claims));
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            aud: vec!["APIAdmin".into(), "192.0.2.1".into()],
            jti: "id".into(),
            iat: 1_000,
            nbf: 990,
            exp: 2_200,
            sub: "state".into(),
            username: "root".into(),
            pwd: "mark".into(),
            duties: crate::tokens::Duties::default(),
            visitor: String::new(),
            agreed: false,
            document: None,
        }
    }

    #[test]
    fn a_signed_token_verifies_within_its_times() {
        // SEC-058, SEC-062
        let ring = KeyRing::new(SigningKey::new("k1", &[1; 32]), Vec::new());
        let token = ring.sign(&claims()).expect("signed");
        assert_eq!(ring.verify(&token, 1_000), Ok(claims()));
        assert_eq!(ring.verify(&token, 2_230), Ok(claims()));
        assert_eq!(ring.verify(&token, 2_231), Err(TokenError::Invalid));
        assert_eq!(ring.verify(&token, 959), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_is_refused() {
        let ring = KeyRing::new(SigningKey::new("k1", &[1; 32]), Vec::new());
        let other = KeyRing::new(SigningKey::new("k1", &[2; 32]), Vec::new());
        let token = other.sign(&claims()).expect("signed");
        assert_eq!(ring.verify(&token, 1_000), Err(TokenError::Invalid));
        let header = Header { kid: Some("k1".into()), ..Header::new(Algorithm::HS384) };
        let stronger = encode(&header, &claims(), &EncodingKey::from_secret(&[1; 32])).expect("signed");
        assert_eq!(ring.verify(&stronger, 1_000), Err(TokenError::Invalid));
        assert_eq!(ring.verify("", 1_000), Err(TokenError::Invalid));
        // RFC 7519 section 6: a token without signature
        let body = token.split('.').nth(1).unwrap_or_default();
        assert_eq!(ring.verify(&format!("eyJhbGciOiJub25lIiwia2lkIjoiazEifQ.{body}."), 1_000), Err(TokenError::Invalid));
    }

    #[test]
    fn tokens_outlive_a_rotation() {
        let old = KeyRing::new(SigningKey::new("k1", &[1; 32]), Vec::new());
        let token = old.sign(&claims()).expect("signed");
        let ring = KeyRing::new(SigningKey::new("k2", &[2; 32]), vec![SigningKey::new("k1", &[1; 32])]);
        assert_eq!(ring.verify(&token, 1_000), Ok(claims()));
        assert_ne!(ring.sign(&claims()).expect("signed"), token);
    }

    #[test]
    fn the_same_passphrase_gives_the_same_key() {
        // SEC-057
        let first = KeyRing::new(SigningKey::from_passphrase("shared"), Vec::new());
        let second = KeyRing::new(SigningKey::from_passphrase("shared"), Vec::new());
        let third = KeyRing::new(SigningKey::from_passphrase("other"), Vec::new());
        let token = first.sign(&claims()).expect("signed");
        assert_eq!(second.verify(&token, 1_000), Ok(claims()));
        assert_eq!(third.verify(&token, 1_000), Err(TokenError::Invalid));
        assert!(!format!("{first:?}").contains("shared"));
    }
}
