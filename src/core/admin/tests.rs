//! Use cases of administrators against a store in memory.

mod event_rules_and_shares;
mod memberships;

use entrepot_model::{AdminGroupMapping, BaseVirtualFolder, Group, Role, Secret, event::ProviderEvent};

use super::*;
use crate::login::tests::{House, MONDAY_NOON, house};
use entrepot_model::AdminPermission as P;

pub(super) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));

fn system() -> AdminSession {
    AdminSession::system()
}

pub(super) fn session(permissions: &[P]) -> AdminSession {
    let admin = Admin { username: "op".into(), status: 1, permissions: permissions.to_vec(), ..Admin::default() };
    AdminSession::new(admin, None, HOME)
}

fn of_role(role: &str) -> AdminSession {
    let mut session = session(&[P::AddUsers, P::EditUsers, P::DelUsers, P::ViewUsers]);
    session.admin.role = role.to_owned();
    session
}

async fn add_role(house: &House, name: &str) {
    roles::add(&house.core, &system(), Role { name: name.into(), ..Role::default() }).await.expect("role");
}

async fn events(house: &House) -> Vec<ProviderEvent> {
    crate::audit::flush(&house.core).await;
    let filter = entrepot_store::ProviderEventFilter::default();
    house.core.0.store.events().search_provider(filter).await.expect("events")
}

