//! Logins of one step and of two, and what is refused before any.

use std::fs;

use serde_json::json;

use crate::harness::{Key, OpenSsh, Program, Server, Settings, User};

const WRONG: &str = "not the password";

/// A user who may log in by all methods but these.
fn user(server: &Server, name: &str, denied: &[&str]) -> User {
    server.create_user(name, json!({ "filters": { "denied_login_methods": denied } }))
}

/// Whether the methods, tried in this order, lead in.
fn enters(server: &Server, user: &User, methods: &str, password: &str) -> bool {
    let answers = [("assword", password)];
    OpenSsh::new(server, user).ssh_asked(methods, &answers, &[], "pwd").code == Some(0)
}

const SINGLE: [&str; 3] = ["publickey", "password", "keyboard-interactive"];
const TWO: [(&str, &str); 4] = [
    ("publickey+password", "publickey,password"),
    ("publickey+keyboard-interactive", "publickey,keyboard-interactive"),
    ("password+publickey", "password,publickey"),
    ("keyboard-interactive+publickey", "keyboard-interactive,publickey"),
];

// SSH-006, SSH-007, ACC-086
#[test]
fn every_single_step_leads_in_unless_it_is_denied() {
    let server = Server::start(Settings::default());
    let all = user(&server, "all", &[]);
    for method in SINGLE {
        assert!(enters(&server, &all, method, &all.password), "{method}");
        let other = user(&server, &format!("no-{method}"), &[method]);
        assert!(!enters(&server, &other, method, &other.password), "{method}");
    }
    for method in ["password", "keyboard-interactive"] {
        assert!(!enters(&server, &all, method, WRONG), "{method}");
    }
}

// SSH-007, SSH-008, SSH-009, ACC-089…ACC-095, ACC-348
#[test]
fn two_steps_lead_in_together_and_only_in_the_order_of_their_name() {
    let server = Server::start(Settings::default());
    let both = user(&server, "both", &SINGLE);
    for (name, methods) in TWO {
        assert!(enters(&server, &both, methods, &both.password), "{name}");
        assert!(!enters(&server, &both, methods, WRONG), "{name} with a wrong password");
        // All others denied: this one works, its reverse does not.
        let others: Vec<&str> = TWO.iter().map(|(other, _)| *other).filter(|other| *other != name).collect();
        let only = user(&server, &name.replace('+', "-"), &[&SINGLE[..], &others].concat());
        for (other, methods) in TWO {
            // The two of a pair in their other order: whether ssh tries a method again after a first step is its own choice.
            let reversed = other.split_once('+').map(|(one, two)| format!("{two}+{one}")).unwrap();
            if reversed == name {
                continue;
            }
            let expected = other == name;
            assert_eq!(enters(&server, &only, methods, &only.password), expected, "{name}: {methods}");
        }
    }
    for method in SINGLE {
        assert!(!enters(&server, &both, method, &both.password), "{method} alone");
    }
    // The key of another account is no first step.
    let stranger = Key::generate(&server.scratch().join("stranger"));
    let answers = [("assword", both.password.as_str())];
    OpenSsh::with_key(&server, "both", &stranger).ssh_asked("publickey,password", &answers, &[], "pwd").fails();
    let closed: Vec<&str> =
        SINGLE.into_iter().chain(TWO.map(|(name, _)| name)).filter(|name| *name != "keyboard-interactive").collect();
    let closed = user(&server, "closed", &closed);
    assert!(enters(&server, &closed, "keyboard-interactive", &closed.password), "one single step is left");
    let log = server.log();
    for (name, _) in TWO {
        assert!(log.contains(name), "{name}\n{log}");
    }
}

// SSH-006
#[test]
fn methods_that_the_settings_close_are_closed_in_two_steps_too() {
    let server = Server::start(Settings::default().set("SFTPD__PASSWORD_AUTHENTICATION", "false"));
    let both = user(&server, "both", &SINGLE);
    let all = user(&server, "all", &[]);
    assert!(!enters(&server, &all, "password", &all.password));
    assert!(!enters(&server, &both, "publickey,password", &both.password));
    assert!(!enters(&server, &both, "password,publickey", &both.password));
    assert!(enters(&server, &both, "publickey,keyboard-interactive", &both.password));
}

