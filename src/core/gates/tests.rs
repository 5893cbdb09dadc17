//! The gates of a whole core: who gets in, who does not, and what the defender hears of.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use entrepot_config::settings::RateLimiter;
use entrepot_model::{IpListEntry, User};

use super::*;
use crate::{
    Attempt, Credentials, Error,
    admin::{self, AdminSession, IpListPage, Order, defender, ip_lists},
    login::tests::{House, house, peer},
};

fn from(address: &str) -> SocketAddr {
    SocketAddr::new(address.parse().expect("address"), 40000)
}

async fn list(house: &House, list: IpListType, network: &str, mode: i64, protocols: i64) {
    let entry = IpListEntry { ipornet: network.into(), list: list.code(), mode, protocols, ..IpListEntry::default() };
    ip_lists::add(&house.core, &AdminSession::system(), entry).await.expect("entry");
}

fn refusal(house: &House, address: &str, protocol: Protocol) -> Option<Refused> {
    house.core.admit(from(address), protocol).err()
}

fn score_of(house: &House, address: &str) -> u64 {
    let host = defender::host(&house.core, &AdminSession::system(), address.parse().expect("address"));
    host.map_or(0, |host| host.score)
}

async fn try_password(house: &House, address: &str, name: &str, password: &str) -> crate::Result<()> {
    let attempt = Attempt { username: name.into(), protocol: Protocol::Ssh, peer: peer(address) };
    house.core.authenticate(&attempt, Credentials::Password(password)).await.map(drop)
}

async fn add_user(house: &House, name: &str) {
    admin::users::add(&house.core, &AdminSession::system(), User { ..house.user(name) }).await.expect("user");
}

/// Bans an address.
fn ban(house: &House, address: &str) {
    for _ in 0..8 {
        house.core.score(address.parse().expect("address"), Protocol::Ssh, Score::UnknownUser);
    }
}

// SSH-004, SEC-180, DEF-009, DEF-015, API-083, API-084
#[tokio::test(flavor = "multi_thread")]
async fn bans_and_lists_decide_who_gets_in() {
    let house = house(|_| {}).await;
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), None);
    ban(&house, "192.0.2.1");
    for protocol in Protocol::ALL {
        assert_eq!(refusal(&house, "192.0.2.1", protocol), Some(Refused::Banned));
    }
    assert_eq!(refusal(&house, "192.0.2.2", Protocol::Ssh), None);

    list(&house, IpListType::Defender, "192.0.2.0/24", 1, 1).await;
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), None, "an allow entry overrides a ban");
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Http), Some(Refused::Banned), "for its protocols only");
    list(&house, IpListType::Defender, "192.0.2.2/32", 2, 0).await;
    assert_eq!(refusal(&house, "192.0.2.2", Protocol::Ssh), Some(Refused::Banned), "a narrower deny wins");
    list(&house, IpListType::Trusted, "192.0.2.2", 1, 0).await;
    assert_eq!(refusal(&house, "192.0.2.2", Protocol::Ssh), None, "trusted addresses are never banned");
}

// IPL-006, IPL-009, IPL-010, API-082, API-085
#[tokio::test(flavor = "multi_thread")]
async fn with_the_allow_list_only_its_networks_get_in() {
    let house = house(|settings| settings.common.allowlist_status = 1).await;
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Http), Some(Refused::NotAllowed), "an empty list lets nobody in");
    list(&house, IpListType::Trusted, "192.0.2.1", 1, 0).await;
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), Some(Refused::NotAllowed), "trusted is not allowed");
    list(&house, IpListType::Allow, "192.0.2.0/24", 1, 1).await;
    assert_eq!(refusal(&house, "192.0.2.9", Protocol::Ssh), None);
    assert_eq!(refusal(&house, "192.0.2.9", Protocol::Ftp), Some(Refused::NotAllowed));
    let system = AdminSession::system();
    let changed = IpListEntry { protocols: 0, ..IpListEntry::default() };
    ip_lists::update(&house.core, &system, IpListType::Allow, "192.0.2.0/24", changed).await.expect("changed");
    assert_eq!(refusal(&house, "192.0.2.9", Protocol::Ftp), None, "a change holds at once");
    ip_lists::delete(&house.core, &system, IpListType::Allow, "192.0.2.0/24").await.expect("deleted");
    assert_eq!(refusal(&house, "192.0.2.9", Protocol::Ssh), Some(Refused::NotAllowed));
}

