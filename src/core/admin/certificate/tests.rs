use parking_lot::Mutex;

use super::*;
use crate::{
    admin::{settings, tests::session},
    identity::CertificateFault,
    login::tests::{House, MONDAY_NOON, house},
};

const DAY: i64 = 24 * 3600 * 1000;

/// A listener that shows the text of a certificate: `name begin end`, with days from now.
#[derive(Default)]
struct Listener(Mutex<Option<String>>);

impl CertificateService for Listener {
    fn read(&self, pair: &CertificatePair) -> std::result::Result<CertificateFacts, CertificateFault> {
        let wrong = |field, reason: &str| CertificateFault { field, reason: reason.to_owned() };
        let facts = self.describe(&pair.certificate).ok_or_else(|| wrong("certificate", "not a certificate"))?;
        let fits = pair.private_key.expose() == &format!("key of {}", facts.names[0]);
        if fits { Ok(facts) } else { Err(wrong("private_key", "does not belong to it")) }
    }

    fn describe(&self, chain: &str) -> Option<CertificateFacts> {
        let parts: Vec<&str> = chain.split(' ').collect();
        let [name, begin, end] = parts[..] else { return None };
        let at = |days: &str| days.parse::<i64>().ok().map(|days| MONDAY_NOON + days * DAY);
        Some(CertificateFacts { names: vec![name.to_owned()], not_before: at(begin)?, not_after: at(end)?, ..Default::default() })
    }

    fn show(&self, pair: Option<&CertificatePair>) {
        *self.0.lock() = pair.map(|pair| pair.certificate.clone());
    }

    fn is_shown(&self) -> bool {
        self.0.lock().is_some()
    }
}

async fn with_listener(change: impl FnOnce(&mut entrepot_config::Settings)) -> (House, Arc<Listener>) {
    let house = house(change).await;
    let listener = Arc::new(Listener::default());
    house.core.identity().show_certificate_with(listener.clone());
    (house, listener)
}

fn draft(certificate: &str, key: &str, protocols: i64) -> CertificateDraft {
    CertificateDraft { certificate: certificate.to_owned(), private_key: key.into(), protocols }
}

async fn put(house: &House, draft: CertificateDraft) -> Result<CertificateView> {
    super::put(&house.core, &AdminSession::system(), draft).await
}

// TLS-006, TLS-008
#[tokio::test(flavor = "multi_thread")]
async fn certificate_is_shown_at_once_and_may_be_renewed_without_its_key() {
    let (house, listener) = with_listener(|_| {}).await;
    let system = AdminSession::system();
    assert_eq!(show(&house.core, &system).await, Err(Error::NotFound));
    let placed = put(&house, draft(" a.example -1 30 \n", "key of a.example", 7)).await.expect("in place");
    assert_eq!((placed.certificate.as_str(), placed.is_shown, placed.protocols), ("a.example -1 30", true, 7));
    assert_eq!(listener.0.lock().as_deref(), Some("a.example -1 30"));
    put(&house, draft("a.example 0 60", "", 7)).await.expect("renewed with the same key");
    assert_eq!(listener.0.lock().as_deref(), Some("a.example 0 60"));
    let others = put(&house, draft("", "", 6)).await.expect("for other services");
    assert_eq!((others.is_shown, others.certificate.as_str()), (false, "a.example 0 60"));
    assert_eq!(show(&house.core, &system).await.expect("there").protocols, 6);
    remove(&house.core, &system).await.expect("removed");
    assert_eq!(remove(&house.core, &system).await, Err(Error::NotFound));
}

