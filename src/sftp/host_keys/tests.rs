use std::{os::unix::fs::PermissionsExt, process::Command};

use russh::keys::signature::{Signer, Verifier};

use super::*;
use crate::Algorithms;

const SEC1_P256: &str = "-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIAaITty+TlRg4XkiXAFmG6u0l3i1V7icjvhmOw2UAXJgoAoGCCqGSM49
AwEHoUQDQgAEo6vK3oOudQ9cpK0NQIXe1YmFssSQi6ybYfwkj25NggL177NrGvgW
GLQbMrO0bGxq8OmI0AfLKHCsUz7AjNYkHg==
-----END EC PRIVATE KEY-----
";
const SEC1_P384: &str = "-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDBqSbxe7idJi73RJIFrlZeMJzDyoSbgfUn/gcvwKk30F1DFuQjguPAX
/dDKLRgLt3+gBwYFK4EEACKhZANiAARO5WwgmZW3awuGx24E1KYV/ex6M2EKBtE2
wkRSPtod4MHDGiPftUNSn+u4nIC0c6S1CcPGfdDf9qKUhzENT8xPPudMKIObs35K
PZ7e03gwyDuQ51LQvNoLJcP2gNZvKeg=
-----END EC PRIVATE KEY-----
";

fn can_sign(key: &PrivateKey) -> bool {
    let signature: russh::keys::ssh_key::Signature = key.try_sign(b"message").expect("signs");
    Verifier::verify(key.public_key(), b"message", &signature).is_ok()
}

// SSH-031
#[test]
fn the_first_start_makes_private_keys_with_sidecars_and_the_second_loads_them() {
    let folder = tempfile::tempdir().expect("test");
    let directory = folder.path().join("data");
    let first = load_host_keys(&directory, &[]).expect("made");
    assert_eq!(first.len(), 1);
    // RSA follows (SSH-031): the server does not wait for it.
    let path = missing_rsa_key(&directory, &[]).expect("still missing");
    let first = vec![first[0].clone(), generate(path).expect("made")];
    assert_eq!(missing_rsa_key(&directory, &[]), None);
    for key in &first {
        let mode = fs::metadata(&key.path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(can_sign(&key.key));
        let public = fs::read_to_string(key.path.with_extension("pub")).expect("sidecar");
        assert_eq!(public.trim_end(), key.public_line());
        assert!(!format!("{key:?}").contains("PRIVATE"));
    }
    assert_eq!(fs::metadata(&directory).expect("there").permissions().mode() & 0o777, 0o700);
    let again = load_host_keys(&directory, &[]).expect("loaded");
    let prints = |keys: &[HostKey]| keys.iter().map(HostKey::fingerprint).collect::<Vec<_>>();
    assert_eq!(prints(&first), prints(&again));
    assert!(prints(&first)[0].starts_with("SHA256:"));
}

#[test]
fn files_of_other_tools_are_used() {
    let folder = tempfile::tempdir().expect("test");
    for (name, kind) in [("id_rsa", "rsa"), ("id_ed25519", "ed25519"), ("id_ecdsa", "ecdsa")] {
        for format in [["-m", "PEM"].as_slice(), &[]] {
            let path = folder.path().join(name);
            let _ = (fs::remove_file(&path), fs::remove_file(path.with_extension("pub")));
            let made = Command::new("ssh-keygen").args(["-q", "-N", "", "-t", kind, "-f"]).arg(&path).args(format).status();
            // The key generator is part of the same package as the clients that the integration tests need.
            assert!(made.expect("ssh-keygen is installed").success());
            let text = fs::read_to_string(&path).expect("there");
            let key = decode(&path, &text).unwrap_or_else(|error| panic!("{kind} {format:?}: {error}"));
            assert!(can_sign(&key));
            let public = fs::read_to_string(path.with_extension("pub")).expect("there");
            assert!(public.starts_with(key.public_key().to_openssh().expect("encodes").trim_end()));
        }
    }
    // All three lie in the directory now, so all three are offered.
    let keys = load_host_keys(folder.path(), &[]).expect("loaded");
    let algorithms = Algorithms::resolve(&Default::default()).expect("defaults");
    // SSH-034
    let names: Vec<Vec<String>> = keys.iter().map(|key| algorithms.signatures_of(&key.key.algorithm())).collect();
    assert_eq!(names, [vec!["ssh-ed25519"], vec!["ecdsa-sha2-nistp256"], vec!["rsa-sha2-512", "rsa-sha2-256"]]);
}

// SSH-036: a new key beside the old one
#[test]
fn several_keys_of_one_type_are_loaded_in_their_order() {
    let folder = tempfile::tempdir().expect("test");
    let names: Vec<String> = ["new/id_ed25519", "old/id_ed25519"].map(str::to_owned).to_vec();
    let keys = load_host_keys(folder.path(), &names).expect("made");
    assert_ne!(keys[0].fingerprint(), keys[1].fingerprint());
    assert!(keys[0].path.ends_with("new/id_ed25519") && keys[1].path.ends_with("old/id_ed25519"));
}

// SSH-031: ECDSA keys of existing installations are SEC 1
#[test]
fn sec1_keys_are_used() {
    for text in [SEC1_P256, SEC1_P384] {
        assert!(can_sign(&decode(Path::new("id_ecdsa"), text).expect("usable")));
    }
}

#[test]
fn damaged_sec1_keys_are_refused_without_a_panic() {
    let der = {
        let body: String = SEC1_P256.lines().filter(|line| !line.starts_with('-')).collect();
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).expect("base64")
    };
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 0x80;
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &changed);
        let _ = decode(Path::new("x"), &format!("-----BEGIN EC PRIVATE KEY-----\n{text}\n-----END EC PRIVATE KEY-----\n"));
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der[..at]);
        assert!(sec1::decode_pem(&format!("-----BEGIN EC PRIVATE KEY-----{text}-----END EC PRIVATE KEY-----")).is_none());
    }
}