// LIM-001, LIM-002, LIM-003, IPL-001
#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_a_limit_are_refused_until_one_ends() {
    let house = house(|settings| {
        (settings.common.max_total_connections, settings.common.max_per_host_connections) = (4, 2);
    })
    .await;
    let enter =
        |address: &str, port: u16| house.core.admit(SocketAddr::new(address.parse().expect("address"), port), Protocol::Ssh);
    let first = enter("192.0.2.1", 1).expect("room");
    let _second = enter("192.0.2.1", 2).expect("room");
    assert_eq!(enter("192.0.2.1", 3).err(), Some(Refused::TooMany), "per host");
    assert_eq!(score_of(&house, "192.0.2.1"), 3);
    let _third = enter("192.0.2.2", 1).expect("another host");
    let _fourth = enter("192.0.2.3", 1).expect("another host");
    assert_eq!(enter("192.0.2.4", 1).err(), Some(Refused::TooMany), "in total");
    assert_eq!(score_of(&house, "192.0.2.4"), 0, "not its fault");
    drop(first);
    let _fifth = enter("192.0.2.1", 4).expect("room again");
}

// LIM-002, IPL-001
#[tokio::test(flavor = "multi_thread")]
async fn safe_hosts_may_have_more_connections_and_trusted_and_private_ones_are_not_scored() {
    let house = house(|settings| settings.common.max_per_host_connections = 1).await;
    list(&house, IpListType::Defender, "192.0.2.1", 1, 0).await;
    list(&house, IpListType::Trusted, "192.0.2.2", 1, 0).await;
    let both = |address: &str| {
        let first = house.core.admit(SocketAddr::new(address.parse().expect("address"), 1), Protocol::Ssh);
        let second = house.core.admit(SocketAddr::new(address.parse().expect("address"), 2), Protocol::Ssh);
        (first.is_ok(), second.is_ok())
    };
    assert_eq!(both("192.0.2.1"), (true, true));
    for address in ["192.0.2.2", "10.0.0.9"] {
        assert_eq!(both(address), (true, false), "{address}");
        assert_eq!(score_of(&house, address), 0, "{address}");
    }
    assert_eq!(both("2001:db8::1"), (true, false));
    assert_eq!(score_of(&house, "2001:db8::ffff"), 3, "a public IPv6 network is one host");
}

// LIM-009
#[tokio::test(flavor = "multi_thread")]
async fn closed_gates_let_nobody_in() {
    let house = house(|_| {}).await;
    house.core.close_gates();
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), Some(Refused::Stopping));
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Http), Some(Refused::Stopping));
}

fn limiter(events: bool) -> RateLimiter {
    RateLimiter {
        average: 1,
        period: 1000,
        burst: 1,
        r#type: 2,
        protocols: vec!["SSH".into()],
        generate_defender_events: events,
        entries_soft_limit: 100,
        entries_hard_limit: 150,
    }
}

// RATE-004, RATE-005, RATE-007, RATE-008, RATE-011, SEC-187
#[tokio::test(flavor = "multi_thread")]
async fn rate_limits_refuse_or_delay_and_tell_the_defender() {
    let house = house(|settings| settings.common.rate_limiters = vec![limiter(true)]).await;
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), None);
    let limited = Refused::RateLimited { retry_after: Duration::from_secs(1) };
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), Some(limited));
    assert_eq!(score_of(&house, "192.0.2.1"), 3);
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Http), None, "another protocol");
    house.clock.advance_millis(700);
    let admission = house.core.admit(from("192.0.2.1"), Protocol::Ssh).map_err(drop).expect("after a wait");
    assert_eq!(admission.delay(), Duration::from_millis(300));
    list(&house, IpListType::RateLimiterSafe, "192.0.2.2", 1, 1).await;
    list(&house, IpListType::Trusted, "192.0.2.3", 1, 0).await;
    for safe in ["192.0.2.2", "192.0.2.3"] {
        assert!((0..5).all(|_| refusal(&house, safe, Protocol::Ssh).is_none()), "{safe}");
    }
}

