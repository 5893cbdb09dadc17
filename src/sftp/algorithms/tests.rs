use super::*;

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn every_accepted_name_is_one_that_the_transport_has() {
    for name in KEX.iter().chain(KEX_OPTIONAL) {
        assert!(kex::Name::try_from(*name).is_ok(), "{name}");
    }
    for name in CIPHERS.iter().chain(CIPHERS_OPTIONAL) {
        assert!(cipher::Name::try_from(*name).is_ok(), "{name}");
    }
    for name in MACS.iter().chain(MACS_OPTIONAL) {
        assert!(mac::Name::try_from(*name).is_ok(), "{name}");
    }
    for names in [HOST_KEY, HOST_KEY_OPTIONAL, PUBLIC_KEY, PUBLIC_KEY_OPTIONAL] {
        assert_eq!(algorithms(&list(names)).len(), names.len());
    }
}

// decisions 15
#[test]
fn defaults_have_no_nist_exchange_no_sha1_and_no_encrypt_and_mac() {
    let preferred = Algorithms::resolve(&AlgorithmLists::default()).expect("defaults").preferred();
    assert_eq!(preferred.kex[0].as_ref(), "mlkem768x25519-sha256");
    assert!(preferred.kex.iter().all(|name| !name.as_ref().contains("nist") && !name.as_ref().ends_with("sha1")));
    assert!(preferred.mac.iter().all(|name| name.as_ref().ends_with("-etm@openssh.com")));
    assert!(!preferred.key.contains(&Algorithm::Rsa { hash: None }));
    assert!(preferred.kex.contains(&kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER));
    assert_eq!(preferred.compression.as_ref(), [compression::NONE]);
}

// SSH-035
#[test]
fn a_name_with_a_plus_is_added_and_may_be_unknown() {
    let resolved = |names: &[&str]| Algorithms::resolve(&AlgorithmLists { ciphers: &list(names), ..Default::default() });
    let more = resolved(&["+aes128-cbc", "+aes128-ctr", "+blowfish-cbc"]).expect("added").ciphers;
    assert_eq!(more, [CIPHERS, &["aes128-cbc"]].concat());
    assert_eq!(resolved(&["aes256-ctr", "+aes128-cbc"]).expect("added").ciphers, ["aes256-ctr", "aes128-cbc"]);
    assert_eq!(resolved(&[]).expect("defaults").ciphers, CIPHERS);
}

// SSH-045
#[test]
fn an_unknown_name_is_an_error_that_names_it_and_duplicates_vanish() {
    let ciphers = list(&["aes256-ctr", "blowfish-cbc"]);
    let error = Algorithms::resolve(&AlgorithmLists { ciphers: &ciphers, ..Default::default() }).expect_err("unknown");
    assert_eq!((error.list, error.name.as_str()), ("ciphers", "blowfish-cbc"));
    let macs = list(&["hmac-sha2-512", "hmac-sha2-256", "hmac-sha2-512"]);
    let resolved = Algorithms::resolve(&AlgorithmLists { macs: &macs, ..Default::default() }).expect("known");
    assert_eq!(resolved.macs, ["hmac-sha2-512", "hmac-sha2-256"]);
}

// SSH-021, SSH-059
#[test]
fn old_algorithms_are_known_as_such() {
    assert_eq!(Algorithms::resolve(&AlgorithmLists::default()).expect("defaults").insecure(), None);
    for (lists, name) in [
        (AlgorithmLists { macs: &list(&["hmac-sha2-512", "hmac-sha1"]), ..Default::default() }, "hmac-sha1"),
        (AlgorithmLists { ciphers: &list(&["aes128-cbc"]), ..Default::default() }, "aes128-cbc"),
        (AlgorithmLists { public_key: &list(&["ssh-rsa"]), ..Default::default() }, "ssh-rsa"),
    ] {
        assert_eq!(Algorithms::resolve(&lists).expect("known").insecure(), Some(name));
    }
}

// SSH-041
#[test]
fn either_spelling_of_curve25519_enables_both() {
    for name in ["curve25519-sha256", "curve25519-sha256@libssh.org"] {
        let kex = list(&[name, "diffie-hellman-group18-sha512"]);
        let resolved = Algorithms::resolve(&AlgorithmLists { kex: &kex, ..Default::default() }).expect("known");
        assert_eq!(resolved.kex.len(), 2);
        assert!(resolved.kex.iter().any(|name| name == "curve25519-sha256"));
        assert!(resolved.kex.iter().any(|name| name == "curve25519-sha256@libssh.org"));
    }
}

// SSH-042, SSH-043, SSH-044, SSH-046
#[test]
fn names_without_effect_are_accepted() {
    let (ciphers, macs) = (list(&["arcfour", "aes192-cbc", "aes128-ctr"]), list(&["hmac-sha1-96", "hmac-sha1"]));
    let (host_key, public_key) = (list(&["rsa-sha2-256-cert-v01@openssh.com", "ssh-ed25519"]), list(&["ssh-dss", "ssh-ed25519"]));
    let lists = AlgorithmLists { ciphers: &ciphers, macs: &macs, host_key: &host_key, public_key: &public_key, kex: &[] };
    let resolved = Algorithms::resolve(&lists).expect("accepted");
    assert_eq!(resolved.ciphers, ["aes128-ctr"]);
    assert_eq!(resolved.macs, ["hmac-sha1"]);
    assert_eq!(resolved.host_key, ["ssh-ed25519"]);
    assert_eq!(resolved.public_key, ["ssh-ed25519"]);
}

#[test]
fn gcm_alone_is_offered_only_where_it_is_configured() {
    let all = Algorithms::resolve(&AlgorithmLists::default()).expect("defaults");
    assert_eq!(all.preferred_gcm().expect("has gcm").cipher.as_ref(), [cipher::AES_128_GCM, cipher::AES_256_GCM]);
    let ciphers = list(&["aes256-ctr"]);
    let without = Algorithms::resolve(&AlgorithmLists { ciphers: &ciphers, ..Default::default() }).expect("known");
    assert!(without.preferred_gcm().is_none());
}

#[test]
fn sha1_signatures_of_users_need_the_setting_and_never_change_the_host() {
    let defaults = Algorithms::resolve(&AlgorithmLists::default()).expect("defaults");
    let sha1 = Algorithm::Rsa { hash: None };
    assert!(!defaults.accepts_signature(&sha1));
    assert!(defaults.accepts_signature(&Algorithm::SkEd25519)); // SSH-010
    let public_key = list(&["ssh-rsa"]);
    let old = Algorithms::resolve(&AlgorithmLists { public_key: &public_key, ..Default::default() }).expect("known");
    assert!(old.accepts_signature(&sha1));
    assert!(!old.preferred().key.contains(&sha1));
}
