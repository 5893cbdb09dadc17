//! An SSH server that only has keys: each is its own public half.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use entrepot_core::identity::{HostKeyFacts, HostKeyService, OfferedHostKey, PrivateHostKey};
use entrepot_model::host_key::HostKeyKind;
use entrepot_secrets::Sensitive;

/// The key that is a file.
const FILE: &str = "ssh-ed25519 AAAAfile";

#[derive(Default)]
pub(crate) struct Keys {
    made: AtomicUsize,
    kept: Mutex<Vec<String>>,
}

fn key(public_key: String) -> PrivateHostKey {
    PrivateHostKey { text: format!("private {public_key}").into(), public_key }
}

impl HostKeyService for Keys {
    fn generate(&self, kind: HostKeyKind) -> Result<PrivateHostKey, String> {
        let kind = match kind {
            HostKeyKind::Ed25519 => "ssh-ed25519",
            HostKeyKind::EcdsaP256 => "ecdsa-sha2-nistp256",
            HostKeyKind::Rsa3072 => "ssh-rsa",
        };
        Ok(key(format!("{kind} AAAA{}", self.made.fetch_add(1, Ordering::Relaxed))))
    }

    fn read(&self, text: &str) -> Result<PrivateHostKey, String> {
        let public = text.strip_prefix("private ").ok_or("no private key")?;
        Ok(key(public.to_owned()))
    }

    fn describe(&self, public_key: &str) -> Option<HostKeyFacts> {
        let (kind, body) = public_key.split_once(' ')?;
        Some(HostKeyFacts {
            kind: kind.to_owned(),
            bits: 256,
            fingerprint: format!("SHA256:{body}"),
            algorithms: vec![kind.to_owned()],
        })
    }

    fn check(&self, _: &[Sensitive<String>]) -> Result<(), String> {
        Ok(())
    }

    fn offer(&self, kept: &[Sensitive<String>]) {
        *self.kept.lock().unwrap() = kept.iter().map(|text| text.expose().replace("private ", "")).collect();
    }

    fn offered(&self) -> Vec<OfferedHostKey> {
        let kept = self.kept.lock().unwrap();
        if kept.is_empty() {
            return vec![OfferedHostKey { public_key: FILE.into(), path: "/data/id_ed25519".into() }];
        }
        kept.iter().map(|key| OfferedHostKey { public_key: key.clone(), path: String::new() }).collect()
    }

    fn files(&self) -> Vec<PrivateHostKey> {
        if self.kept.lock().unwrap().is_empty() { vec![key(FILE.to_owned())] } else { Vec::new() }
    }
}
