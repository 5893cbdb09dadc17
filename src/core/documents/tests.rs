//! Documents of the user `alice`.
#![expect(clippy::disallowed_methods, reason = "the files of the test itself")]

use entrepot_model::{Protocol, User};

use super::*;
use crate::{
    Attempt, Credentials, Error, UserCaller,
    admin::{AdminSession, users},
    login::tests::{House, house, peer},
    tokens::TokenKind,
};

const PAGE: &str = "https://files.example.com";

/// The user `name`, with a file `/a.docx`.
async fn add(house: &House, name: &str, change: impl FnOnce(&mut User)) {
    let mut user = house.user(name);
    change(&mut user);
    std::fs::create_dir_all(&user.home_dir).expect("home");
    std::fs::write(std::path::Path::new(&user.home_dir).join("a.docx"), b"text").expect("file");
    users::add(&house.core, &AdminSession::system(), user).await.expect("added");
}

async fn caller(house: &House, name: &str) -> UserCaller {
    let attempt = Attempt { username: name.into(), protocol: Protocol::Http, peer: peer("192.0.2.1") };
    let login = house.core.authenticate(&attempt, Credentials::Password("secret")).await.expect("login");
    let cookie = house.core.issue_user_page_token(&login).expect("cookie").access_token;
    house.core.user_by_cookie(&cookie, peer("192.0.2.1")).await.expect("caller")
}

fn path(text: &str) -> VirtualPath {
    VirtualPath::parse(text.as_bytes()).expect("path")
}

async fn opened(house: &House, name: &str, file: &str) -> Opened {
    open(&house.core, &caller(house, name).await, &path(file), PAGE, 0).await.expect("opened")
}

async fn shown(house: &House, opened: &Opened) -> Result<Document, TokenError> {
    find(&house.core, &opened.token.access_token, &opened.file, None, String::new()).await
}

// API-201, SEC-244
#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_one_file_for_its_time_and_nothing_else() {
    let house = house(|_| {}).await;
    add(&house, "alice", |_| {}).await;
    let first = opened(&house, "alice", "/a.docx").await;
    let document = shown(&house, &first).await.expect("document");
    assert_eq!((document.name().as_str(), document.username(), document.page()), ("a.docx", "alice", PAGE));
    assert!(document.may_write() && document.user_id().len() == 40);
    // Another file of the same account, and every other kind of token.
    std::fs::write(house.folder.path().join("home/alice/b.docx"), b"b").expect("file");
    let second = opened(&house, "alice", "/b.docx").await;
    assert_ne!(first.file, second.file);
    let mixed = Opened { token: first.token.clone(), file: second.file };
    assert_eq!(shown(&house, &mixed).await.err(), Some(TokenError::Invalid));
    let ip = "192.0.2.1".parse().expect("address");
    for kind in TokenKind::ALL {
        let taken = house.core.verify_token(&first.token.access_token, kind, ip).await;
        assert_eq!(taken.err(), Some(TokenError::Audience), "{kind:?}");
    }
    let api = caller(&house, "alice").await;
    let api = house.core.issue_user_token(api.login()).expect("token");
    assert_eq!(shown(&house, &Opened { token: api, file: first.file.clone() }).await.err(), Some(TokenError::Audience));
    house.clock.advance_millis((360 * 60 + 31) * 1000);
    assert_eq!(shown(&house, &first).await.err(), Some(TokenError::Invalid));
}

// API-201: a share of files that two accounts mount is one document.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_one_id_for_everybody() {
    let house = house(|_| {}).await;
    add(&house, "alice", |_| {}).await;
    let home = house.user("alice").home_dir;
    add(&house, "bob", |user| user.home_dir = home).await;
    add(&house, "eve", |_| {}).await;
    let (alice, bob) = (opened(&house, "alice", "/a.docx").await, opened(&house, "bob", "/a.docx").await);
    assert_eq!(alice.file, bob.file);
    assert_ne!(alice.file, opened(&house, "eve", "/a.docx").await.file);
    let (alice, bob) = (shown(&house, &alice).await.expect("hers"), shown(&house, &bob).await.expect("his"));
    alice.lock("one").expect("locked");
    assert_eq!(bob.lock("two"), Err(Conflict { current: "one".into() }));
    assert!(bob.check_lock(Some("one")).is_ok(), "editors of one session share a lock");
    assert_eq!(bob.check_lock(None), Err(Conflict { current: "one".into() }));
}

