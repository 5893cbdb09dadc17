use parking_lot::Mutex;

use super::*;
use crate::{
    admin::tests::session,
    identity::OfferedHostKey,
    login::tests::{House, house},
};

/// An SSH server that only has keys; each is its own public half.
#[derive(Default)]
struct Keys {
    kept: Mutex<Vec<String>>,
}

const FILE: &str = "ssh-ed25519 file";

fn key(public_key: &str) -> PrivateHostKey {
    PrivateHostKey { text: format!("private {public_key}").into(), public_key: public_key.to_owned() }
}

impl HostKeyService for Keys {
    fn generate(&self, kind: HostKeyKind) -> Result<PrivateHostKey, String> {
        Ok(key(if kind == HostKeyKind::Ed25519 { "ssh-ed25519 made" } else { "ssh-rsa made" }))
    }

    fn read(&self, text: &str) -> Result<PrivateHostKey, String> {
        text.strip_prefix("private ").map(key).ok_or_else(|| "too small".to_owned())
    }

    fn describe(&self, public_key: &str) -> Option<HostKeyFacts> {
        let (kind, body) = public_key.split_once(' ')?;
        let algorithms = if kind == "ssh-dss" { Vec::new() } else { vec![kind.to_owned()] };
        Some(HostKeyFacts { kind: kind.to_owned(), bits: 256, fingerprint: format!("SHA256:{body}"), algorithms })
    }

    fn check(&self, kept: &[Sensitive<String>]) -> Result<(), String> {
        let is_fit = kept.iter().any(|key| key.expose().contains("ssh-ed25519"));
        if is_fit { Ok(()) } else { Err("nothing is left to offer".to_owned()) }
    }

    fn offer(&self, kept: &[Sensitive<String>]) {
        *self.kept.lock() = kept.iter().map(|text| text.expose().replace("private ", "")).collect();
    }

    fn offered(&self) -> Vec<OfferedHostKey> {
        let kept = self.kept.lock();
        if kept.is_empty() {
            return vec![OfferedHostKey { public_key: FILE.into(), path: "/keys/id_ed25519".into() }];
        }
        kept.iter().map(|key| OfferedHostKey { public_key: key.clone(), path: String::new() }).collect()
    }

    fn files(&self) -> Vec<PrivateHostKey> {
        if self.kept.lock().is_empty() { vec![key(FILE)] } else { Vec::new() }
    }
}

async fn with_keys(change: impl FnOnce(&mut entrepot_config::Settings)) -> (House, Arc<Keys>) {
    let house = house(change).await;
    let keys = Arc::new(Keys::default());
    house.core.identity().show_host_keys_with(keys.clone());
    (house, keys)
}

fn given(public_key: &str) -> NewHostKey {
    NewHostKey::Given(format!("private {public_key}").into())
}

const BESIDE: Addition = Addition { is_first: false, keeps_files: true };
const INSTEAD: Addition = Addition { is_first: true, keeps_files: false };

async fn add(house: &House, new: NewHostKey, how: Addition) -> Result<HostKeyView> {
    super::add(&house.core, &AdminSession::system(), new, how).await
}

async fn states(house: &House) -> Vec<(String, HostKeyState)> {
    let keys = list(&house.core, &AdminSession::system()).await.expect("keys");
    keys.into_iter().map(|key| (key.public_key, key.state)).collect()
}

fn state(key: &str, state: HostKeyState) -> (String, HostKeyState) {
    (key.to_owned(), state)
}

// SSH-036
#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_stands_beside_the_files_until_the_old_one_goes() {
    use HostKeyState::{Shown, Waiting};
    let (house, keys) = with_keys(|_| {}).await;
    let system = AdminSession::system();
    assert_eq!(states(&house).await, [state(FILE, Shown)]);
    let made = add(&house, NewHostKey::Made(HostKeyKind::Ed25519), BESIDE).await.expect("made");
    assert_eq!((made.state, made.origin), (Waiting, HostKeyOrigin::Database));
    assert_eq!(states(&house).await, [state(FILE, Shown), state("ssh-ed25519 made", Waiting)]);
    assert_eq!(*keys.kept.lock(), [FILE, "ssh-ed25519 made"], "it holds at once");
    put_first(&house.core, &system, &made.id).await.expect("shown");
    assert_eq!(states(&house).await, [state("ssh-ed25519 made", Shown), state(FILE, Waiting)]);
    remove(&house.core, &system, &made.id).await.expect("removed");
    assert_eq!(states(&house).await, [state(FILE, Shown)]);
    let last = list(&house.core, &system).await.expect("keys")[0].id.clone();
    let refused = remove(&house.core, &system, &last).await.expect_err("the last one");
    assert!(matches!(&refused, Error::Conflict(why) if why.contains("the last host key")), "{refused}");
    assert_eq!(states(&house).await, [state(FILE, Shown)]);
}

