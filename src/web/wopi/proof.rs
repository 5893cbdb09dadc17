//! Signatures of office servers ("Verify that requests originate from Microsoft 365 for the web by using proof keys"): RSA over
//! token, address and time.

use actix_web::{HttpRequest, http::header::HeaderMap};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use entrepot_config::settings::Wopi;
use entrepot_secrets::is_rsa_sha256;

/// Ticks of 100 ns between the year 1 and 1970.
const EPOCH: i64 = 621_355_968_000_000_000;
const TICKS: i64 = 10_000_000;
/// Seconds that a signature is good for, in either direction.
const LIFETIME: i64 = 20 * 60;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Key {
    /// From what the discovery says, in base64.
    pub(super) fn parse(modulus: &str, exponent: &str) -> Option<Self> {
        let number = |text: &str| STANDARD.decode(text.trim()).ok().filter(|number| !number.is_empty());
        Some(Self { modulus: number(modulus)?, exponent: number(exponent)? })
    }
}

/// The keys of an office server: one that it signs with, and the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(super) current: Key,
    pub(super) old: Option<Key>,
}

/// Why a request is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    /// There is no signature, or no time.
    #[error("it is not signed")]
    Missing,
    /// The discovery has no keys.
    #[error("the discovery of the office server has no proof key; make one there, or set skip_proof_key_verify")]
    NoKey,
    /// It was signed too long ago, or a clock is wrong.
    #[error("it was signed more than 20 minutes ago, or one of the clocks is wrong")]
    Old,
    /// The signature is not one of the office server, for this address.
    #[error("the signature is wrong: another key, or the office server reaches this one at another address than callback_url")]
    Wrong,
}

/// What a request shows.
pub(super) struct Shown {
    token: String,
    /// Addresses that it may have been sent to, as the office server writes them.
    addresses: Vec<String>,
    proof: Option<Vec<u8>>,
    old_proof: Option<Vec<u8>>,
    timestamp: Option<i64>,
}

impl Shown {
    pub(super) fn of(request: &HttpRequest, wopi: &Wopi, token: &str) -> Self {
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        Self::read(request.headers(), &wopi.callback_url, target, token)
    }

    fn read(headers: &HeaderMap, callback: &str, target: &str, token: &str) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let signature = |name: &str| text(name).and_then(|text| STANDARD.decode(text).ok());
        let base = callback.trim_end_matches('/');
        let mut addresses = vec![format!("{base}{target}")];
        // The usual port may be left out.
        let usual = if base.starts_with("https:") { ":443" } else { ":80" };
        let authority = base.find("://").map_or(0, |at| at + 3);
        let end = base[authority..].find('/').map_or(base.len(), |at| authority + at);
        if let Some(shorter) = base[..end].strip_suffix(usual) {
            addresses.push(format!("{shorter}{}{target}", &base[end..]));
        }
        Self {
            token: token.to_owned(),
            addresses,
            proof: signature("x-wopi-proof"),
            old_proof: signature("x-wopi-proofold"),
            timestamp: text("x-wopi-timestamp").and_then(|text| text.parse().ok()),
        }
    }

    /// Whether the request was signed with one of the keys, at about `now` (seconds since the epoch). While keys change, one of
    /// the two sides may know only the older one.
    pub(super) fn check(&self, keys: Option<&Keys>, now: i64) -> Result<(), Problem> {
        let keys = keys.ok_or(Problem::NoKey)?;
        let (Some(timestamp), Some(proof)) = (self.timestamp, &self.proof) else { return Err(Problem::Missing) };
        let signed_at = timestamp.saturating_sub(EPOCH) / TICKS;
        if now.saturating_sub(signed_at).unsigned_abs() > LIFETIME.unsigned_abs() {
            return Err(Problem::Old);
        }
        let holds = |address: &String| {
            let message = message(&self.token, address, timestamp);
            let is_of = |key: &Key, signature: &[u8]| is_rsa_sha256(&key.modulus, &key.exponent, &message, signature);
            is_of(&keys.current, proof)
                || self.old_proof.as_ref().is_some_and(|old| is_of(&keys.current, old))
                || keys.old.as_ref().is_some_and(|key| is_of(key, proof))
        };
        if self.addresses.iter().any(holds) { Ok(()) } else { Err(Problem::Wrong) }
    }
}