// TLS-008, SEC-005, SEC-190
#[tokio::test(flavor = "multi_thread")]
async fn key_is_sealed_and_in_no_event() {
    let (house, _) = with_listener(|_| {}).await;
    put(&house, draft("a.example -1 30", "key of a.example", 1)).await.expect("in place");
    let row = house.core.0.store.server_certificate().get().await.expect("read").expect("a row");
    assert!(!row.sealed_key.contains("key of"), "{}", row.sealed_key);
    let (pair, protocols) = kept(&house.core).await.expect("read").expect("kept");
    assert_eq!((pair.private_key.expose().as_str(), protocols), ("key of a.example", 1));
    crate::audit::flush(&house.core).await;
    let filter = entrepot_store::ProviderEventFilter::default();
    let events = house.core.0.store.events().search_provider(filter).await.expect("events");
    let event = events.iter().find(|event| event.object_name == NAME).expect("an event");
    let data = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &event.object_data).expect("base64");
    let data = String::from_utf8(data).expect("text");
    assert!(data.contains("a.example") && !data.contains("key of"), "{data}");
}

// TLS-008
#[tokio::test(flavor = "multi_thread")]
async fn what_is_of_no_use_is_refused_and_changes_nothing() {
    let (house, listener) = with_listener(|_| {}).await;
    let refused = async |certificate: &str, key: &str, protocols: i64| match put(&house, draft(certificate, key, protocols))
        .await
        .expect_err(certificate)
    {
        Error::Invalid { field, .. } => field,
        other => panic!("{other}"),
    };
    assert_eq!(refused("nonsense", "key of x", 1).await, "certificate");
    assert_eq!(refused("a.example -1 30", "key of b.example", 1).await, "private_key");
    assert_eq!(refused("a.example -9 -1", "key of a.example", 1).await, "certificate");
    assert_eq!(refused("a.example 1 30", "key of a.example", 1).await, "certificate");
    assert_eq!(refused("a.example -1 30", "", 1).await, "private_key");
    assert_eq!(refused("", "key of a.example", 1).await, "certificate");
    assert_eq!(refused("a.example -1 30", &"x".repeat(LONGEST + 1), 1).await, "private_key");
    for protocols in [0, -1, 8] {
        assert_eq!(refused("a.example -1 30", "key of a.example", protocols).await, "protocols");
    }
    assert_eq!(*listener.0.lock(), None);
    assert!(kept(&house.core).await.expect("read").is_none());
}

// TLS-008
#[tokio::test(flavor = "multi_thread")]
async fn certificate_and_acme_exclude_each_other() {
    let (house, _) = with_listener(|settings| settings.acme.domains = vec!["a.example".into()]).await;
    let refused = put(&house, draft("a.example -1 30", "key of a.example", 1)).await.expect_err("ACME");
    assert!(matches!(&refused, Error::Conflict(why) if why.contains("acme.domains")), "{refused}");

    let (house, _) = with_listener(|_| {}).await;
    let folder = tempfile::tempdir().expect("a folder");
    let sources = entrepot_config::Sources::new(folder.path());
    let loaded = entrepot_config::load(sources.clone()).expect("settings");
    house.core.services().configure_from(settings::Configuration::new(sources, loaded));
    put(&house, draft("a.example -1 30", "key of a.example", 4)).await.expect("in place");
    let acme = || [("acme.domains".to_owned(), json!(["a.example"])), ("acme.email".to_owned(), json!("a@b.example"))].into();
    let system = AdminSession::system();
    let refused = settings::change(&house.core, &system, acme()).await.expect_err("a certificate is there");
    assert!(matches!(&refused, Error::Conflict(why) if why.contains("remove that one first")), "{refused}");
    assert!(house.core.settings().acme.domains.is_empty());
    remove(&house.core, &system).await.expect("removed");
    settings::change(&house.core, &system, acme()).await.expect("saved");
}

// ACC-235
#[tokio::test(flavor = "multi_thread")]
async fn reading_needs_view_status_and_changing_everything() {
    let (house, _) = with_listener(|_| {}).await;
    let reader = session(&[P::ViewStatus]);
    assert_eq!(show(&house.core, &reader).await, Err(Error::NotFound));
    assert!(matches!(show(&house.core, &session(&[P::ViewUsers])).await, Err(Error::Denied(_))));
    let draft = draft("a.example -1 30", "key of a.example", 1);
    assert!(matches!(super::put(&house.core, &reader, draft).await, Err(Error::Denied(_))));
    assert!(matches!(remove(&house.core, &reader).await, Err(Error::Denied(_))));
}
