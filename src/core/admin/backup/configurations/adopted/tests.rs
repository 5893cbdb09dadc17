use entrepot_config::Sources;
use serde_json::json;

use super::*;
use crate::{
    admin::settings::Configuration,
    login::tests::{House, house},
};

/// A core whose settings can be changed.
async fn changeable(variables: &[(&str, &str)]) -> (House, tempfile::TempDir) {
    let house = house(|_| {}).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut sources = Sources::new(folder.path());
    sources.env = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let loaded = entrepot_config::load(sources.clone()).expect("settings");
    house.core.0.settings.store(std::sync::Arc::new(loaded.settings.clone()));
    house.core.services().configure_from(Configuration::new(sources, loaded));
    (house, folder)
}

async fn take(core: &Core, sections: &Value) {
    adopt(core, &AdminSession::system(), sections.as_object().expect("sections")).await;
}

// CFG-334
#[tokio::test]
async fn mail_is_sent_as_before() {
    let (house, _folder) = changeable(&[]).await;
    let core = &house.core;
    let password = sealing::seal(&core.0.sealer, "swordfish", "smtp").expect("sealed");
    let section = json!({
        "host": "mail.example.com", "port": 465, "from": "server@example.com", "user": "mailer", "password": password,
        "auth_type": 1, "encryption": 1, "domain": "example.com", "oauth2": {},
    });
    take(core, &json!({ "smtp": section })).await;
    let smtp = core.settings().smtp.clone();
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.user.as_str()), ("mail.example.com", 465, "mailer"));
    assert_eq!((&*smtp.password, smtp.encryption, smtp.auth_type), ("swordfish", 1, 1));
    // Another one replaces it as a whole; one without a host says nothing.
    take(core, &json!({ "smtp": { "host": "other.example.com", "from": "x@example.com" } })).await;
    take(core, &json!({ "smtp": { "host": " ", "user": "nobody" } })).await;
    let smtp = core.settings().smtp.clone();
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.user.as_str(), &*smtp.password), ("other.example.com", 587, "", ""));
}

// SSH-035
#[tokio::test]
async fn algorithms_of_old_clients_are_added_to_the_lists() {
    let (house, _folder) = changeable(&[("ENTREPOT_SFTPD__MACS", "hmac-sha1")]).await;
    let core = &house.core;
    let section = json!({ "ciphers": ["aes128-cbc", "aes128-cbc"], "host_key_algos": ["ssh-rsa"], "kex_algorithms": [] });
    for _ in 0..2 {
        take(core, &json!({ "sftpd": section })).await;
        let sftpd = core.settings().sftpd.clone();
        assert_eq!((sftpd.ciphers, sftpd.host_key_algorithms), (vec!["+aes128-cbc".to_owned()], vec!["+ssh-rsa".to_owned()]));
        assert!(sftpd.kex_algorithms.is_empty() && sftpd.macs == ["hmac-sha1"]);
    }
    // What the environment says stays, and so does everything else.
    take(core, &json!({ "sftpd": { "macs": ["hmac-sha2-256"] } })).await;
    assert_eq!(core.settings().sftpd.macs, ["hmac-sha1"]);
}

// A trial of a backup must not ask for certificates in the name of another server.
#[tokio::test]
async fn no_certificate_is_asked_for() {
    let (house, _folder) = changeable(&[]).await;
    take(&house.core, &json!({ "acme": { "domain": "files.example.com", "email": "a@example.com", "protocols": 7 } })).await;
    assert!(house.core.settings().acme.domains.is_empty());
}
