//! Logins against a store in memory and local storage in a temporary folder.

use std::{net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use entrepot_config::Settings;
use entrepot_model::{Permission, TimePeriod, User, event::LogEvent};
use entrepot_secrets::password;
use entrepot_store::{Store, StoreOptions};
use tokio::runtime::Handle;

use super::*;
use crate::{
    Clock, CoreOptions, ManualClock, NoEventSink, NoHooks, Tasks,
    admin::{AdminSession, users},
    fs::door::BuiltInStorages,
};

/// Monday, 7 October 2024, 12:00:00 UTC, in milliseconds.
pub(crate) const MONDAY_NOON: i64 = 1_728_302_400_000;

/// A core of its own, and what keeps it alive.
pub(crate) struct House {
    pub core: Core,
    pub clock: Arc<ManualClock>,
    pub folder: tempfile::TempDir,
}

/// Cheap hashes, no pauses.
pub(crate) fn quick(settings: &mut Settings) {
    settings.common.defender.login_delay.password_failed = 0;
    settings.data_provider.password_hashing.algo = "bcrypt".into();
    settings.data_provider.password_hashing.bcrypt_options.cost = 4;
}

pub(crate) async fn house(change: impl FnOnce(&mut Settings)) -> House {
    let folder = tempfile::tempdir().expect("folder");
    let sources = entrepot_config::Sources::new(folder.path().join("data"));
    let mut settings = entrepot_config::load(sources).expect("settings").settings;
    quick(&mut settings);
    change(&mut settings);
    let clock = Arc::new(ManualClock::at_millis(MONDAY_NOON));
    let sealer = settings.kms.secrets.sealer().expect("keys");
    let core = Core::start(CoreOptions {
        settings: Arc::new(ArcSwap::from_pointee(settings)),
        data_directory: folder.path().join("data"),
        store: Store::open(StoreOptions::in_memory()).expect("store"),
        sealer,
        tasks: Tasks::new(Handle::current(), 1),
        clock: clock.clone() as Arc<dyn Clock>,
        hooks: Arc::new(NoHooks),
        sink: Arc::new(NoEventSink),
        storages: Arc::new(BuiltInStorages),
    })
    .await
    .expect("core");
    House { core, clock, folder }
}

impl House {
    /// An enabled user with all permissions, the password `secret`, and a home of its own.
    pub(crate) fn user(&self, name: &str) -> User {
        User {
            username: name.to_owned(),
            status: 1,
            password: Some("secret".to_owned()),
            home_dir: self.folder.path().join("home").join(name).to_string_lossy().into_owned(),
            permissions: [("/".to_owned(), vec![Permission::Any])].into_iter().collect(),
            ..User::default()
        }
    }

    async fn add(&self, user: User) {
        users::add(&self.core, &AdminSession::system(), user).await.expect("user is added");
    }

    async fn events(&self) -> Vec<LogEvent> {
        crate::audit::flush(&self.core).await;
        self.core.0.store.events().search_log(entrepot_store::LogEventFilter::default()).await.expect("events")
    }
}

pub(crate) fn peer(address: &str) -> Peer {
    let remote: SocketAddr = format!("{address}:40000").parse().expect("address");
    Peer { remote, local: None, client_version: "test".to_owned(), encryption: String::new(), connection_id: String::new() }
}

fn attempt(name: &str, protocol: Protocol) -> Attempt {
    Attempt { username: name.to_owned(), protocol, peer: peer("192.0.2.7") }
}

fn ssh(name: &str) -> Attempt {
    attempt(name, Protocol::Ssh)
}

const SECRET: Credentials<'static> = Credentials::Password("secret");
const TALK: Credentials<'static> = Credentials::KeyboardInteractive { password: Some("secret"), passcode: None };
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJp0wKk1YxR5E0u2v9q0bKQb1e3r8c7yq1c9m1yqz2Yd";

fn key() -> Credentials<'static> {
    Credentials::PublicKey { authorized: KEY, fingerprint: "SHA256:x" }
}

