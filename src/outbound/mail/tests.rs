//! Against a mail server of the tests, which says what it was told.
#![allow(clippy::disallowed_methods, reason = "tests have a runtime of their own")]

use base64::{Engine, engine::general_purpose::STANDARD};
use entrepot_config::Settings;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};

use super::*;

/// A server that takes one conversation. `extensions` are lines of its greeting; `refused` is a command that it refuses.
async fn sink(extensions: &'static [&'static str], refused: &'static str) -> (u16, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("address").port();
    let told = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("client");
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let mut told = Vec::new();
        let mut in_data = false;
        writer.write_all(b"220 sink\r\n").await.expect("greeting");
        while let Ok(Some(line)) = lines.next_line().await {
            let answer = match line.as_str() {
                "." => {
                    in_data = false;
                    "250 taken\r\n".to_owned()
                }
                _ if in_data => {
                    told.push(line);
                    continue;
                }
                command if !refused.is_empty() && command.starts_with(refused) => "550 no\r\n".to_owned(),
                "DATA" => {
                    in_data = true;
                    "354 go\r\n".to_owned()
                }
                "QUIT" => "221 bye\r\n".to_owned(),
                "AUTH LOGIN" => format!("334 {}\r\n", STANDARD.encode("Username:")),
                "AUTH CRAM-MD5" => format!("334 {}\r\n", STANDARD.encode("<1@sink>")),
                command if STANDARD.decode(command).is_ok_and(|name| name == b"me@x.org") => {
                    format!("334 {}\r\n", STANDARD.encode("Password:"))
                }
                command if command.starts_with("EHLO") => {
                    let extensions: String = extensions.iter().map(|line| format!("250-{line}\r\n")).collect();
                    format!("250-sink\r\n{extensions}250 8BITMIME\r\n")
                }
                _ => "250 ok\r\n".to_owned(),
            };
            told.push(line);
            if writer.write_all(answer.as_bytes()).await.is_err() {
                break;
            }
        }
        told
    });
    (port, told)
}

fn smtp(port: u16, change: impl FnOnce(&mut Smtp)) -> Smtp {
    let folder = tempfile::tempdir().expect("folder");
    let settings: Settings = entrepot_config::load(entrepot_config::Sources::new(folder.path())).expect("settings").settings;
    let mut smtp = settings.smtp;
    smtp.host = "127.0.0.1".to_owned();
    smtp.port = port;
    smtp.from = "Entrepot <files@example.com>".to_owned();
    change(&mut smtp);
    smtp
}

fn with_login(smtp: &mut Smtp, auth_type: u32) {
    smtp.user = "me@x.org".to_owned();
    smtp.password = "pass wörd".to_owned().into();
    smtp.auth_type = auth_type;
}

fn mail(to: &[&str]) -> Mail {
    Mail {
        to: to.iter().map(|&address| address.to_owned()).collect(),
        subject: "Code für ana\r\nBcc: x@y.z".to_owned(),
        html: "<p>c0de ü</p>".to_owned(),
    }
}

async fn send(smtp: &Smtp, mail: &Mail) -> Result<(), MailError> {
    let delivery = Delivery::new(smtp, mail)?;
    tokio::task::spawn_blocking(move || delivery.send()).await.expect("no panic")
}

// CFG-307, CFG-309, CFG-314, SEC-136
#[tokio::test]
async fn a_mail_reaches_every_address_as_html() {
    let (port, told) = sink(&[], "").await;
    let smtp = smtp(port, |smtp| smtp.domain = "files.example.com".to_owned());
    send(&smtp, &mail(&["ana@example.com", "no address", "b@example.com"])).await.expect("sent");
    let told = told.await.expect("sink");
    for line in [
        "EHLO files.example.com",
        "MAIL FROM:<files@example.com>",
        "RCPT TO:<ana@example.com>",
        "RCPT TO:<b@example.com>",
        "From: Entrepot <files@example.com>",
        "To: ana@example.com, b@example.com",
        "Content-Type: text/html; charset=utf-8",
        "QUIT",
    ] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
    assert!(!told.iter().any(|line| line.starts_with("Bcc") || line.starts_with("AUTH")), "{told:#?}");
    assert!(told.iter().any(|line| line.starts_with("Subject: ") && line.contains("=?utf-8?")), "{told:#?}");
}

// CFG-312
#[tokio::test]
async fn logins_are_made_the_configured_way() {
    let plain = format!("AUTH PLAIN {}", STANDARD.encode("\0me@x.org\0pass wörd"));
    let digest = STANDARD.encode("me@x.org 0");
    for (auth_type, expected) in [(0, plain), (1, STANDARD.encode("pass wörd")), (2, digest[..10].to_owned())] {
        let (port, told) = sink(&["AUTH PLAIN LOGIN CRAM-MD5"], "").await;
        send(&smtp(port, |smtp| with_login(smtp, auth_type)), &mail(&["ana@example.com"])).await.expect("sent");
        let told = told.await.expect("sink");
        assert!(told.iter().any(|line| line.starts_with(&expected)), "{expected}: {told:#?}");
    }
}

// CFG-312, CFG-370
#[tokio::test]
async fn a_password_is_never_sent_to_a_server_that_does_not_ask_for_it() {
    let cases: [(&[&str], u32, &str); 2] =
        [(&[], 0, "offers no login"), (&["AUTH LOGIN"], 0, "does not offer PLAIN; it offers LOGIN")];
    for (extensions, auth_type, text) in cases {
        let extensions: &'static [&'static str] = if extensions.is_empty() { &[] } else { &["AUTH LOGIN"] };
        let (port, told) = sink(extensions, "").await;
        let error = send(&smtp(port, |smtp| with_login(smtp, auth_type)), &mail(&["a@b.c"])).await.expect_err("refused");
        assert!(error.to_string().contains(text), "{error}");
        assert!(!told.await.expect("sink").iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")));
    }
    // Without a password there is nothing to protect.
    let (port, _told) = sink(&[], "").await;
    let nameless = smtp(port, |smtp| smtp.user = "me@x.org".to_owned());
    send(&nameless, &mail(&["a@b.c"])).await.expect("sent without a login");
}

// CFG-313
#[tokio::test]
async fn encryption_is_no_wish() {
    for encryption in [1, 2] {
        let (port, told) = sink(&[], "").await;
        let error = send(&smtp(port, |smtp| smtp.encryption = encryption), &mail(&["a@b.c"])).await.expect_err("refused");
        assert!(matches!(error, MailError::Server(_)), "{error}");
        assert!(!told.await.expect("sink").iter().any(|line| line.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn refusals_and_wrong_addresses_are_errors_that_say_what_happened() {
    let (port, _told) = sink(&[], "RCPT").await;
    let error = send(&smtp(port, |_| {}), &mail(&["a@b.c"])).await.expect_err("refused");
    assert!(error.to_string().contains("550"), "{error}");
    let error = send(&smtp(1, |_| {}), &mail(&["nobody"])).await.expect_err("refused");
    assert!(matches!(&error, MailError::Address(address, _) if address == "nobody"), "{error}");
    assert!(matches!(send(&smtp(1, |_| {}), &mail(&[])).await, Err(MailError::NoRecipient)));
    let off = smtp(1, |smtp| smtp.host.clear());
    assert!(matches!(send(&off, &mail(&["a@b.c"])).await, Err(MailError::NotConfigured)));
    let closed = smtp(1, |_| {});
    assert!(matches!(send(&closed, &mail(&["a@b.c"])).await, Err(MailError::Server(_))));
}