// SSH-005
#[test]
fn after_the_last_try_the_connection_is_closed() {
    let script = r#"
import asyncio, asyncssh
class Client(asyncssh.SSHClient):
    asked = 0
    def password_auth_requested(self):
        Client.asked += 1
        return f"wrong {Client.asked}" if Client.asked < 20 else None
async def main():
    try:
        await asyncssh.connect(host, port, username=user, client_factory=Client, client_keys=None, agent_path=None,
            known_hosts=None, preferred_auth="password")
    except (asyncssh.Error, OSError) as error:
        print(Client.asked, error)
asyncio.run(main())
"#;
    let settings = Settings::default().set("COMMON__DEFENDER__LOGIN_DELAY__PASSWORD_FAILED", "0");
    for (tries, expected) in [("0", 7), ("3", 4)] {
        let server = Server::start(settings.clone().set("SFTPD__MAX_AUTH_TRIES", tries));
        let user = user(&server, "alice", &[]);
        let none: [&str; 0] = [];
        let said = crate::harness::python(&server, &user, script, &none).run().ok().out;
        let asked: u32 = said.split(' ').next().unwrap().parse().unwrap();
        // The one after the last is answered by the end of the connection.
        assert!(asked == expected || asked + 1 == expected, "{tries}: {said}");
    }
}

// SSH-020
#[test]
fn the_banner_is_shown_before_the_login() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("banner");
    fs::write(&file, "Authorised use only.\nWe look.\n").unwrap();
    let server = Server::start(Settings::default().set("SFTPD__LOGIN_BANNER_FILE", file.to_str().unwrap()));
    let alice = user(&server, "alice", &[]);
    let shown =
        OpenSsh::new(&server, &alice).ssh_asked("password", &[("assword", WRONG)], &["-o", "LogLevel=INFO"], "pwd").fails();
    assert!(shown.err.contains("Authorised use only.") && shown.err.contains("We look."), "{shown:?}");
    // A missing file is only a warning.
    let server = Server::start(Settings::default().set("SFTPD__LOGIN_BANNER_FILE", "/nowhere/banner"));
    let alice = user(&server, "alice", &[]);
    OpenSsh::new(&server, &alice).sftp("pwd\n").ok();
}

// SSH-021, SSH-059, ACC-328
#[test]
fn accounts_that_ask_for_it_get_secure_algorithms_or_nothing() {
    let settings = Settings::default()
        .set("SFTPD__MACS", "hmac-sha2-256-etm@openssh.com,hmac-sha1")
        .set("SFTPD__CIPHERS", "aes128-ctr,aes128-cbc")
        .set("SFTPD__KEX_ALGORITHMS", "curve25519-sha256,diffie-hellman-group14-sha1");
    let server = Server::start(settings);
    let strict = server.create_user("strict", json!({ "filters": { "enforce_secure_algorithms": true } }));
    let lax = user(&server, "lax", &[]);
    let enters = |user: &User, option: &str| OpenSsh::new(&server, user).ssh(&["-o", option], &["pwd"]).code == Some(0);
    for option in ["MACs=hmac-sha1", "Ciphers=aes128-cbc", "KexAlgorithms=diffie-hellman-group14-sha1"] {
        assert!(enters(&lax, option) && !enters(&strict, option), "{option}");
    }
    assert!(enters(&strict, "MACs=hmac-sha2-256-etm@openssh.com"));
    assert!(server.log().contains("enforce_secure_algorithms"));
}

// SSH-045
#[test]
fn an_unknown_algorithm_stops_the_start_and_is_named() {
    for setting in ["HOST_KEY_ALGORITHMS", "KEX_ALGORITHMS", "CIPHERS", "MACS", "PUBLIC_KEY_ALGORITHMS"] {
        let data = tempfile::tempdir().unwrap();
        let finished = Program::new(crate::harness::binary())
            .args(["serve", "--any-port", "--data-dir"])
            .arg(data.path().join("data"))
            .env(&format!("ENTREPOT_SFTPD__{setting}"), "rot13")
            .run()
            .fails();
        assert!(finished.text().contains("rot13") && finished.text().contains(&setting.to_lowercase()), "{finished:?}");
    }
}