// RATE-001
#[tokio::test(flavor = "multi_thread")]
async fn limits_that_are_changed_hold_at_once_and_others_go_on() {
    let house = house(|settings| settings.common.rate_limiters = vec![limiter(false)]).await;
    let adopt = |limiters: Vec<RateLimiter>| {
        let mut settings = (*house.core.settings()).clone();
        settings.common.rate_limiters = limiters;
        house.core.0.gates.adopt(&settings, house.core.clock().nanos());
    };
    let is_limited = || refusal(&house, "192.0.2.1", Protocol::Ssh).is_some();
    assert!(!is_limited() && is_limited());
    adopt(vec![limiter(false)]);
    assert!(is_limited(), "the same limit has not forgotten");
    adopt(vec![RateLimiter { average: 100, burst: 100, ..limiter(false) }]);
    assert!(!is_limited() && !is_limited());
    adopt(Vec::new());
    assert!((0..200).all(|_| !is_limited()));
}

// DEF-013, SEC-183, SEC-184, DEF-012
#[tokio::test(flavor = "multi_thread")]
async fn failed_logins_are_scored_whoever_asked() {
    let house = house(|_| {}).await;
    add_user(&house, "alice").await;
    assert!(try_password(&house, "192.0.2.1", "alice", "wrong").await.is_err());
    assert_eq!(score_of(&house, "192.0.2.1"), 1);
    assert!(try_password(&house, "192.0.2.1", "nobody", "wrong").await.is_err());
    assert_eq!(score_of(&house, "192.0.2.1"), 3);
    assert!(house.core.admin_login("nobody", "wrong", None, "192.0.2.1".parse().expect("address")).await.is_err());
    assert_eq!(score_of(&house, "192.0.2.1"), 5);
    assert!(try_password(&house, "192.0.2.1", "alice", "secret").await.is_ok());
    assert_eq!(score_of(&house, "192.0.2.1"), 5, "a success forgives nothing");
    list(&house, IpListType::Defender, "192.0.2.2", 1, 0).await;
    assert!(try_password(&house, "192.0.2.2", "nobody", "wrong").await.is_err());
    assert_eq!(score_of(&house, "192.0.2.2"), 0, "safe addresses are never scored");
}

// SSH-013
#[tokio::test(flavor = "multi_thread")]
async fn refused_keys_count_once_and_only_if_nobody_logged_in() {
    let house = house(|_| {}).await;
    add_user(&house, "alice").await;
    let attempt = |name: &str| Attempt { username: name.into(), protocol: Protocol::Ssh, peer: peer("192.0.2.1") };
    let key = |number: u8| format!("ssh-ed25519 AAAA{number}");
    let connection = house.core.admit(from("192.0.2.1"), Protocol::Ssh).map_err(drop).expect("in");
    for number in 0..5 {
        assert!(!house.core.is_public_key_known(&attempt("alice"), &key(number)).await);
    }
    let authorized = key(9);
    let credentials = Credentials::PublicKey { authorized: &authorized, fingerprint: "" };
    assert_eq!(house.core.authenticate(&attempt("alice"), credentials).await.err(), Some(Error::Auth));
    assert_eq!(score_of(&house, "192.0.2.1"), 0);
    drop(connection);
    assert_eq!(score_of(&house, "192.0.2.1"), 1, "once");

    let connection = house.core.admit(from("192.0.2.1"), Protocol::Ssh).map_err(drop).expect("in");
    assert!(!house.core.is_public_key_known(&attempt("alice"), &key(1)).await);
    assert!(try_password(&house, "192.0.2.1", "alice", "secret").await.is_ok());
    drop(connection);
    assert_eq!(score_of(&house, "192.0.2.1"), 1, "it logged in");
}

