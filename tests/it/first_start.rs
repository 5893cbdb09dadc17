//! The first start, as a new user meets it.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use crate::harness::{ADMIN, ADMIN_PASSWORD, Api, OpenSsh, Server, Settings, bytes, eventually};

fn mode(path: impl AsRef<std::path::Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

// INIT-002, INIT-009, decisions 11: from an empty folder to the first file
#[test]
fn empty_folder_becomes_a_server_with_an_administrator_a_user_and_a_file() {
    let mut server = Server::start(Settings::untouched());
    assert!(server.http_url().starts_with("https://"), "{}", server.ready());
    let link = fs::read_to_string(server.data().join("setup-url")).unwrap().trim().to_owned();
    eventually("the link is on the terminal", || server.printed().contains(&link));
    let token = link.rsplit('/').next().unwrap().to_owned();
    assert!(!fs::read_to_string(server.data().join("log/entrepot.log")).unwrap().contains(&token), "and never in the log");
    assert_eq!(mode(server.data().join("setup-url")), 0o600);
    assert_eq!(mode(server.data()), 0o700);

    // Nothing else answers until there is an administrator.
    let browser = Api::open(&server.http_url());
    assert_eq!(browser.get("/").status, 503);
    assert_eq!(browser.get("/api/v2/version").status, 503);
    assert_eq!(browser.get("/healthz").status, 200);
    assert_ne!(browser.get("/setup/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").status, 200);

    let page = format!("/setup/{token}");
    assert_eq!(browser.get(&page).status, 200);
    let wrong = browser.form(&page, &[("username", ADMIN), ("password", ADMIN_PASSWORD), ("repeat", "another")]);
    assert!(wrong.status >= 400, "{wrong:?}");
    let made = browser.form(&page, &[("username", ADMIN), ("password", ADMIN_PASSWORD), ("repeat", ADMIN_PASSWORD)]);
    assert_eq!(made.status, 303, "{made:?}");
    assert_ne!(browser.get(&page).status, 200, "the link works once");
    eventually("the link that works no more is removed", || !server.data().join("setup-url").exists());

    // A user by REST, a file by SFTP.
    let user = server.create_user("ingrid", json!({}));
    let file = bytes(300_000, 1);
    fs::write(server.scratch().join("report.pdf"), &file).unwrap();
    OpenSsh::new(&server, &user).sftp("put report.pdf\nget report.pdf back.pdf\n").ok();
    assert_eq!(user.read("report.pdf"), Some(file.clone()));
    assert_eq!(fs::read(server.scratch().join("back.pdf")).unwrap(), file);
    assert_eq!(server.quota("ingrid"), (1, 300_000));

    // After a restart it is all there, and no setup is asked for.
    server.restart();
    assert!(!server.printed().contains("/setup/"));
    assert!(!server.data().join("setup-url").exists());
    assert_eq!(server.api().get("/api/v2/users/ingrid").ok(200)["username"], "ingrid");
    OpenSsh::new(&server, &user).sftp("get report.pdf again.pdf\n").ok();
    assert_eq!(fs::read(server.scratch().join("again.pdf")).unwrap(), file);
}

// INIT-003
#[test]
fn administrator_of_the_environment_is_made_once() {
    let mut server = Server::start(Settings::default());
    assert!(!server.data().join("setup-url").exists(), "no setup is needed");
    let token = server.admin_token();
    assert!(!token.is_empty());
    server.restart();
    // Decisions 12: a restart keeps tokens.
    let api = Api::login(&server.http_url(), ADMIN, ADMIN_PASSWORD);
    assert_eq!(api.get("/api/v2/users").status, 200);
}

// Decisions 11: a home in the data folder's place for homes when nothing is configured
#[test]
fn user_without_a_home_gets_one() {
    let server = Server::start(Settings::default());
    let user = server.create_user("nohome", json!({ "home_dir": "" }));
    let home = server.api().get("/api/v2/users/nohome").ok(200)["home_dir"].as_str().unwrap().to_owned();
    assert!(home.starts_with(server.data().to_str().unwrap()), "{home}");
    fs::write(server.scratch().join("a"), "content").unwrap();
    OpenSsh::new(&server, &user).sftp("put a\n").ok();
    assert_eq!(fs::read(format!("{home}/a")).unwrap(), b"content");
}

// Decisions 9
#[test]
fn storage_root_in_or_around_the_data_folder_is_refused() {
    let server = Server::start(Settings::default());
    for home in [server.data(), server.data().join("log"), server.data().parent().unwrap().to_owned(), "/".into()] {
        let user = json!({ "username": "thief", "password": "x", "status": 1, "home_dir": home, "permissions": { "/": ["*"] } });
        let answer = server.api().post("/api/v2/users", &user);
        assert_eq!(answer.status, 400, "{home:?}: {answer:?}");
    }
}