// SSH-032
#[test]
fn a_configured_key_is_made_only_under_a_standard_name() {
    let folder = tempfile::tempdir().expect("test");
    let standard = folder.path().join("keys/id_ed25519").display().to_string();
    assert_eq!(load_host_keys(folder.path(), &[standard]).expect("made").len(), 1);
    let other = load_host_keys(folder.path(), &["my_key".to_owned()]);
    assert!(matches!(other, Err(HostKeyError::Missing { path }) if path.ends_with("my_key")));
}

// SSH-033
#[test]
fn a_key_with_a_passphrase_is_an_error() {
    let folder = tempfile::tempdir().expect("test");
    let path = folder.path().join("id_ed25519");
    let made = Command::new("ssh-keygen").args(["-q", "-N", "secret", "-t", "ed25519", "-f"]).arg(&path).status();
    assert!(made.expect("ssh-keygen is installed").success());
    assert!(matches!(load_host_keys(folder.path(), &[]), Err(HostKeyError::Key { .. })));
    fs::write(&path, "nonsense").expect("test");
    assert!(matches!(load_host_keys(folder.path(), &[]), Err(HostKeyError::Key { .. })));
}

// SSH-037
#[test]
fn certificates_of_hosts_are_loaded_and_those_of_users_are_an_error() {
    let folder = tempfile::tempdir().expect("test");
    let run = |arguments: &[&str]| {
        let status = Command::new("ssh-keygen").arg("-q").args(arguments).current_dir(folder.path()).status();
        assert!(status.expect("ssh-keygen is installed").success());
    };
    run(&["-t", "ed25519", "-N", "", "-f", "authority"]);
    load_host_keys(folder.path(), &[]).expect("made");
    run(&["-s", "authority", "-I", "host", "-h", "-n", "example.org", "id_ed25519.pub"]);
    let names = ["id_ed25519-cert.pub".to_owned()];
    assert_eq!(load_host_certificates(folder.path(), &names).expect("loaded").len(), 1);
    run(&["-s", "authority", "-I", "user", "-n", "ann", "id_ed25519.pub"]);
    assert!(matches!(load_host_certificates(folder.path(), &names), Err(HostKeyError::Certificate { .. })));
    assert!(matches!(load_host_certificates(folder.path(), &["nothing".to_owned()]), Err(HostKeyError::File { .. })));
}