// SSH-014, SSH-015, SEC-186, SEC-189
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_tries_nothing_is_recorded_and_scored() {
    let house = house(|settings| settings.common.defender.score_no_auth = 2).await;
    drop(house.core.admit(from("192.0.2.1"), Protocol::Ssh));
    assert_eq!(score_of(&house, "192.0.2.1"), 2);
    let connection = house.core.admit(from("192.0.2.1"), Protocol::Ssh);
    house.core.note_not_negotiated(from("192.0.2.1"));
    drop(connection);
    drop(house.core.admit(from("192.0.2.9"), Protocol::Http));
    assert_eq!(score_of(&house, "192.0.2.9"), 0, "a request is no login");
    crate::audit::flush(&house.core).await;
    let events = house.core.0.store.events().search_log(entrepot_store::LogEventFilter::default()).await.expect("events");
    assert_eq!(events.iter().map(|event| event.event).collect::<Vec<_>>(), [4, 3]);
    for _ in 0..200 {
        drop(house.core.admit(from("192.0.2.7"), Protocol::Ssh));
    }
    crate::audit::flush(&house.core).await;
    let events = house.core.0.store.events().search_log(entrepot_store::LogEventFilter::default()).await.expect("events");
    assert!(events.len() <= 62, "a scanner does not fill the database: {}", events.len());
}

// Decisions 15
#[tokio::test(flavor = "multi_thread")]
async fn everybody_behind_an_undeclared_proxy_is_not_locked_out() {
    let house = house(|_| {}).await;
    add_user(&house, "alice").await;
    assert!(try_password(&house, "172.17.0.1", "alice", "secret").await.is_ok());
    for _ in 0..20 {
        assert!(try_password(&house, "172.17.0.1", "root", "wrong").await.is_err());
    }
    assert_eq!(refusal(&house, "172.17.0.1", Protocol::Ssh), None);
    let hosts = defender::hosts(&house.core, &AdminSession::system()).expect("hosts");
    assert_eq!(hosts.len(), 1);
    assert!(hosts[0].spared.is_some() && hosts[0].score >= 15 && hosts[0].banned_until.is_none(), "{hosts:?}");
}

/// Counts bans that rules hear of.
#[derive(Default)]
struct Bans(AtomicUsize);

impl crate::EventSink for Bans {
    fn fs_event(&self, _: &std::sync::Arc<entrepot_model::event::FsEvent>) {}