// SSH-036
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_database_can_take_the_place_of_the_files() {
    use HostKeyState::Shown;
    let (house, _) = with_keys(|_| {}).await;
    add(&house, given("ssh-ed25519 brought"), INSTEAD).await.expect("added");
    assert_eq!(states(&house).await, [state("ssh-ed25519 brought", Shown)]);
    let rsa = add(&house, NewHostKey::Made(HostKeyKind::Rsa3072), INSTEAD).await.expect("added");
    assert_eq!(states(&house).await, [state("ssh-rsa made", Shown), state("ssh-ed25519 brought", Shown)]);
    // What is left could not be offered.
    let ed25519 = list(&house.core, &AdminSession::system()).await.expect("keys")[1].id.clone();
    let refused = remove(&house.core, &AdminSession::system(), &ed25519).await.expect_err("nothing to offer");
    assert!(refused.to_string().contains("nothing is left to offer"), "{refused}");
    remove(&house.core, &AdminSession::system(), &rsa.id).await.expect("removed");
}

// SSH-036, SEC-005, SEC-190
#[tokio::test(flavor = "multi_thread")]
async fn private_keys_are_sealed_and_in_no_event() {
    let (house, _) = with_keys(|_| {}).await;
    add(&house, given("ssh-ed25519 brought"), BESIDE).await.expect("added");
    for row in house.core.0.store.host_keys().list().await.expect("rows") {
        assert!(!row.sealed.contains("private "), "{}", row.sealed);
    }
    let opened = kept(&house.core).await.expect("keys");
    assert_eq!(
        opened.iter().map(|key| key.expose().as_str()).collect::<Vec<_>>(),
        ["private ssh-ed25519 file", "private ssh-ed25519 brought"]
    );
    crate::audit::flush(&house.core).await;
    let filter = entrepot_store::ProviderEventFilter::default();
    let events = house.core.0.store.events().search_provider(filter).await.expect("events");
    let event = events.iter().find(|event| event.object_name == NAME).expect("an event");
    let data = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &event.object_data).expect("base64");
    let data = String::from_utf8(data).expect("text");
    assert!(data.contains("SHA256:brought") && !data.contains("private"), "{data}");
    // They are no settings.
    assert!(house.core.0.store.settings().list().await.expect("settings").is_empty());
}

// SSH-036
#[tokio::test(flavor = "multi_thread")]
async fn keys_of_no_use_are_refused_with_the_reason() {
    let (house, _) = with_keys(|_| {}).await;
    let refused = async |new: NewHostKey| add(&house, new, BESIDE).await.expect_err("refused");
    let wrong = refused(NewHostKey::Given("nonsense".into())).await;
    assert!(
        matches!(&wrong, Error::Invalid { field, message, .. } if field == "private_key" && message == "too small"),
        "{wrong}"
    );
    let long = refused(NewHostKey::Given("x".repeat(LONGEST + 1).into())).await;
    assert!(matches!(&long, Error::Invalid { field, .. } if field == "private_key"), "{long}");
    let unlisted = refused(given("ssh-dss old")).await;
    assert!(unlisted.to_string().contains("host_key_algorithms"), "{unlisted}");
    add(&house, given("ssh-ed25519 one"), BESIDE).await.expect("added");
    let twice = refused(given("ssh-ed25519 one")).await;
    assert!(matches!(&twice, Error::Conflict(why) if why.contains("here already")), "{twice}");
    assert_eq!(states(&house).await.len(), 2);
    for number in 2..MOST {
        add(&house, given(&format!("ssh-ed25519 n{number}")), BESIDE).await.expect("added");
    }
    assert!(matches!(refused(given("ssh-ed25519 more")).await, Error::Conflict(_)));
}

// SSH-032, SSH-036
#[tokio::test(flavor = "multi_thread")]
async fn files_that_the_settings_name_win() {
    let (house, _) = with_keys(|settings| settings.sftpd.host_keys = vec!["/etc/ssh/key".into()]).await;
    let refused = add(&house, given("ssh-ed25519 one"), BESIDE).await.expect_err("no effect");
    assert!(matches!(&refused, Error::Conflict(why) if why.contains("sftpd.host_keys")), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_master_key_is_told() {
    let (house, _) = with_keys(|_| {}).await;
    let foreign = entrepot_secrets::Sealer::default();
    let sealed = sealing::seal(&foreign, "private ssh-rsa x", OWNER).expect("sealed");
    let mut sealed = serde_json::to_value(sealed).expect("JSON");
    sealed["key"] = "00".repeat(32).into();
    let row = StoredHostKey { id: "x".into(), public_key: "ssh-rsa x".into(), sealed: sealed.to_string(), created_at: 1 };
    house.core.0.store.host_keys().add(vec![row], Place::Last).await.expect("stored");
    assert_eq!(states(&house).await, [state(FILE, HostKeyState::Shown), state("ssh-rsa x", HostKeyState::Unreadable)]);
    assert!(kept(&house.core).await.expect("keys").is_empty());
}

// ACC-235
#[tokio::test(flavor = "multi_thread")]
async fn reading_needs_view_status_and_changing_everything() {
    let (house, _) = with_keys(|_| {}).await;
    let reader = session(&[P::ViewStatus]);
    assert_eq!(list(&house.core, &reader).await.expect("keys").len(), 1);
    let denied = |outcome: Result<()>| assert!(matches!(outcome, Err(Error::Denied(_))), "{outcome:?}");
    denied(list(&house.core, &session(&[P::ViewUsers])).await.map(drop));
    denied(super::add(&house.core, &reader, given("ssh-ed25519 a"), BESIDE).await.map(drop));
    denied(put_first(&house.core, &reader, "a").await);
    denied(remove(&house.core, &reader, "a").await);
    assert_eq!(remove(&house.core, &AdminSession::system(), "a").await, Err(Error::NotFound));
}
