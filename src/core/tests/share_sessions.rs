//! Browsers at shares: passwords, codes by mail, agreements, and the sessions that they open.

use std::net::SocketAddr;

use entrepot_model::{Share, ShareScope};
use serde_json::{Value, json};

use super::{
    client::{hunter2, path},
    fixture::Fixture,
};
use crate::{
    Peer,
    admin::password_reset::tests::mail_server,
    shares::{
        Next, Proof, Purpose, VisitError, accept_agreement, authenticate_password, check_code, describe, leave, request_code,
        visit,
    },
};

const ID: &str = "abcdefghijklmnopqrstuv";
const MINUTE: i64 = 60_000;

fn at(address: &str) -> Peer {
    let remote: SocketAddr = format!("{address}:50000").parse().expect("address");
    Peer { remote, local: None, client_version: "browser".to_owned(), encryption: String::new(), connection_id: String::new() }
}

fn here() -> Peer {
    at("198.51.100.7")
}

async fn share(fixture: &Fixture, change: &Value) {
    let mut document = json!({"id": ID, "name": "plans", "scope": 1, "paths": ["/in"], "username": "alice", "created_at": 7});
    for (member, value) in change.as_object().expect("object") {
        document[member] = value.clone();
    }
    let share: Share = serde_json::from_value(document).expect("share");
    fixture.store.shares().restore(share, 1).await.expect("share");
}

async fn house(change: Value) -> Fixture {
    let fixture = Fixture::with(|settings| settings.common.defender.login_delay.password_failed = 0).await;
    fixture.user("alice", json!({})).await;
    fixture.memory("alice").put(&path("/in/f"), b"data");
    share(&fixture, &change).await;
    fixture
}

async fn enters(fixture: &Fixture, token: &str, peer: Peer) -> Result<(), VisitError> {
    visit(&fixture.core, ID, Purpose::Read, Proof::Session(token), peer).await.map(drop)
}

async fn log(fixture: &Fixture) -> Vec<(i64, String)> {
    crate::audit::flush(&fixture.core).await;
    let rows = fixture.store.events().search_log(crate::LogEventFilter::default()).await.expect("events");
    rows.into_iter().rev().map(|row| (row.event, row.message)).collect()
}

// API-198, API-226, SEC-174, SEC-243
#[tokio::test]
async fn a_password_opens_a_session_that_ends_with_the_share() {
    let fixture = house(json!({"password": hunter2()})).await;
    let core = &fixture.core;
    let before = describe(core, ID, None, here()).await.expect("described");
    assert_eq!((before.next, before.about), (Next::Password, None));
    assert_eq!(authenticate_password(core, ID, "wrong", here()).await, Err(VisitError::Credentials));
    let token = authenticate_password(core, ID, "hunter2", here()).await.expect("token").access_token;
    let after = describe(core, ID, Some(&token), here()).await.expect("described");
    let about = after.about.expect("about");
    assert_eq!((after.next, after.has_session, about.name.as_str(), about.scope), (Next::Visit, true, "plans", ShareScope::Read));
    assert_eq!(about.names, ["in"]);
    assert_eq!(enters(&fixture, &token, here()).await, Ok(()));
    // Telephones change their address meanwhile. It is no token for anything else.
    assert_eq!(enters(&fixture, &token, at("198.51.100.8")).await, Ok(()));
    for kind in crate::tokens::TokenKind::ALL {
        assert!(core.verify_token(&token, kind, here().remote.ip()).await.is_err());
    }
    // Another password does not end it, two hours do.
    share(&fixture, &json!({"password": "$2a$04$other"})).await;
    assert_eq!(enters(&fixture, &token, here()).await, Ok(()));
    fixture.clock.advance_millis(120 * MINUTE);
    assert_eq!(enters(&fixture, &token, here()).await, Ok(()));
    fixture.clock.advance_millis(MINUTE);
    assert_eq!(enters(&fixture, &token, here()).await, Err(VisitError::Credentials));
    share(&fixture, &json!({"password": hunter2()})).await;
    let token = authenticate_password(core, ID, "hunter2", here()).await.expect("token").access_token;
    let left = authenticate_password(core, ID, "hunter2", here()).await.expect("token").access_token;
    leave(core, ID, &left, here()).await;
    assert_eq!(enters(&fixture, &left, here()).await, Err(VisitError::Credentials));
    assert_eq!(enters(&fixture, &token, here()).await, Ok(()));
    fixture.store.shares().delete(ID).await.expect("deleted");
    assert_eq!(enters(&fixture, &token, here()).await, Err(VisitError::Unknown));
    share(&fixture, &json!({"password": hunter2(), "created_at": 8})).await;
    assert_eq!(enters(&fixture, &token, here()).await, Err(VisitError::Credentials));
}