    fn ip_blocked(&self, ip: IpAddr, protocol: Protocol) {
        assert_eq!((ip, protocol), ([192, 0, 2, 1].into(), Protocol::Ssh));
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

// DEF-008, DEF-017, EVT-062
#[tokio::test(flavor = "multi_thread")]
async fn a_ban_is_told_once_and_outlives_a_restart_if_it_is_to() {
    let folder = tempfile::tempdir().expect("folder");
    let bans = std::sync::Arc::new(Bans::default());
    let start = async |driver: &str| {
        let mut settings = entrepot_config::load(entrepot_config::Sources::new(folder.path())).expect("settings").settings;
        settings.common.defender.driver = driver.into();
        let options = crate::CoreOptions {
            settings: std::sync::Arc::new(arc_swap::ArcSwap::from_pointee(settings)),
            data_directory: folder.path().into(),
            store: Store::open(entrepot_store::StoreOptions::new(folder.path())).expect("store"),
            sealer: entrepot_secrets::Sealer::default(),
            tasks: crate::Tasks::new(tokio::runtime::Handle::current(), 1),
            clock: std::sync::Arc::new(crate::ManualClock::at_millis(1_800_000_000_000)),
            hooks: std::sync::Arc::new(crate::NoHooks),
            sink: bans.clone(),
            storages: std::sync::Arc::new(crate::fs::door::BuiltInStorages),
        };
        Core::start(options).await.expect("core")
    };
    for (driver, is_kept) in [("memory", false), ("provider", true)] {
        let told = bans.0.load(Ordering::SeqCst);
        let core = start(driver).await;
        for _ in 0..12 {
            core.score([192, 0, 2, 1].into(), Protocol::Ssh, Score::UnknownUser);
        }
        assert_eq!(core.admit(from("192.0.2.1"), Protocol::Ssh).err(), Some(Refused::Banned));
        assert_eq!(bans.0.load(Ordering::SeqCst), told + 1);
        core.stop(Duration::from_secs(5)).await;
        drop(core);
        let core = start(driver).await;
        assert_eq!(core.admit(from("192.0.2.1"), Protocol::Ssh).is_err(), is_kept, "{driver}");
        core.stop(Duration::from_secs(5)).await;
    }
}

// API-044, API-077, API-081, IPL-008, PVA-001
#[tokio::test(flavor = "multi_thread")]
async fn entries_of_lists_are_managed_by_who_may_do_everything() {
    let house = house(|_| {}).await;
    let system = AdminSession::system();
    let entry = IpListEntry { ipornet: "10.1.2.3/8".into(), list: 2, mode: 2, protocols: 15, ..IpListEntry::default() };
    let added = ip_lists::add(&house.core, &system, entry.clone()).await.expect("added");
    assert_eq!((added.ipornet.as_str(), added.protocols), ("10.0.0.0/8", 0));
    assert!(matches!(ip_lists::add(&house.core, &system, entry).await, Err(Error::Conflict(_))));
    let other = IpListEntry { ipornet: "192.0.2.1".into(), list: 1, mode: 1, protocols: 1, ..IpListEntry::default() };
    let changed = ip_lists::update(&house.core, &system, IpListType::Defender, "10.9.9.9/8", other).await.expect("changed");
    assert_eq!((changed.ipornet.as_str(), changed.list, changed.mode, changed.protocols), ("10.0.0.0/8", 2, 1, 1));
    let wrong = ip_lists::get(&house.core, &system, IpListType::Defender, "ten").await;
    assert!(matches!(wrong, Err(Error::Invalid { .. })), "{wrong:?}");
    assert_eq!(ip_lists::get(&house.core, &system, IpListType::Allow, "10.0.0.0/8").await, Err(Error::NotFound));

    let limited = admin_with(&[entrepot_model::AdminPermission::ManageDefender]);
    let page = IpListPage { filter: String::new(), from: String::new(), limit: 9, order: Order::Ascending };
    assert!(matches!(ip_lists::page(&house.core, &limited, IpListType::Defender, page).await, Err(Error::Denied(_))));
    assert!(matches!(ip_lists::delete(&house.core, &limited, IpListType::Defender, "10.0.0.0/8").await, Err(Error::Denied(_))));
    assert!(matches!(defender::hosts(&house.core, &limited), Err(Error::Denied(_))));
    ip_lists::delete(&house.core, &system, IpListType::Defender, "10.0.0.0/8").await.expect("deleted");

    crate::audit::flush(&house.core).await;
    let events =
        house.core.0.store.events().search_provider(entrepot_store::ProviderEventFilter::default()).await.expect("events");
    let mut actions = BTreeMap::new();
    for event in events.iter().filter(|event| event.object_type == "ip_list_entry" && event.object_name == "10.0.0.0/8") {
        *actions.entry(event.action.as_str()).or_insert(0) += 1;
    }
    assert_eq!(actions, BTreeMap::from([("add", 1), ("delete", 1), ("update", 1)]));
}

fn admin_with(permissions: &[entrepot_model::AdminPermission]) -> AdminSession {
    let admin = entrepot_model::Admin {
        username: "limited".into(),
        status: 1,
        permissions: permissions.to_vec(),
        ..entrepot_model::Admin::default()
    };
    AdminSession::new(admin, None, [192, 0, 2, 99].into())
}

// DEF-010, API-075
#[tokio::test(flavor = "multi_thread")]
async fn a_ban_can_be_lifted() {
    let house = house(|_| {}).await;
    ban(&house, "192.0.2.1");
    let system = AdminSession::system();
    let address = "192.0.2.1".parse().expect("address");
    let host = defender::host(&house.core, &system, address).expect("banned");
    assert!(host.reason.contains("unknown user") && host.banned_until.is_some(), "{host:?}");
    let viewer = admin_with(&[entrepot_model::AdminPermission::ViewDefender]);
    assert!(matches!(defender::forgive(&house.core, &viewer, address), Err(Error::Denied(_))));
    defender::forgive(&house.core, &system, address).expect("forgiven");
    assert_eq!(defender::forgive(&house.core, &system, address), Err(Error::NotFound));
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), None);
}

// DEF-001
#[tokio::test(flavor = "multi_thread")]
async fn a_defender_that_is_off_neither_scores_nor_bans_but_its_list_holds() {
    let house = house(|settings| settings.common.defender.enabled = false).await;
    ban(&house, "192.0.2.1");
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), None);
    assert_eq!(defender::hosts(&house.core, &AdminSession::system()), Ok(Vec::new()));
    list(&house, IpListType::Defender, "192.0.2.1", 2, 0).await;
    assert_eq!(refusal(&house, "192.0.2.1", Protocol::Ssh), Some(Refused::Banned), "IPL-011");
}