/// What is signed: token, address in capitals, and time, each after its length.
fn message(token: &str, address: &str, timestamp: i64) -> Vec<u8> {
    let address = address.to_uppercase();
    let mut message = Vec::with_capacity(token.len() + address.len() + 20);
    for part in [token.as_bytes(), address.as_bytes(), &timestamp.to_be_bytes()] {
        message.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        message.extend_from_slice(part);
    }
    message
}

#[cfg(test)]
pub(super) mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use aws_lc_rs::{
        rand::SystemRandom,
        rsa::KeySize,
        signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents},
    };

    use super::*;

    /// An office server's pair of keys.
    pub(in crate::wopi) struct Pair(RsaKeyPair);

    impl Pair {
        pub(in crate::wopi) fn new() -> Self {
            Self(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
        }

        /// Modulus and exponent in base64.
        pub(in crate::wopi) fn public(&self) -> (String, String) {
            let key: RsaPublicKeyComponents<Vec<u8>> = self.0.public_key().into();
            (STANDARD.encode(key.n), STANDARD.encode(key.e))
        }

        fn key(&self) -> Key {
            let (modulus, exponent) = self.public();
            Key::parse(&modulus, &exponent).unwrap()
        }

        /// A signature for the header.
        pub(in crate::wopi) fn sign(&self, token: &str, address: &str, seconds: i64) -> String {
            let mut signature = vec![0; self.0.public_modulus_len()];
            let message = message(token, address, ticks(seconds));
            self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature).unwrap();
            STANDARD.encode(signature)
        }
    }

    pub(in crate::wopi) fn ticks(seconds: i64) -> i64 {
        EPOCH + seconds * TICKS
    }

    const NOW: i64 = 1_800_000_000;
    const TARGET: &str = "/wopi/files/1?access_token=t";

    fn shown(callback: &str, token: &str, proof: &str, old: &str, seconds: i64) -> Shown {
        let mut headers = HeaderMap::new();
        let timestamp = ticks(seconds).to_string();
        for (name, value) in [("x-wopi-proof", proof), ("x-wopi-proofold", old), ("x-wopi-timestamp", timestamp.as_str())] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Shown::read(&headers, callback, TARGET, token)
    }

    // API-202
    #[test]
    fn requests_are_proven_by_either_key_while_they_change() {
        let (old, current, foreign) = (Pair::new(), Pair::new(), Pair::new());
        let keys = Keys { current: current.key(), old: Some(old.key()) };
        let address = format!("https://files.example.com{TARGET}");
        let sign = |pair: &Pair| pair.sign("t", &address, NOW);
        let check =
            |proof: &str, previous: &str| shown("https://files.example.com/", "t", proof, previous, NOW).check(Some(&keys), NOW);
        assert_eq!(check(&sign(&current), &sign(&old)), Ok(()));
        assert_eq!(check(&sign(&old), ""), Ok(()), "the office server is behind");
        assert_eq!(check(&sign(&foreign), &sign(&current)), Ok(()), "we are behind");
        assert_eq!(check(&sign(&foreign), &sign(&foreign)), Err(Problem::Wrong));
        assert_eq!(check(&sign(&foreign), &sign(&old)), Err(Problem::Wrong), "two keys ago");
        assert_eq!(check("", ""), Err(Problem::Wrong));
        assert_eq!(shown("https://x", "t", "%", "", NOW).check(Some(&keys), NOW), Err(Problem::Missing));
        assert_eq!(shown("https://x", "t", "", "", NOW).check(None, NOW), Err(Problem::NoKey));
    }

    // API-202
    #[test]
    fn a_proof_is_for_a_token_an_address_and_a_time() {
        let pair = Pair::new();
        let keys = Keys { current: pair.key(), old: None };
        let proof = pair.sign("t", &format!("https://a.example{TARGET}"), NOW);
        let check = |callback: &str, token: &str, now| shown(callback, token, &proof, "", NOW).check(Some(&keys), now);
        assert_eq!(check("https://A.example", "t", NOW), Ok(()));
        assert_eq!(check("https://a.example:443", "t", NOW), Ok(()), "the usual port");
        assert_eq!(check("https://b.example", "t", NOW), Err(Problem::Wrong));
        assert_eq!(check("https://a.example", "u", NOW), Err(Problem::Wrong));
        assert_eq!(check("https://a.example", "t", NOW + LIFETIME), Ok(()));
        assert_eq!(check("https://a.example", "t", NOW + LIFETIME + 1), Err(Problem::Old));
        assert_eq!(check("https://a.example", "t", NOW - LIFETIME - 1), Err(Problem::Old));
    }
}