fn is_denied<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(result, Err(Error::Denied(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn put_replaces_everything_but_what_is_kept() {
    // ACC-350, ACC-061, ACC-063, ACC-064
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.email = "a@example.com".into();
    users::add(&house.core, &system(), user).await.expect("added");
    let hash = house.core.0.store.users().password_hash("alice").await.expect("read");
    let without = |change: fn(&mut entrepot_model::User)| {
        let mut user = entrepot_model::User { password: None, ..house.user("alice") };
        change(&mut user);
        user
    };
    let no_permissions = without(|user| user.permissions.clear());
    let failed = users::update(&house.core, &system(), "alice", no_permissions, false).await;
    assert!(matches!(failed, Err(Error::Invalid { .. })), "{failed:?}");
    assert_eq!(users::get(&house.core, &system(), "alice", false).await.expect("alice").email, "a@example.com");
    house.clock.advance_millis(5);
    let updated = users::update(&house.core, &system(), "alice", without(|_| {}), false).await.expect("updated");
    assert_eq!(updated.email, "");
    assert_eq!((updated.created_at, updated.updated_at), (MONDAY_NOON, MONDAY_NOON + 5));
    assert_eq!(house.core.0.store.users().password_hash("alice").await.expect("read"), hash);
    // ACC-062: of a hash nobody knows the age.
    let hash = "{SHA256}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let hashed = entrepot_model::User { password: Some(hash.into()), ..house.user("alice") };
    let updated = users::update(&house.core, &system(), "alice", hashed, false).await.expect("updated");
    assert_eq!(updated.last_password_change, MONDAY_NOON);
    let cleared = without(|user| user.password = Some(String::new()));
    assert!(!users::update(&house.core, &system(), "alice", cleared, false).await.expect("updated").has_password);
}

#[tokio::test(flavor = "multi_thread")]
async fn role_administrators_see_and_make_users_of_their_role_only() {
    // ACC-351, ACC-225, ACC-226, ACC-059, API-033
    let house = house(|_| {}).await;
    add_role(&house, "r1").await;
    add_role(&house, "r2").await;
    let with = |name: &str, role: &str| entrepot_model::User { role: role.into(), ..house.user(name) };
    users::add(&house.core, &system(), with("other", "r2")).await.expect("added");
    users::add(&house.core, &system(), with("none", "")).await.expect("added");
    let own = of_role("r1");
    let added = users::add(&house.core, &own, with("mine", "r2")).await.expect("added");
    assert_eq!(added.role, "r1");
    for name in ["other", "none", "missing"] {
        assert_eq!(users::get(&house.core, &own, name, false).await.err(), Some(Error::NotFound), "{name}");
        assert_eq!(users::update(&house.core, &own, name, house.user(name), false).await.err(), Some(Error::NotFound));
        assert_eq!(users::delete(&house.core, &own, name).await.err(), Some(Error::NotFound));
    }
    let listed = users::list(&house.core, &own, ListOptions::default()).await.expect("list");
    assert_eq!(listed.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["mine"]);
    let updated = users::update(&house.core, &own, "mine", with("mine", "r2"), false).await.expect("updated");
    assert_eq!(updated.role, "r1");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_use_case_asks_for_its_permission() {
    // ACC-234, ACC-235
    let house = house(|_| {}).await;
    users::add(&house.core, &system(), house.user("alice")).await.expect("added");
    let nothing = session(&[P::ViewStatus]);
    assert!(is_denied(users::list(&house.core, &nothing, ListOptions::default()).await));
    assert!(is_denied(users::get(&house.core, &nothing, "alice", false).await));
    assert!(is_denied(users::add(&house.core, &nothing, house.user("bob")).await));
    assert!(is_denied(users::update(&house.core, &session(&[P::ViewUsers]), "alice", house.user("alice"), false).await));
    assert!(is_denied(users::delete(&house.core, &session(&[P::EditUsers]), "alice").await));
    assert!(is_denied(admins::list(&house.core, &nothing, ListOptions::default()).await));
    assert!(is_denied(roles::list(&house.core, &session(&[P::ManageGroups]), ListOptions::default()).await));
    assert!(users::get(&house.core, &session(&[P::ViewUsers]), "alice", false).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn granular_and_umbrella_permissions_for_groups() {
    // ACC-375, ACC-376
    let house = house(|_| {}).await;
    let group = |name: &str| Group { name: name.into(), ..Group::default() };
    let granular = session(&[P::ViewGroups, P::ManageGroups, P::ViewFolders]);
    groups::add(&house.core, &granular, group("g")).await.expect("added");
    groups::update(&house.core, &granular, "g", group("g")).await.expect("updated");
    assert!(is_denied(groups::delete(&house.core, &granular, "g").await));
    assert!(is_denied(folders::add(&house.core, &granular, BaseVirtualFolder::default()).await));
    let umbrella = session(&[P::ManageGroups]);
    assert!(groups::get(&house.core, &umbrella, "g", false).await.is_ok());
    groups::delete(&house.core, &umbrella, "g").await.expect("deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_the_administrator_are_attached_to_new_users() {
    // ACC-246
    let house = house(|_| {}).await;
    groups::add(&house.core, &system(), Group { name: "staff".into(), ..Group::default() }).await.expect("added");
    let mut adder = session(&[P::AddUsers]);
    let mut mapping = AdminGroupMapping { name: "staff".into(), ..AdminGroupMapping::default() };
    mapping.options.add_to_users_as = 1;
    adder.admin.groups = vec![mapping];
    let added = users::add(&house.core, &adder, house.user("alice")).await.expect("added");
    assert_eq!(added.groups.iter().map(|group| (group.name.as_str(), group.kind)).collect::<Vec<_>>(), [("staff", 1)]);
    // ACC-220
    assert!(matches!(groups::delete(&house.core, &system(), "staff").await, Err(Error::InUse(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_granular_administrator_may_not_see_it_cannot_change() {
    // ACC-361, ACC-363
    let house = house(|_| {}).await;
    groups::add(&house.core, &system(), Group { name: "g".into(), ..Group::default() }).await.expect("added");
    let member = || {
        let groups = vec![entrepot_model::GroupMapping { name: "g".into(), kind: 2 }];
        entrepot_model::User { groups, ..house.user("alice") }
    };
    let blind = session(&[P::AddUsers, P::EditUsers, P::ViewFolders]);
    assert!(users::add(&house.core, &blind, member()).await.expect("added").groups.is_empty());
    users::update(&house.core, &system(), "alice", member(), false).await.expect("updated");
    let emptied = users::update(&house.core, &blind, "alice", house.user("alice"), false).await.expect("updated");
    assert_eq!(emptied.groups.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_users_expire_by_the_preference_of_the_administrator() {
    // ACC-058
    let house = house(|_| {}).await;
    let mut adder = session(&[P::Any]);
    adder.admin.filters.preferences.default_users_expiration = 2;
    let added = users::add(&house.core, &adder, house.user("alice")).await.expect("added");
    assert_eq!(added.expiration_date, MONDAY_NOON + 2 * 24 * 3600 * 1000);
    let dated = entrepot_model::User { expiration_date: MONDAY_NOON + 1, ..house.user("bob") };
    assert_eq!(users::add(&house.core, &adder, dated).await.expect("added").expiration_date, MONDAY_NOON + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_without_home_gets_one_in_the_data_folder() {
    // ACC-017; decisions: the homes folder made for that
    let house = house(|_| {}).await;
    let user = entrepot_model::User { home_dir: String::new(), ..house.user("alice") };
    let added = users::add(&house.core, &system(), user).await.expect("added");
    assert_eq!(added.home_dir, house.folder.path().join("data/homes/alice").to_string_lossy());
}

#[tokio::test(flavor = "multi_thread")]
async fn roots_around_the_data_folder_are_refused_at_save() {
    let house = house(|_| {}).await;
    let data = house.folder.path().join("data");
    // What a link leads to counts.
    std::fs::create_dir(&data).expect("data folder");
    let (link, outer) = (house.folder.path().join("link"), house.folder.path().join("outer"));
    std::os::unix::fs::symlink(&data, &link).expect("link");
    std::os::unix::fs::symlink(house.folder.path(), &outer).expect("link");
    let links = [link.clone(), link.join("not yet there"), outer.clone(), outer.join("data/keys"), link.join("homes/..")];
    for root in [house.folder.path().to_owned(), data.clone(), data.join("keys")].into_iter().chain(links) {
        let root = root.to_string_lossy().into_owned();
        let user = entrepot_model::User { home_dir: root.clone(), ..house.user("alice") };
        let refused = users::add(&house.core, &system(), user).await.err();
        assert!(matches!(&refused, Some(Error::Invalid { field, .. }) if field == "home_dir"), "{refused:?}");
        let folder = BaseVirtualFolder { name: "f".into(), mapped_path: root, ..BaseVirtualFolder::default() };
        let refused = folders::add(&house.core, &system(), folder).await.err();
        assert!(matches!(&refused, Some(Error::Invalid { field, .. }) if field == "mapped_path"), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sealed_hidden_and_kept() {
    // SEC-005, SEC-007, SEC-008, SEC-011, SEC-019
    let house = house(|_| {}).await;
    let mut user = house.user("alice");
    user.filesystem.provider = 5;
    user.filesystem.sftpconfig.endpoint = "sftp.example.com:22".into();
    user.filesystem.sftpconfig.username = "remote".into();
    user.filesystem.sftpconfig.password = Secret::plain("swordfish");
    let added = users::add(&house.core, &system(), user).await.expect("added");
    let hidden = &added.filesystem.sftpconfig.password;
    assert!(hidden.is_encrypted() && hidden.key.is_empty() && hidden.additional_data.is_empty());
    let whole = users::get(&house.core, &system(), "alice", true).await.expect("alice");
    let sealed = whole.filesystem.sftpconfig.password.clone();
    assert_eq!(sealed.additional_data, "alice");
    assert_eq!(sealing::open(&house.core.0.sealer, &sealed).expect("opens").as_slice(), b"swordfish");
    assert!(whole.password.is_some_and(|hash| hash.starts_with("$2a$")));
    let viewer = users::get(&house.core, &session(&[P::ViewUsers]), "alice", true).await.expect("alice");
    assert!(viewer.password.is_none() && viewer.filesystem.sftpconfig.password.key.is_empty());
    users::update(&house.core, &system(), "alice", added, false).await.expect("a GET body can be PUT back");
    let again = users::get(&house.core, &system(), "alice", true).await.expect("alice");
    assert_eq!(again.filesystem.sftpconfig.password, sealed);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_obey_the_rules_and_hashes_are_stored_as_they_are() {
    // ACC-108, ACC-109, ACC-110, SEC-038, SEC-040, ACC-053
    let house = house(|_| {}).await;
    let mut primary = Group { name: "strict".into(), ..Group::default() };
    primary.user_settings.filters.base.password_policy.digits = 2;
    groups::add(&house.core, &system(), primary).await.expect("added");
    let with = |name: &str, password: &str| {
        let groups = vec![entrepot_model::GroupMapping { name: "strict".into(), kind: 1 }];
        entrepot_model::User { password: Some(password.into()), groups, ..house.user(name) }
    };
    for password in ["nodigits", "   ", "$argon2id$broken"] {
        let refused = users::add(&house.core, &system(), with("alice", password)).await.err();
        assert!(matches!(&refused, Some(Error::Invalid { field, .. }) if field == "password"), "{password}: {refused:?}");
    }
    users::add(&house.core, &system(), with("alice", "digits12")).await.expect("added");
    let hash = "{SHA256}9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    users::add(&house.core, &system(), with("bob", hash)).await.expect("added");
    assert_eq!(house.core.0.store.users().password_hash("bob").await.expect("read").as_deref(), Some(hash));
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_and_broken_references_are_conflicts() {
    // ACC-013, ACC-060
    let house = house(|_| {}).await;
    users::add(&house.core, &system(), house.user("alice")).await.expect("added");
    assert!(matches!(users::add(&house.core, &system(), house.user(" alice ")).await, Err(Error::Conflict(_))));
    let user = entrepot_model::User { role: "missing".into(), ..house.user("bob") };
    assert!(matches!(users::add(&house.core, &system(), user).await, Err(Error::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_leaves_an_event_without_secrets() {
    // ACC-068, PVA-001, PVA-008
    let house = house(|_| {}).await;
    let operator = session(&[P::Any]);
    users::add(&house.core, &operator, house.user("alice")).await.expect("added");
    users::update(&house.core, &operator, "alice", house.user("alice"), false).await.expect("updated");
    users::delete(&house.core, &operator, "alice").await.expect("deleted");
    let mut events = events(&house).await;
    events.sort_by_key(|event| event.timestamp);
    let mut actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["add", "delete", "update"]);
    for event in &events {
        assert_eq!((event.username.as_str(), event.ip.as_str(), event.object_type.as_str()), ("op", "192.0.2.9", "user"));
        let data = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &event.object_data).expect("base64");
        let data = String::from_utf8_lossy(&data).into_owned();
        assert!(data.contains("alice") && !data.contains("$2a$") && !data.contains("\"password\""), "{data}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_or_disconnecting_ends_sessions() {
    // ACC-066, ACC-067, ACC-273
    let house = house(|_| {}).await;
    users::add(&house.core, &system(), house.user("alice")).await.expect("added");
    let attempt = crate::Attempt {
        username: "alice".into(),
        protocol: entrepot_model::Protocol::Ssh,
        peer: crate::login::tests::peer("192.0.2.1"),
    };
    let secret = crate::Credentials::Password("secret");
    let login = house.core.authenticate(&attempt, secret).await.expect("login");
    let session = login.open_session("SFTP", "SFTP_1").expect("session");
    users::update(&house.core, &system(), "alice", house.user("alice"), false).await.expect("updated");
    assert!(!session.ended().is_cancelled());
    users::update(&house.core, &system(), "alice", house.user("alice"), true).await.expect("updated");
    assert!(session.ended().is_cancelled());
    // The connection may stay; it opens no other session.
    assert_eq!(login.open_session("SFTP", "SFTP_2").err(), Some(Error::Auth));
    let login = house.core.authenticate(&attempt, secret).await.expect("login");
    let session = login.open_session("SFTP", "SFTP_3").expect("session");
    users::delete(&house.core, &system(), "alice").await.expect("deleted");
    assert!(session.ended().is_cancelled());
    assert_eq!(login.open_session("SFTP", "SFTP_4").err(), Some(Error::Auth));
}

fn new_admin(name: &str) -> Admin {
    Admin { username: name.into(), password: Some("secret".into()), status: 1, permissions: vec![P::Any], ..Admin::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_log_in_by_password_under_their_rules() {
    // ACC-241, ACC-242, SEC-054, ACC-257
    let house = house(|_| {}).await;
    assert_eq!(house.core.admin_login("root", "secret", None, HOME).await.err(), Some(Error::Auth));
    admins::add(&house.core, &system(), new_admin("root")).await.expect("added");
    let login = house.core.admin_login(" root ", "secret", None, HOME).await.expect("login");
    assert!(login.may(P::AddUsers) && login.admin().password.is_none());
    for (name, password) in [("root", "wrong"), ("root", ""), ("nobody", "secret")] {
        assert_eq!(house.core.admin_login(name, password, None, HOME).await.err(), Some(Error::Auth), "{name} {password}");
    }
    let changes: [fn(&mut Admin); 3] = [
        |admin| admin.status = 0,
        |admin| admin.filters.allow_list = vec!["198.51.100.0/24".into()],
        |admin| admin.filters.disable_password_auth = true,
    ];
    for change in changes {
        let mut admin = Admin { password: None, ..new_admin("root") };
        change(&mut admin);
        admins::update(&house.core, &system(), "root", admin).await.expect("updated");
        assert_eq!(house.core.admin_login("root", "secret", None, HOME).await.err(), Some(Error::Auth));
    }
    // ACC-243, ACC-244: they get in, and no further than to what they must do.
    let duties: [fn(&mut Admin); 2] =
        [|admin| admin.filters.require_two_factor = true, |admin| admin.filters.require_password_change = true];
    for duty in duties {
        let mut admin = Admin { password: None, ..new_admin("root") };
        duty(&mut admin);
        admins::update(&house.core, &system(), "root", admin).await.expect("updated");
        assert!(!house.core.admin_login("root", "secret", None, HOME).await.expect("login").duties().is_empty());
    }
    admins::update(&house.core, &system(), "root", Admin { password: None, ..new_admin("root") }).await.expect("updated");
    assert!(house.core.admin_login("root", "secret", None, HOME).await.expect("login").duties().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_cannot_cut_their_own_branch() {
    // ACC-249, ACC-251, ACC-238
    let house = house(|_| {}).await;
    admins::add(&house.core, &system(), new_admin("root")).await.expect("added");
    let me = house.core.admin_login("root", "secret", None, HOME).await.expect("login");
    let changes: [fn(&mut Admin); 2] = [|admin| admin.permissions = vec![P::ViewUsers], |admin| admin.status = 0];
    for change in changes {
        let mut admin = new_admin("root");
        change(&mut admin);
        assert!(matches!(admins::update(&house.core, &me, "root", admin).await, Err(Error::Invalid { .. })));
    }
    assert!(matches!(admins::delete(&house.core, &me, "root").await, Err(Error::Invalid { .. })));
    let nameless = Admin { password: None, ..new_admin("second") };
    assert!(matches!(admins::add(&house.core, &me, nameless).await, Err(Error::Invalid { .. })));
    admins::add(&house.core, &me, new_admin("second")).await.expect("added");
    admins::delete(&house.core, &me, "second").await.expect("deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn setup_takes_its_token_once() {
    // ACC-254, ACC-255, decisions: first start
    let house = house(|_| {}).await;
    assert!(house.core.setup_required().await.expect("answer"));
    let old = house.core.create_setup_token().await.expect("token");
    let token = house.core.create_setup_token().await.expect("token");
    let request = |token| SetupRequest { token, username: "root", password: "secret", installation_code: "", ip: HOME };
    assert_eq!(house.core.complete_setup(request(&old)).await.err(), Some(Error::Auth));
    assert_eq!(house.core.check_setup_token(&token).await, Ok(()));
    let admin = house.core.complete_setup(request(&token)).await.expect("admin");
    assert_eq!(admin.permissions, [P::Any]);
    assert!(!house.core.setup_required().await.expect("answer"));
    assert_eq!(house.core.complete_setup(request(&token)).await.err(), Some(Error::Auth));
    assert!(matches!(house.core.create_setup_token().await, Err(Error::Conflict(_))));
    assert!(house.core.admin_login("root", "secret", None, HOME).await.is_ok());
    assert_eq!(house.core.create_default_admin("other", "secret").await, Ok(false));
    house.core.reset_admin_password("root", "different").await.expect("reset");
    assert_eq!(house.core.admin_login("root", "secret", None, HOME).await.err(), Some(Error::Auth));
    assert!(house.core.admin_login("root", "different", None, HOME).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_brings_the_umbrella_back_for_everybody() {
    // ACC-364, ACC-362
    let house = house(|settings| settings.hook.legacy_admin_perms = true).await;
    let admin = Admin { permissions: vec![P::ManageGroups, P::ViewGroups], ..new_admin("granular") };
    admins::add(&house.core, &system(), admin).await.expect("no cross check");
    let session = house.core.admin_login("granular", "secret", None, HOME).await.expect("login");
    let token = house.core.issue_admin_token(&session).await.expect("token");
    let session = house.core.admin_session(&token.access_token, HOME).await.expect("session");
    groups::add(&house.core, &session, Group { name: "g".into(), ..Group::default() }).await.expect("added");
    groups::delete(&house.core, &session, "g").await.expect("deleted");
}
