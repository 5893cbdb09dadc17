//! With a mail server of the tests behind the core.
#![allow(clippy::disallowed_methods, reason = "the mail server of the tests is none of the core's tasks")]

use std::net::Ipv4Addr;

use entrepot_config::Settings;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
};

use super::*;
use crate::{
    Attempt, Credentials,
    admin::{AdminSession, admins, users},
    login::tests::{House, house, peer},
    tokens::TokenKind,
};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));

/// A mail server: the lines of each mail, envelope and content, come out of the channel.
pub(crate) async fn mail_server() -> (u16, mpsc::UnboundedReceiver<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("address").port();
    let (mails, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let (mut mail, mut in_data) = (Vec::new(), false);
            writer.write_all(b"220 sink\r\n").await.expect("greeting");
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.as_str() {
                    "." => "250 taken\r\n",
                    "DATA" => "354 go\r\n",
                    _ if in_data => "",
                    _ => "250 ok\r\n",
                };
                in_data = line == "DATA" || (in_data && line != ".");
                mail.push(line);
                writer.write_all(answer.as_bytes()).await.expect("answer");
            }
            let _ = mails.send(mail);
        }
    });
    (port, received)
}

/// A server with mail, the user `ana` and the administrator `root`, both with the password `secret`.
async fn ready(change: impl FnOnce(&mut Settings)) -> (House, mpsc::UnboundedReceiver<Vec<String>>) {
    let (port, mails) = mail_server().await;
    let house = house(|settings| {
        settings.smtp.host = "127.0.0.1".to_owned();
        settings.smtp.port = port;
        settings.smtp.from = "files@example.com".to_owned();
        change(settings);
    })
    .await;
    let mut ana = house.user("ana");
    ana.email = "ana@example.com".to_owned();
    ana.filters.additional_emails = vec!["second@example.com".to_owned()];
    ana.filters.require_password_change = true;
    users::add(&house.core, &AdminSession::system(), ana).await.expect("ana");
    house.core.create_default_admin("root", "secret").await.expect("root");
    let mut root = admins::get(&house.core, &AdminSession::system(), "root", false).await.expect("root");
    root.email = "root@example.com".to_owned();
    admins::update(&house.core, &AdminSession::system(), "root", root).await.expect("root");
    (house, mails)
}

async fn ask(house: &House, kind: ResetKind, name: &str) -> Result<()> {
    request(&house.core, kind, name, HERE).await
}

async fn set(house: &House, kind: ResetKind, name: &str, code: &str, new: &str) -> Result<()> {
    complete(&house.core, kind, name, code, new, HERE).await
}

/// The code of the next mail.
async fn code(mails: &mut mpsc::UnboundedReceiver<Vec<String>>) -> (String, Vec<String>) {
    let mail = mails.recv().await.expect("mail");
    let text = mail.join("\n").replace("=\n", "");
    let code = text.split("font-weight:600=22>").nth(1).or_else(|| text.split("font-weight:600\">").nth(1)).expect("code");
    (code.split('<').next().expect("code").to_owned(), mail)
}

fn field(result: Result<()>) -> (String, String) {
    match result {
        Err(Error::Invalid { field, message, .. }) => (field, message),
        other => panic!("{other:?}"),
    }
}

async fn can_log_in(house: &House, password: &str) -> bool {
    let attempt = Attempt { username: "ana".to_owned(), protocol: Protocol::Ssh, peer: peer("192.0.2.7") };
    house.core.authenticate(&attempt, Credentials::Password(password)).await.is_ok()
}

// SEC-135, SEC-136, SEC-137, SEC-138, SEC-140
#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_mail_sets_a_new_password_once() {
    let (house, mut mails) = ready(|_| {}).await;
    ask(&house, ResetKind::User, " ana ").await.expect("asked");
    let (first, mail) = code(&mut mails).await;
    for line in ["RCPT TO:<ana@example.com>", "RCPT TO:<second@example.com>", "Subject: Email Verification Code for ana"] {
        assert!(mail.iter().any(|told| told == line), "{line}: {mail:#?}");
    }
    assert!(first.len() >= 22, "{first}");
    for (kind, name, code) in
        [(ResetKind::Admin, "root", first.as_str()), (ResetKind::User, "nobody", &first), (ResetKind::User, "ana", "guess")]
    {
        assert_eq!(field(set(&house, kind, name, code, "new").await).1, "confirmation code not found");
    }
    assert_eq!(field(set(&house, ResetKind::User, "ana", &first, "  ").await).0, "password");
    assert_eq!(field(set(&house, ResetKind::User, "ana", &first, "$1$salt$hash").await).0, "password");
    house.clock.advance_millis(VALID - 1);
    set(&house, ResetKind::User, "ana", &first, "new secret").await.expect("set");
    assert_eq!(field(set(&house, ResetKind::User, "ana", &first, "again").await).1, "confirmation code not found");
    assert!(can_log_in(&house, "new secret").await && !can_log_in(&house, "secret").await);
    let ana = users::get(&house.core, &AdminSession::system(), "ana", false).await.expect("ana");
    assert!(!ana.filters.require_password_change);
    assert_eq!(ana.last_password_change, house.core.clock().millis());
}

