//! The vectors were made with other implementations (pyca/cryptography for HKDF and AES-GCM,
//! libsodium for secretbox) from a stored key of the bytes 0 to 31 and the owner `alice`.

use super::*;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const MASTER: &str = "the master key";
const PLAIN: &[u8] = b"open sesame";

const GCM: &str = "ZGVmZ2hpamtsbW5vNxXze3yq1Ff8qs+elRiVfyWWo2NWQeOHC8A0";
const GCM_MASTER: &str = "ZGVmZ2hpamtsbW5vfmrh/J1Xah6AKuRi+dX4KYY3cDxxlzEYdOi8";
const SECRETBOX: &str = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7cFBpPB2fpwBOCL80xHn027Y1EZr5CeJEWsMW";
const SECRETBOX_MASTER: &str = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7BUsun6T3/o9BZ6cDxxp0JBYT4r/YWUev34fK";
const LEGACY: &str = "000102030405060708090a0b96675e63ba4682dfcc571528cf89c5b8bf8ed86c1702a2e23ec34a";

fn ring(active: &str, others: &[&str]) -> KeyRing {
    KeyRing::new(Some(active), others).expect("an active key is given")
}

fn open(sealer: &Sealer, status: &str, payload: &str, mode: i64, owner: &str) -> Result<Vec<u8>, SealError> {
    sealer.open(status, payload, KEY, mode, owner).map(|plain| plain.to_vec())
}

// SEC-021, SEC-022, SEC-026
#[test]
fn foreign_secrets_without_master_key_open() {
    let sealer = Sealer::default();
    for (status, payload) in [("AES-256-GCM", GCM), ("Secretbox", SECRETBOX)] {
        assert_eq!(open(&sealer, status, payload, 0, "alice"), Ok(PLAIN.to_vec()));
    }
}

// SEC-023, SEC-026
#[test]
fn foreign_secrets_with_master_key_open() {
    let sealer = Sealer::new(SealStatus::Secretbox, ring(MASTER, &[]));
    for (status, payload) in [("AES-256-GCM", GCM_MASTER), ("Secretbox", SECRETBOX_MASTER)] {
        assert_eq!(open(&sealer, status, payload, 1, "alice"), Ok(PLAIN.to_vec()));
    }
}

// SEC-026
#[test]
fn oldest_hexadecimal_form_opens() {
    let sealer = Sealer::new(SealStatus::Aes256Gcm, ring(MASTER, &[]));
    assert_eq!(open(&sealer, "AES-256-GCM", LEGACY, 0, "alice"), Ok(PLAIN.to_vec()));
    assert_eq!(open(&sealer, "AES-256-GCM", LEGACY, 0, "bob"), Err(SealError::WrongKey));
}

// SEC-021, SEC-026, SEC-199
#[test]
fn sealed_secrets_open_whatever_scheme_is_configured_now() {
    for scheme in [SealStatus::Aes256Gcm, SealStatus::Secretbox] {
        for (keys, mode) in [(KeyRing::default(), 0), (ring(MASTER, &[]), 1)] {
            let sealed = Sealer::new(scheme, keys.clone()).seal(PLAIN, "alice").expect("sealing works");
            assert_eq!((sealed.status, sealed.mode), (scheme, mode));
            assert_eq!(sealed.key.len(), 64);
            for now in [SealStatus::Aes256Gcm, SealStatus::Secretbox] {
                let plain =
                    Sealer::new(now, keys.clone()).open(scheme.as_str(), &sealed.payload, &sealed.key, sealed.mode, "alice");
                assert_eq!(plain.map(|plain| plain.to_vec()), Ok(PLAIN.to_vec()));
            }
        }
    }
}

// SEC-019
#[test]
fn secret_of_another_owner_does_not_open() {
    let sealer = Sealer::default();
    for (status, payload) in [("AES-256-GCM", GCM), ("Secretbox", SECRETBOX)] {
        assert_eq!(open(&sealer, status, payload, 0, "bob"), Err(SealError::WrongKey));
    }
}

