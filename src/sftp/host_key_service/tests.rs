use std::{process::Command, sync::Arc};

use arc_swap::ArcSwap;
use entrepot_core::{Core, CoreOptions, NoEventSink, NoHooks, SystemClock, Tasks, fs::door::BuiltInStorages};
use entrepot_net::AllowAll;
use entrepot_store::{Store, StoreOptions};

use super::*;

async fn server(
    folder: &std::path::Path,
    kept: &[Sensitive<String>],
    change: impl FnOnce(&mut entrepot_config::Settings),
) -> SshServer {
    let mut settings = entrepot_config::load(entrepot_config::Sources::new(folder)).unwrap().settings;
    change(&mut settings);
    let core = Core::start(CoreOptions {
        settings: Arc::new(ArcSwap::from_pointee(settings)),
        data_directory: folder.to_owned(),
        store: Store::open(StoreOptions::in_memory()).unwrap(),
        sealer: entrepot_secrets::Sealer::default(),
        tasks: Tasks::new(tokio::runtime::Handle::current(), 1),
        clock: Arc::new(SystemClock),
        hooks: Arc::new(NoHooks),
        sink: Arc::new(NoEventSink),
        storages: Arc::new(BuiltInStorages),
    });
    SshServer::new(core.await.unwrap(), Arc::new(AllowAll), kept, "Entrepot", "1").unwrap()
}

fn offered(server: &SshServer) -> Vec<String> {
    server.offered().into_iter().map(|key| key.public_key).collect()
}

/// The private key that `ssh-keygen` makes.
fn keygen(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let made = Command::new("ssh-keygen").args(["-q", "-C", "somebody", "-f"]).arg(&path).args(arguments).status();
    assert!(made.expect("ssh-keygen is installed").success());
    std::fs::read_to_string(&path).unwrap()
}

// SSH-036
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_database_are_offered_in_place_of_the_files_that_were_made() {
    let folder = tempfile::tempdir().unwrap();
    let first = private(&host_keys::make(HostKeyKind::Ed25519).unwrap()).unwrap();
    let server = server(folder.path(), &[first.text], |_| {}).await;
    assert_eq!(offered(&server), [first.public_key.as_str()]);
    assert!(!folder.path().join("id_ed25519").exists() && server.files().is_empty(), "no file is needed");
    let more: Vec<_> = HostKeyKind::ALL.into_iter().map(|kind| server.generate(kind).unwrap()).collect();
    let texts: Vec<_> = more.iter().map(|key| Sensitive::new(key.text.expose().clone())).collect();
    server.check(&texts).unwrap();
    server.offer(&texts);
    assert_eq!(offered(&server), more.iter().map(|key| key.public_key.clone()).collect::<Vec<_>>());
    let kinds: Vec<_> = more.iter().map(|key| server.describe(&key.public_key).unwrap()).collect();
    let kinds: Vec<_> = kinds.iter().map(|facts| (facts.kind.as_str(), facts.bits)).collect();
    assert_eq!(kinds, [("ssh-ed25519", 256), ("ecdsa-sha2-nistp256", 256), ("ssh-rsa", 3072)]);
    // SIGHUP changes nothing about it.
    server.reload();
    assert_eq!(offered(&server).len(), 3);
}

// SSH-032, SSH-036
#[tokio::test(flavor = "multi_thread")]
async fn files_that_the_settings_name_win_over_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let kept = private(&host_keys::make(HostKeyKind::Ed25519).unwrap()).unwrap();
    let own = folder.path().join("own/id_ed25519").display().to_string();
    let server = server(folder.path(), &[kept.text], |settings| settings.sftpd.host_keys = vec![own.clone()]).await;
    assert_eq!(server.offered().into_iter().map(|key| key.path).collect::<Vec<_>>(), [own]);
}

// SSH-036: what the lists do not allow is no key for clients
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_could_not_be_offered_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &[], |settings| settings.sftpd.host_key_algorithms = vec!["ssh-ed25519".into()]).await;
    let rsa = server.read(&keygen(&["-t", "rsa", "-N", ""])).unwrap();
    assert!(server.describe(&rsa.public_key).unwrap().algorithms.is_empty());
    let refused = server.check(&[rsa.text]).unwrap_err();
    assert!(refused.contains("host_key_algorithms"), "{refused}");
    assert_eq!(server.files().len(), 1, "the file that was made");
}

// SSH-036
#[test]
fn keys_of_other_tools_are_taken() {
    for (kind, kind_options) in [("ed25519", &[][..]), ("ecdsa", &["-b", "521"][..]), ("rsa", &["-b", "2048"][..])] {
        for format in [&[][..], &["-m", "PEM"], &["-m", "PKCS8"]] {
            let text = keygen(&[&["-t", kind, "-N", ""][..], kind_options, format].concat());
            // As a form sends it.
            let text = format!("\r\n{}  \r\n", text.replace('\n', "\r\n"));
            let key = host_keys::import(&text).unwrap_or_else(|error| panic!("{kind} {format:?}: {error}"));
            assert!(key.comment().is_empty());
            let kept = private(&key).unwrap();
            assert_eq!(parse(&[kept.text]).len(), 1);
        }
    }
}

// SSH-033, SSH-036
#[test]
fn keys_of_no_use_are_refused_with_a_reason() {
    let public = private(&host_keys::make(HostKeyKind::Ed25519).unwrap()).unwrap().public_key;
    let sound = keygen(&["-t", "ed25519", "-N", ""]);
    let refused = |text: &str| host_keys::import(text).expect_err(text);
    for (text, reason) in [
        (String::new(), "missing"),
        ("nonsense".to_owned(), "not a usable private key"),
        (public, "public key"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----".to_owned(), "certificate"),
        (keygen(&["-t", "rsa", "-b", "1024", "-N", ""]), "1024 bits is too small"),
        (keygen(&["-t", "ed25519", "-N", "secret"]), "passphrase"),
        (keygen(&["-t", "rsa", "-N", "secret", "-m", "PEM"]), "passphrase"),
        (keygen(&["-t", "ecdsa", "-N", "secret", "-m", "PKCS8"]), "passphrase"),
        ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\nComment: x\n".to_owned(), "passphrase"),
        (sound[..sound.len() / 2].to_owned(), "not a usable private key"),
    ] {
        let told = refused(&text);
        assert!(told.contains(reason), "{reason}: {told}");
    }
}

// SSH-036: no byte that is wrong makes reading panic, and no reason repeats the key
#[test]
fn damaged_keys_are_refused_without_a_panic() {
    let sound = keygen(&["-t", "ed25519", "-N", ""]);
    let secret: String = sound.lines().nth(3).unwrap().chars().take(20).collect();
    for at in 0..sound.len() {
        for byte in [b'A', b'-', b'\n', 0x7f] {
            let mut changed = sound.clone().into_bytes();
            changed[at] = byte;
            if let Err(reason) = host_keys::import(&String::from_utf8(changed).unwrap()) {
                assert!(!reason.contains(&secret), "{reason}");
            }
        }
    }
}