fn refused(result: Result<Authenticated>) {
    assert_eq!(result.err(), Some(Error::Auth));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_password_logs_in_and_makes_the_home() {
    // ACC-084, SEC-189, ACC-070
    let house = house(|_| {}).await;
    let user = house.user("alice");
    let home = user.home_dir.clone();
    house.add(user).await;
    let authenticated = house.core.authenticate(&ssh("alice"), SECRET).await.expect("login");
    assert_eq!(authenticated.user().user.username, "alice");
    assert!(std::path::Path::new(&home).is_dir());
    let events = house.events().await;
    assert_eq!(events.iter().map(|event| event.event).collect::<Vec<_>>(), [5]);
    let stored = house.core.0.store.users().get("alice").await.expect("read").expect("alice");
    assert_eq!(stored.last_login, MONDAY_NOON);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_password_and_unknown_user_look_alike_to_the_client_only() {
    // SEC-185, ACC-077, SEC-189, SEC-046
    let house = house(|_| {}).await;
    house.add(house.user("alice")).await;
    refused(house.core.authenticate(&ssh("alice"), Credentials::Password("Secret")).await);
    refused(house.core.authenticate(&ssh("nobody"), SECRET).await);
    refused(house.core.authenticate(&ssh("alice"), Credentials::Password("")).await);
    let mut types: Vec<i64> = house.events().await.iter().map(|event| event.event).collect();
    types.sort_unstable();
    assert_eq!(types, [1, 1, 2]);
    let logged = format!("{:?}", house.events().await);
    assert!(!logged.contains("Secret") && !logged.contains("secret"), "{logged}");
}

#[tokio::test(flavor = "multi_thread")]
async fn user_without_password_matches_none() {
    // SEC-045
    let house = house(|_| {}).await;
    house.add(User { password: None, ..house.user("alice") }).await;
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
    refused(house.core.authenticate(&ssh("alice"), Credentials::Password("")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn disabled_and_expired_accounts_are_refused() {
    // ACC-072, ACC-073
    let house = house(|_| {}).await;
    house.add(User { status: 0, ..house.user("off") }).await;
    house.add(User { expiration_date: MONDAY_NOON + 1000, ..house.user("old") }).await;
    refused(house.core.authenticate(&ssh("off"), SECRET).await);
    assert!(house.core.authenticate(&ssh("old"), SECRET).await.is_ok());
    house.clock.advance_millis(1001);
    refused(house.core.authenticate(&ssh("old"), SECRET).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn access_time_is_inclusive_by_the_minute_and_the_weekday() {
    // ACC-347, ACC-075
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.filters.base.access_time = vec![TimePeriod { day_of_week: 1, from: "08:00".into(), to: "18:00".into() }];
    house.add(user).await;
    let second = 1000;
    house.clock.advance_millis(6 * 3600 * second + 59 * second);
    assert!(house.core.authenticate(&ssh("alice"), SECRET).await.is_ok(), "Monday 18:00:59");
    house.clock.advance_millis(second);
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
    house.clock.advance_millis(18 * 3600 * second);
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_filtered_and_the_deny_list_wins() {
    // ACC-078, ACC-079, ACC-080
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.filters.base.allowed_ip = vec!["192.0.2.0/24".into()];
    user.filters.base.denied_ip = vec!["192.0.2.128/25".into()];
    house.add(user).await;
    let from = |address: &str| Attempt { peer: peer(address), ..ssh("alice") };
    assert!(house.core.authenticate(&from("192.0.2.7"), SECRET).await.is_ok());
    assert!(house.core.authenticate(&from("[::ffff:192.0.2.7]"), SECRET).await.is_ok());
    refused(house.core.authenticate(&from("192.0.2.200"), SECRET).await);
    refused(house.core.authenticate(&from("198.51.100.1"), SECRET).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_protocols_and_methods_close_their_doors_only() {
    // ACC-081, ACC-086, ACC-087, ACC-349
    let house = house(|_| {}).await;
    let mut user = house.user("nossh");
    user.filters.base.denied_protocols = vec!["SSH".into()];
    house.add(user).await;
    let mut user = house.user("alice");
    user.filters.base.denied_login_methods = vec!["password-over-SSH".into()];
    house.add(user).await;
    let mut user = house.user("nopassword");
    user.filters.base.denied_login_methods = vec!["password".into()];
    house.add(user).await;
    refused(house.core.authenticate(&ssh("nossh"), SECRET).await);
    assert!(house.core.authenticate(&attempt("nossh", Protocol::Ftp), SECRET).await.is_ok());
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
    assert!(house.core.authenticate(&ssh("alice"), TALK).await.is_ok());
    for protocol in [Protocol::Ftp, Protocol::Dav, Protocol::Http] {
        assert!(house.core.authenticate(&attempt("alice", protocol), SECRET).await.is_ok(), "{protocol}");
    }
    refused(house.core.authenticate(&ssh("nopassword"), SECRET).await);
    refused(house.core.authenticate(&attempt("nopassword", Protocol::Ftp), SECRET).await);
    // SEC-053: over HTTP the rule shows, but only after the right password.
    let http = attempt("nopassword", Protocol::Http);
    assert!(matches!(house.core.authenticate(&http, SECRET).await.err(), Some(Error::Denied(_))));
    refused(house.core.authenticate(&http, Credentials::Password("wrong")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_two_steps_needs_both_and_records_one() {
    // ACC-091, ACC-092, ACC-094, ACC-348, SSH-009, SSH-056
    let house = house(|_| {}).await;
    for name in ["alice", "bob"] {
        let mut user = house.user(name);
        user.public_keys = vec![KEY.to_owned()];
        let denied = ["publickey", "password", "keyboard-interactive", "password+publickey"];
        user.filters.base.denied_login_methods = denied.map(str::to_owned).to_vec();
        house.add(user).await;
    }
    let step = async |name: &str, credentials, first: Option<&FirstFactor>| {
        house.core.authenticate_step(&ssh(name), credentials, first).await
    };
    // One step alone is no login, and a password may not come first.
    for credentials in [key(), TALK] {
        refused(house.core.authenticate(&ssh("alice"), credentials).await);
    }
    assert!(step("alice", SECRET, None).await.is_err());
    let Ok(Step::On(first)) = step("alice", key(), None).await else { panic!("the key leads on") };
    assert_eq!(first.next(), [Factor::Password, Factor::Dialogue]);
    // Neither the key again, nor a wrong password, nor another account.
    assert!(step("alice", key(), Some(&first)).await.is_err());
    assert!(step("alice", Credentials::Password("wrong"), Some(&first)).await.is_err());
    assert!(step("bob", SECRET, Some(&first)).await.is_err());
    let before = house.events().await.iter().filter(|event| event.event == 5).count();
    assert_eq!(before, 0);
    let kept = house.core.0.store.users().get("alice").await.expect("read").expect("alice");
    assert_eq!(kept.last_login, 0);
    assert!(matches!(step("alice", SECRET, Some(&first)).await, Ok(Step::In(_))));
    let Ok(Step::On(first)) = step("alice", TALK, None).await else { panic!("the dialogue leads on") };
    assert_eq!(first.next(), [Factor::Key]);
    assert!(matches!(step("alice", key(), Some(&first)).await, Ok(Step::In(_))));
    let events = house.events().await;
    let mut methods: Vec<_> = events.iter().filter(|event| event.event == 5).map(|event| event.message.as_str()).collect();
    methods.sort_unstable();
    assert_eq!(methods, ["keyboard-interactive+publickey", "publickey+password"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_stands_for_a_key_of_an_account_that_exists() {
    // SSH-048, SSH-052
    let house = house(|_| {}).await;
    house.add(house.user("alice")).await;
    let certificate = Credentials::Certificate { description: "SHA256:x: ID: laptop, serial: 7, CA ssh-ed25519 SHA256:y" };
    assert!(house.core.authenticate(&ssh("alice"), certificate).await.is_ok());
    refused(house.core.authenticate(&ssh("nobody"), certificate).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn second_factor_that_is_required_and_not_configured_refuses() {
    // SEC-125, SSH-016
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.filters.base.two_factor_protocols = vec!["SSH".into(), "HTTP".into()];
    house.add(user).await;
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
    // Over HTTP one can be configured.
    for protocol in [Protocol::Ftp, Protocol::Http] {
        assert!(house.core.authenticate(&attempt("alice", protocol), SECRET).await.is_ok(), "{protocol}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_passwords_and_required_changes_stop_passwords_but_not_keys() {
    // ACC-103, ACC-105, ACC-106
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.public_keys = vec![KEY.to_owned()];
    user.filters.base.password_expiration = 2;
    house.add(user).await;
    let mut user = house.user("bob");
    user.public_keys = vec![KEY.to_owned()];
    user.filters.require_password_change = true;
    house.add(user).await;
    assert!(house.core.authenticate(&ssh("alice"), SECRET).await.is_ok());
    house.clock.advance_millis(2 * 24 * 3600 * 1000);
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
    assert!(house.core.authenticate(&ssh("alice"), key()).await.is_ok());
    refused(house.core.authenticate(&ssh("bob"), SECRET).await);
    assert!(house.core.authenticate(&ssh("bob"), key()).await.is_ok());
    for name in ["alice", "bob"] {
        refused(house.core.authenticate(&attempt(name, Protocol::Dav), SECRET).await);
        assert!(house.core.authenticate(&attempt(name, Protocol::Http), SECRET).await.is_ok(), "there it can be changed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_limited_at_login() {
    // ACC-082, ACC-265
    let house = house(|_| {}).await;
    house.add(User { max_sessions: 1, ..house.user("alice") }).await;
    let first = house.core.authenticate(&ssh("alice"), SECRET).await.expect("login");
    let session = first.open_session("SFTP", "SFTP_1").expect("session");
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
    assert_eq!(house.core.authenticate(&attempt("alice", Protocol::Http), SECRET).await.err(), Some(Error::TooMany));
    drop(session);
    assert!(house.core.authenticate(&ssh("alice"), SECRET).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn probing_for_keys_tells_known_ones_and_records_nothing() {
    // SSH-011, RFC 4252 section 7
    let house = house(|_| {}).await;
    house.add(User { public_keys: vec![format!("{KEY} alice@laptop")], ..house.user("alice") }).await;
    assert!(house.core.is_public_key_known(&ssh("alice"), KEY).await);
    assert!(!house.core.is_public_key_known(&ssh("alice"), "ssh-ed25519 AAAA").await);
    assert!(!house.core.is_public_key_known(&ssh("nobody"), KEY).await);
    assert!(house.events().await.is_empty());
    // SSH-013: what a connection asked in vain is one failure, noted when it ends.
    house.core.note_unknown_keys(&ssh("alice"), "SHA256:x").await;
    house.core.note_unknown_keys(&ssh("nobody"), "SHA256:x").await;
    let mut noted: Vec<i64> = house.events().await.iter().map(|event| event.event).collect();
    noted.sort_unstable();
    assert_eq!(noted, [1, 2]);
    assert!(house.core.authenticate(&ssh("alice"), key()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn old_hashes_are_renewed_by_a_login() {
    // SEC-041
    let house = house(|_| {}).await;
    let parameters = entrepot_secrets::HashingParameters {
        algorithm: entrepot_secrets::Algorithm::Pbkdf2Sha256,
        pbkdf2_iterations: 1000,
        ..Default::default()
    };
    let old = password::hash(b"secret", &parameters).expect("hash");
    house.add(User { password: Some(old.clone()), ..house.user("alice") }).await;
    let users = house.core.0.store.users();
    let before = users.get("alice").await.expect("read").expect("alice");
    assert_eq!(users.password_hash("alice").await.expect("read"), Some(old));
    assert!(house.core.authenticate(&ssh("alice"), SECRET).await.is_ok());
    let new = users.password_hash("alice").await.expect("read").expect("hash");
    assert!(new.starts_with("$2a$04$"), "{new}");
    let after = users.get("alice").await.expect("read").expect("alice");
    assert_eq!((after.updated_at, after.last_password_change), (before.updated_at, before.last_password_change));
    assert!(house.core.authenticate(&ssh("alice"), SECRET).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_an_administrator_is_felt_by_the_next_login() {
    // decisions: verified credentials are dropped when the account changes
    let house = house(|_| {}).await;
    house.add(house.user("alice")).await;
    assert!(house.core.authenticate(&ssh("alice"), SECRET).await.is_ok());
    let changed = User { password: Some("another".into()), ..house.user("alice") };
    users::update(&house.core, &AdminSession::system(), "alice", changed, false).await.expect("updated");
    refused(house.core.authenticate(&ssh("alice"), SECRET).await);
    assert!(house.core.authenticate(&ssh("alice"), Credentials::Password("another")).await.is_ok());
    let disabled = User { status: 0, password: None, ..house.user("alice") };
    users::update(&house.core, &AdminSession::system(), "alice", disabled, false).await.expect("updated");
    refused(house.core.authenticate(&ssh("alice"), Credentials::Password("another")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_looked_up_by_the_naming_rules() {
    // ACC-007
    let house = house(|settings| settings.data_provider.naming_rules = 7).await;
    house.add(house.user("Alice")).await;
    assert!(house.core.authenticate(&ssh(" ALICE "), SECRET).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_cannot_be_used_fails_the_login() {
    // ACC-085, ACC-332
    let house = house(|_| {}).await;
    let file = tempfile::NamedTempFile::new_in(house.folder.path()).expect("file");
    let home_dir = file.path().join("home").to_string_lossy().into_owned();
    house.add(User { home_dir: home_dir.clone(), ..house.user("alice") }).await;
    let mut user = User { home_dir, ..house.user("bob") };
    user.filters.base.disable_fs_checks = true;
    house.add(user).await;
    let error = house.core.authenticate(&ssh("alice"), SECRET).await.err();
    assert!(error.is_some_and(|error| error != Error::Auth));
    let step = house.core.authenticate_step(&ssh("alice"), SECRET, None).await;
    assert!(matches!(step, Ok(Step::Homeless(error)) if error != Error::Auth));
    assert!(house.core.authenticate(&ssh("bob"), SECRET).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_directory_is_made() {
    // ACC-330, ACC-084
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.filters.base.start_directory = "/in/today".into();
    let home = std::path::PathBuf::from(&user.home_dir);
    house.add(user).await;
    house.core.authenticate(&ssh("alice"), SECRET).await.expect("login");
    assert!(home.join("in/today").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn anonymous_accounts_need_no_password_over_ftp_and_never_get_in_by_ssh() {
    // ACC-300, ACC-302, ACC-083
    let house = house(|_| {}).await;
    let mut user = house.user("guest");
    user.filters.base.is_anonymous = true;
    house.add(user).await;
    assert!(house.core.authenticate(&attempt("guest", Protocol::Ftp), Credentials::Password("me@example.com")).await.is_ok());
    refused(house.core.authenticate(&ssh("guest"), SECRET).await);
    assert!(house.core.authenticate(&attempt("guest", Protocol::Http), SECRET).await.is_err());
}
