//! A listener over TLS that shows the text of a certificate.

use std::sync::Mutex;

use entrepot_core::identity::{CertificateFault, CertificatePair, CertificateService};
use entrepot_model::certificate::CertificateFacts;

#[derive(Default)]
pub(crate) struct Listener(Mutex<Option<String>>);

impl CertificateService for Listener {
    fn read(&self, pair: &CertificatePair) -> Result<CertificateFacts, CertificateFault> {
        let fault = |field, reason: &str| CertificateFault { field, reason: reason.to_owned() };
        let facts = self.describe(&pair.certificate).ok_or_else(|| fault("certificate", "no certificate"))?;
        let fits = pair.private_key.expose() == &format!("key of {}", facts.names[0]);
        if fits { Ok(facts) } else { Err(fault("private_key", "the key does not belong to the certificate")) }
    }

    fn describe(&self, chain: &str) -> Option<CertificateFacts> {
        let name = chain.strip_prefix("chain of ")?;
        let facts = CertificateFacts { names: vec![name.to_owned()], issuer: "CN=Trusted".to_owned(), ..Default::default() };
        Some(CertificateFacts { not_after: 4_102_444_800_000, fingerprint: "7C:9A".to_owned(), ..facts })
    }

    fn show(&self, pair: Option<&CertificatePair>) {
        *self.0.lock().unwrap() = pair.map(|pair| pair.certificate.clone());
    }

    fn is_shown(&self) -> bool {
        self.0.lock().unwrap().is_some()
    }
}