// SEC-135, SEC-140
#[tokio::test(flavor = "multi_thread")]
async fn codes_expire_and_the_next_replaces_the_last_after_a_minute() {
    let (house, mut mails) = ready(|_| {}).await;
    ask(&house, ResetKind::User, "ana").await.expect("asked");
    let (first, _) = code(&mut mails).await;
    ask(&house, ResetKind::User, "ana").await.expect("asked at once again");
    house.clock.advance_millis(BETWEEN);
    ask(&house, ResetKind::User, "ana").await.expect("asked again");
    let (second, _) = code(&mut mails).await;
    assert_ne!(first, second, "the request in between sent nothing");
    assert_eq!(field(set(&house, ResetKind::User, "ana", &first, "new").await).0, "code");
    house.clock.advance_millis(VALID);
    assert_eq!(field(set(&house, ResetKind::User, "ana", &second, "new").await).0, "code");
    assert!(mails.try_recv().is_err());
}

// SEC-131, SEC-132, SEC-133, SEC-134
#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_cannot_be_told_look_like_others() {
    let (house, mut mails) = ready(|_| {}).await;
    let system = AdminSession::system();
    let off = entrepot_model::User { status: 0, email: "x@example.com".into(), ..house.user("off") };
    users::add(&house.core, &system, off).await.expect("off");
    users::add(&house.core, &system, house.user("mailless")).await.expect("mailless");
    let mut closed = entrepot_model::User { email: "x@example.com".into(), ..house.user("closed") };
    closed.filters.base.web_client = vec!["password-reset-disabled".into()];
    users::add(&house.core, &system, closed).await.expect("closed");
    for (kind, name) in [(ResetKind::User, "nobody"), (ResetKind::User, "off"), (ResetKind::Admin, "ana")] {
        assert_eq!(ask(&house, kind, name).await, Ok(()), "{name}");
    }
    assert_eq!(field(ask(&house, ResetKind::User, "mailless").await).0, "email");
    assert!(field(ask(&house, ResetKind::User, "closed").await).1.contains("not allowed to reset"));
    assert!(mails.try_recv().is_err());
    let without = crate::login::tests::house(|_| {}).await;
    assert_eq!(field(ask(&without, ResetKind::User, "ana").await).0, "smtp");
}

// SEC-138, SEC-068
#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_of_an_administrator_ends_its_tokens() {
    let (house, mut mails) = ready(|_| {}).await;
    let session = house.core.admin_login("root", "secret", None, HERE).await.expect("login");
    let token = house.core.issue_admin_token(&session).await.expect("token").access_token;
    ask(&house, ResetKind::Admin, "root").await.expect("asked");
    let (code, _) = code(&mut mails).await;
    assert_eq!(field(set(&house, ResetKind::User, "root", &code, "new").await).0, "code");
    set(&house, ResetKind::Admin, "root", &code, "new secret").await.expect("set");
    assert!(house.core.verify_token(&token, TokenKind::ApiAdmin, HERE).await.is_err());
    assert!(house.core.admin_login("root", "new secret", None, HERE).await.is_ok());
    assert_eq!(house.core.admin_login("root", "secret", None, HERE).await.err(), Some(Error::Auth));
}

// SEC-140
#[test]
fn memory_of_codes_is_bounded() {
    let codes = ResetCodes::default();
    for index in 0..CODES {
        assert!(codes.put(Holder::User, &format!("u{index}"), "code", 0));
    }
    assert!(!codes.put(Holder::User, "one more", "code", VALID - 1));
    assert!(codes.put(Holder::User, "one more", "code", VALID));
    assert!(codes.take(Holder::User, "one more", "code", VALID) && !codes.take(Holder::User, "one more", "code", VALID));
}