// API-201, SEC-066
#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_session_and_the_account() {
    let house = house(|_| {}).await;
    add(&house, "alice", |_| {}).await;
    let alice = caller(&house, "alice").await;
    let first = open(&house.core, &alice, &path("/a.docx"), PAGE, 0).await.expect("opened");
    house.core.revoke_token(alice.claims().expect("cookie"));
    assert_eq!(shown(&house, &first).await.err(), Some(TokenError::Revoked));
    let second = opened(&house, "alice", "/a.docx").await;
    assert!(shown(&house, &second).await.is_ok());
    let system = AdminSession::system();
    let stored = users::get(&house.core, &system, "alice", false).await.expect("user");
    users::update(&house.core, &system, "alice", User { status: 0, ..stored }, false).await.expect("disabled");
    assert_eq!(shown(&house, &second).await.err(), Some(TokenError::Invalid));
}

// ACC-316, API-204
#[tokio::test(flavor = "multi_thread")]
async fn options_and_permissions_hold() {
    let house = house(|_| {}).await;
    add(&house, "off", |user| user.filters.base.web_client = vec![DISABLED.into()]).await;
    let off = caller(&house, "off").await;
    let refused = open(&house.core, &off, &path("/a.docx"), PAGE, 0).await.expect_err("refused");
    assert!(matches!(&refused, Error::Denied(denial) if denial.rule() == DISABLED), "{refused}");
    assert!(!is_offered(&house.core, &off, 0).await.expect("asked"));
    add(&house, "reader", |user| user.filters.base.web_client = vec!["write-disabled".into()]).await;
    let reader = opened(&house, "reader", "/a.docx").await;
    assert!(!shown(&house, &reader).await.expect("document").may_write());
    add(&house, "alice", |_| {}).await;
    let alice = caller(&house, "alice").await;
    let refused = async |file: &str| open(&house.core, &alice, &path(file), PAGE, 0).await.err();
    assert_eq!(refused("/gone.docx").await, Some(Error::NotFound));
    assert_eq!(refused("/").await, Some(Error::IsDirectory));
}

// API-235
#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_users_open_documents_within_thirty_days() {
    let house = house(|_| {}).await;
    for name in ["alice", "bob"] {
        add(&house, name, |_| {}).await;
    }
    let (alice, bob) = (caller(&house, "alice").await, caller(&house, "bob").await);
    let offered = async |caller: &UserCaller| is_offered(&house.core, caller, 1).await.expect("asked");
    assert!(offered(&bob).await, "there is a seat until somebody takes it");
    open(&house.core, &alice, &path("/a.docx"), PAGE, 1).await.expect("opened");
    assert!(offered(&alice).await && !offered(&bob).await);
    let refused = open(&house.core, &bob, &path("/a.docx"), PAGE, 1).await.expect_err("refused");
    assert!(matches!(&refused, Error::Denied(denial) if denial.rule() == "wopi_users"), "{refused}");
    house.clock.advance_millis(open::SEAT + 1);
    open(&house.core, &bob, &path("/a.docx"), PAGE, 1).await.expect("the seat is free again");
}

// API-205
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_from_before_a_restart_is_taken_up_again() {
    let house = house(|_| {}).await;
    add(&house, "alice", |_| {}).await;
    house.clock.advance_millis(-60_000);
    let before = opened(&house, "alice", "/a.docx").await;
    house.clock.advance_millis(61_000);
    let after = opened(&house, "alice", "/a.docx").await;
    let (before, after) = (shown(&house, &before).await.expect("document"), shown(&house, &after).await.expect("document"));
    let none = Err(Conflict { current: String::new() });
    assert_eq!((after.refresh_lock("one"), after.check_lock(Some("one")), after.check_lock(None)), (none.clone(), none, Ok(())));
    assert!(before.check_lock(Some("one")).is_ok() && before.refresh_lock("one").is_ok());
    assert_eq!(after.lock("two"), Err(Conflict { current: "one".into() }));
    before.unlock("one").expect("unlocked");
    after.lock("two").expect("locked");
    assert_eq!(before.check_lock(Some("one")), Err(Conflict { current: "two".into() }), "somebody else was first");
    after.unlock("two").expect("unlocked");
    house.clock.advance_millis((locks::LIFETIME + 1) * 1000);
    assert_eq!(before.check_lock(Some("one")), Err(Conflict { current: String::new() }), "too long ago");
}
