//! The cipher suites of a listener.

use std::sync::Arc;

use rustls::{SupportedCipherSuite, crypto::CryptoProvider};

use super::certificate;

/// The cryptography of a listener.
pub(super) struct Chosen {
    pub(super) provider: Arc<CryptoProvider>,
    /// Whether a suite of TLS 1.2 is left.
    pub(super) has_tls12: bool,
}

/// Every suite of TLS 1.3, and of TLS 1.2 those that are named, in that order. Names that are unknown or weak are passed
/// over, with a warning (TLS-007).
pub(super) fn provider(wanted: &[String]) -> Chosen {
    let default = certificate::provider();
    if wanted.is_empty() {
        return Chosen { provider: default, has_tls12: true };
    }
    let (tls12, tls13): (Vec<SupportedCipherSuite>, Vec<_>) =
        default.cipher_suites.iter().copied().partition(|suite| matches!(suite, SupportedCipherSuite::Tls12(_)));
    let mut chosen = tls13;
    let before = chosen.len();
    for name in wanted {
        match tls12.iter().find(|suite| is_named(suite, name)) {
            Some(suite) if !chosen.contains(suite) => chosen.push(*suite),
            Some(_) => {}
            None => tracing::warn!(suite = name, "tls_cipher_suites: not a suite of TLS 1.2 that this server has, passed over"),
        }
    }
    let has_tls12 = chosen.len() > before;
    if !has_tls12 {
        tracing::warn!("tls_cipher_suites names no suite of TLS 1.2 that this server has: only TLS 1.3 is offered");
    }
    Chosen { provider: Arc::new(CryptoProvider { cipher_suites: chosen, ..CryptoProvider::clone(&default) }), has_tls12 }
}

/// The IANA name; ChaCha20 suites are known without the hash at their end as well.
fn is_named(suite: &SupportedCipherSuite, name: &str) -> bool {
    let own = format!("{:?}", suite.suite());
    let name = name.trim();
    own.eq_ignore_ascii_case(name)
        || own.strip_suffix("_SHA256").is_some_and(|short| short.ends_with("POLY1305") && short == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wanted: &[&str]) -> (Vec<String>, bool) {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let chosen = provider(&wanted);
        let tls12 = chosen.provider.cipher_suites.iter().filter(|suite| matches!(suite, SupportedCipherSuite::Tls12(_)));
        (tls12.map(|suite| format!("{:?}", suite.suite())).collect(), chosen.has_tls12)
    }

    // TLS-007
    #[test]
    fn suites_of_tls_1_2_are_offered_as_listed_and_unknown_ones_passed_over() {
        let (order, has_tls12) = names(&[
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "nonsense",
        ]);
        assert!(has_tls12);
        assert_eq!(order, ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
        assert_eq!(names(&["TLS_RSA_WITH_AES_128_CBC_SHA"]), (Vec::new(), false));
        assert!(names(&[]).0.len() >= 6, "the default has all");
    }
}