// SEC-025, SEC-198
#[test]
fn decrypt_only_keys_open_and_a_removed_key_does_not() {
    let rotated = Sealer::new(SealStatus::Aes256Gcm, ring("new", &["older", MASTER]));
    assert_eq!(open(&rotated, "Secretbox", SECRETBOX_MASTER, 1, "alice"), Ok(PLAIN.to_vec()));
    let removed = Sealer::new(SealStatus::Aes256Gcm, ring("new", &["older"]));
    assert_eq!(open(&removed, "Secretbox", SECRETBOX_MASTER, 1, "alice"), Err(SealError::WrongKey));
    let none = Sealer::default();
    assert_eq!(open(&none, "Secretbox", SECRETBOX_MASTER, 1, "alice"), Err(SealError::NoMasterKey));
}

// SEC-025: mode 0 stays readable after a master key was configured, and new secrets use the key
#[test]
fn new_secrets_use_the_active_key_only() {
    let sealer = Sealer::new(SealStatus::Aes256Gcm, ring("new", &[MASTER]));
    assert_eq!(open(&sealer, "AES-256-GCM", GCM, 0, "alice"), Ok(PLAIN.to_vec()));
    let sealed = sealer.seal(PLAIN, "alice").expect("sealing works");
    let only_new = Sealer::new(SealStatus::Aes256Gcm, ring("new", &[]));
    let plain = only_new.open("AES-256-GCM", &sealed.payload, &sealed.key, 1, "alice");
    assert_eq!(plain.map(|plain| plain.to_vec()), Ok(PLAIN.to_vec()));
}

// SEC-024
#[test]
fn malformed_secrets_are_refused() {
    let sealer = Sealer::default();
    let refused =
        |key: &str, payload: &str| matches!(sealer.open("AES-256-GCM", payload, key, 0, "alice"), Err(SealError::Malformed(_)));
    assert!(refused(&KEY[2..], GCM));
    assert!(refused("not hexadecimal", GCM));
    assert!(refused(KEY, ""));
    assert!(refused(KEY, "AAAA"));
    assert!(refused(KEY, "no base64!"));
}

// SEC-028
#[test]
fn external_statuses_and_unknown_modes_are_named_in_the_error() {
    let sealer = Sealer::default();
    for status in ["GCP", "AWS", "VaultTransit", "AzureKeyVault", "Plain", ""] {
        assert_eq!(open(&sealer, status, GCM, 0, "alice"), Err(SealError::UnsupportedStatus(status.to_owned())));
    }
    assert_eq!(open(&sealer, "AES-256-GCM", GCM, 2, "alice"), Err(SealError::UnsupportedMode(2)));
}

// CFG-367
#[test]
fn key_ring_trims_and_drops_repetitions() {
    let keys = ring(" a ", &["b", "", " a", "b ", "c"]);
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(KeyRing::new(Some("  "), ["b"]).is_err());
    assert!(KeyRing::new(None, [""; 2]).is_ok_and(|keys| keys.is_empty()));
}

// SEC-029
#[test]
fn url_selects_the_scheme_of_new_secrets() {
    assert_eq!(SealStatus::from_url(""), Some(SealStatus::Aes256Gcm));
    assert_eq!(SealStatus::from_url("aes256gcm://"), Some(SealStatus::Aes256Gcm));
    assert_eq!(SealStatus::from_url("local://"), Some(SealStatus::Secretbox));
    assert_eq!(SealStatus::from_url("awskms://key"), None);
}

// SEC-005
#[test]
fn debug_output_shows_no_key() {
    let sealer = Sealer::new(SealStatus::Aes256Gcm, ring(MASTER, &["other"]));
    let sealed = sealer.seal(PLAIN, "alice").expect("sealing works");
    let text = format!("{sealer:?} {sealed:?}");
    for secret in [MASTER, "other", sealed.key.as_str(), &sealed.payload] {
        assert!(!text.contains(secret), "{text}");
    }
}