// SEC-174
#[tokio::test]
async fn a_session_is_good_for_its_share_only() {
    let fixture = house(json!({"password": hunter2()})).await;
    let token = authenticate_password(&fixture.core, ID, "hunter2", here()).await.expect("token").access_token;
    share(&fixture, &json!({"id": "other", "password": hunter2()})).await;
    let other = visit(&fixture.core, "other", Purpose::Read, Proof::Session(&token), here()).await;
    assert_eq!(other.map(drop), Err(VisitError::Credentials));
}

/// A share for `Ana@Example.com`, with a mail server; the mails come out of the channel.
async fn mailed() -> (Fixture, tokio::sync::mpsc::UnboundedReceiver<Vec<String>>) {
    let (port, mails) = mail_server().await;
    let fixture = house(json!({"options": {"emails": ["Ana@Example.com"], "auth_mode": 1}})).await;
    fixture.set(|settings| {
        settings.smtp.host = "127.0.0.1".to_owned();
        settings.smtp.port = port;
        settings.smtp.from = "files@example.com".to_owned();
    });
    (fixture, mails)
}

/// The code in a mail.
fn code_of(mail: &[String]) -> String {
    let text = mail.join("\n").replace("=\n", "");
    let shown = text.split("font-weight:600").nth(1).unwrap_or_else(|| panic!("no code in {text}"));
    let is_code = |part: &&str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit());
    shown.split(|c: char| !c.is_ascii_alphanumeric()).find(is_code).expect("code").to_owned()
}

// API-196, API-230, API-232
#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_mail_opens_a_session_once() {
    let (fixture, mut mails) = mailed().await;
    let core = &fixture.core;
    assert_eq!(describe(core, ID, None, here()).await.expect("described").next, Next::Code);
    // Nobody learns who the recipients are.
    assert_eq!(request_code(core, ID, "eve@example.com", here()).await, Ok(()));
    assert_eq!(request_code(core, ID, " ana@EXAMPLE.com ", here()).await, Ok(()));
    let mail = mails.recv().await.expect("mail");
    assert!(mail.iter().any(|line| line.contains("RCPT TO:<Ana@Example.com>")), "{mail:?}");
    let code = code_of(&mail);
    assert_eq!(check_code(core, ID, "eve@example.com", &code, here()).await, Err(VisitError::Code));
    let token = check_code(core, ID, "ana@example.com", &code, here()).await.expect("token").access_token;
    assert_eq!(check_code(core, ID, "ana@example.com", &code, here()).await, Err(VisitError::Code));
    let about = describe(core, ID, Some(&token), here()).await.expect("described").about.expect("about");
    assert_eq!(about.visitor, "Ana@Example.com");
    let visit = visit(core, ID, Purpose::Read, Proof::Session(&token), here()).await.expect("in");
    super::client::get(&visit.fs(), "/in/f").await.expect("read");
    let event = fixture.events().await.remove(0);
    assert_eq!((event.username.as_str(), event.external_username.as_str()), ("alice", "Ana@Example.com"));
    let log = log(&fixture).await;
    assert_eq!(log.iter().map(|(event, _)| *event).collect::<Vec<_>>(), [1, 5, 1]);
    assert!(log[1].1.contains("Ana@Example.com"));
}

// API-195
#[tokio::test]
async fn such_a_share_opens_in_a_browser_only() {
    let (fixture, _mails) = mailed().await;
    for proof in [Proof::Nothing, Proof::Password("hunter2")] {
        let found = visit(&fixture.core, ID, Purpose::Read, proof, here()).await;
        assert_eq!(found.map(drop), Err(VisitError::PagesOnly));
    }
    assert_eq!(authenticate_password(&fixture.core, ID, "hunter2", here()).await, Err(VisitError::Method));
    let fixture = house(json!({"password": hunter2()})).await;
    assert_eq!(request_code(&fixture.core, ID, "ana@example.com", here()).await, Err(VisitError::Method));
    assert_eq!(check_code(&fixture.core, ID, "ana@example.com", "1", here()).await, Err(VisitError::Method));
}

// API-197, API-233
#[tokio::test]
async fn agreements_are_accepted_before_anything_is_shown() {
    let fixture = house(json!({"password": hunter2(), "options": {"legal_agreement": 1}})).await;
    let core = &fixture.core;
    let basic = visit(core, ID, Purpose::Read, Proof::Password("hunter2"), here()).await;
    assert_eq!(basic.map(drop), Err(VisitError::PagesOnly));
    assert_eq!(accept_agreement(core, ID, None, here()).await, Err(VisitError::Credentials));
    let token = authenticate_password(core, ID, "hunter2", here()).await.expect("token").access_token;
    assert_eq!(describe(core, ID, Some(&token), here()).await.expect("described").next, Next::Agreement);
    assert_eq!(enters(&fixture, &token, here()).await, Err(VisitError::Agreement));
    let agreed = accept_agreement(core, ID, Some(&token), here()).await.expect("token").access_token;
    assert_eq!(describe(core, ID, Some(&agreed), here()).await.expect("described").next, Next::Visit);
    assert_eq!(enters(&fixture, &agreed, here()).await, Ok(()));
    assert_eq!(log(&fixture).await.into_iter().map(|(event, _)| event).collect::<Vec<_>>(), [5, 6]);
    // It is the same session, however often it agrees.
    fixture.clock.advance_millis(119 * MINUTE);
    let again = accept_agreement(core, ID, Some(&agreed), here()).await.expect("token").access_token;
    fixture.clock.advance_millis(2 * MINUTE);
    for ended in [&again, &agreed] {
        assert_eq!(enters(&fixture, ended, here()).await, Err(VisitError::Credentials));
        assert_eq!(accept_agreement(core, ID, Some(ended), here()).await.err(), Some(VisitError::Credentials));
    }
    // Without a password the agreement alone opens a session.
    share(&fixture, &json!({"options": {"legal_agreement": 1}})).await;
    assert_eq!(describe(core, ID, None, here()).await.expect("described").next, Next::Agreement);
    let open = accept_agreement(core, ID, None, here()).await.expect("token").access_token;
    assert_eq!(enters(&fixture, &open, here()).await, Ok(()));
    share(&fixture, &json!({})).await;
    assert_eq!(accept_agreement(core, ID, None, here()).await, Err(VisitError::Method));
    assert_eq!(describe(core, ID, None, here()).await.expect("described").next, Next::Visit);
}

// UI-145: what is left of a session keeps nobody out of what is open to all.
#[tokio::test]
async fn a_stale_session_is_as_none() {
    let fixture = house(json!({"password": hunter2()})).await;
    let core = &fixture.core;
    let token = authenticate_password(core, ID, "hunter2", here()).await.expect("token").access_token;
    leave(core, ID, &token, here()).await;
    assert_eq!(enters(&fixture, &token, here()).await, Err(VisitError::Credentials));
    share(&fixture, &json!({})).await;
    assert_eq!(enters(&fixture, &token, here()).await, Ok(()));
    share(&fixture, &json!({"options": {"legal_agreement": 1}})).await;
    assert_eq!(enters(&fixture, &token, here()).await, Err(VisitError::Agreement));
    let agreed = accept_agreement(core, ID, Some(&token), here()).await.expect("token").access_token;
    assert_eq!(enters(&fixture, &agreed, here()).await, Ok(()));
}

// API-191: a player that seeks goes on with the last use as well, and with nothing else.
#[tokio::test]
async fn the_last_use_can_be_gone_on_with() {
    let fixture = house(json!({"password": hunter2(), "max_tokens": 1})).await;
    let core = &fixture.core;
    let token = authenticate_password(core, ID, "hunter2", here()).await.expect("token").access_token;
    let other = authenticate_password(core, ID, "hunter2", here()).await.expect("token").access_token;
    let enter = async |purpose, token: &str| visit(core, ID, purpose, Proof::Session(token), here()).await;
    let (file, last_use) =
        (path("/in/f"), async || fixture.store.shares().get(ID).await.expect("get").expect("share").last_use_at);
    // What is given back was not paid for.
    let first = enter(Purpose::Download, &token).await.expect("in");
    let uses = first.spend_for_read(&file, 1).await.expect("a use");
    uses.begin();
    drop(uses);
    fixture.quiet().await;
    assert_eq!(last_use().await, 0);
    let uses = first.spend_for_read(&file, 1).await.expect("a use");
    uses.begin();
    uses.keep();
    fixture.clock.advance_millis(MINUTE);
    let again = enter(Purpose::Download, &token).await.expect("goes on");
    again.spend_for_read(&file, 1).await.expect("goes on").keep();
    assert_eq!(last_use().await, crate::Clock::millis(&*fixture.clock));
    assert_eq!(again.spend_for_read(&file, 0).await.err(), Some(VisitError::UsedUp));
    assert_eq!(again.spend_for_read(&path("/in/g"), 1).await.err(), Some(VisitError::UsedUp));
    assert_eq!(enter(Purpose::Read, &token).await.err(), Some(VisitError::UsedUp));
    assert_eq!(enter(Purpose::Download, &other).await.err(), Some(VisitError::UsedUp));
    fixture.clock.advance_millis(10 * MINUTE);
    assert_eq!(enter(Purpose::Download, &token).await.err(), Some(VisitError::UsedUp));
}

// API-179, UI-146
#[tokio::test]
async fn pages_tell_nothing_of_what_is_closed() {
    let fixture = house(json!({"max_tokens": 1, "used_tokens": 1})).await;
    let core = &fixture.core;
    assert_eq!(describe(core, ID, None, here()).await.err(), Some(VisitError::UsedUp));
    share(&fixture, &json!({"allow_from": ["192.0.2.0/24"]})).await;
    assert_eq!(describe(core, ID, None, here()).await.err(), Some(VisitError::Address));
    assert_eq!(describe(core, "x", None, here()).await.err(), Some(VisitError::Unknown));
    assert_eq!(describe(core, ID, Some("forged"), at("192.0.2.1")).await.expect("described").next, Next::Visit);
}
