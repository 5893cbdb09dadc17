//! Logins of one step and of two, and what is refused before any.

use std::fs;

use serde_json::json;

use crate::harness::{Api, Key, OpenSsh, Program, Server, Settings, User, eventually};

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

/// Gives an account a second factor for SSH; answers its secret.
fn enrol(server: &Server, user: &User) -> String {
    let api = Api::login_user(&server.http_url(), &user.name, &user.password);
    let made = api.post("/api/v2/user/totp/generate", &json!({ "config_name": "Default" })).ok(200);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let body = json!({
        "enabled": true, "config_name": "Default", "protocols": ["SSH"],
        "secret": { "status": "Plain", "payload": secret },
    });
    api.post("/api/v2/user/totp/save", &body).ok(200);
    secret
}

/// Codes of the last half minute, this one and the next (RFC 6238): each is good once.
fn codes(secret: &str) -> Vec<String> {
    let script = r#"
import base64, hmac, struct, sys, time
key = base64.b32decode(sys.argv[1] + "=" * (-len(sys.argv[1]) % 8))
for step in (-1, 0, 1):
    mac = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30 + step), "sha1")
    at = mac[-1] & 15
    print(f"{(int.from_bytes(mac[at:at + 4], 'big') & 0x7fffffff) % 1000000:06}")
"#;
    let told = Program::new(crate::harness::venv_python()).args(["-c", script, secret]).run().ok().out;
    told.lines().map(str::to_owned).collect()
}

// SSH-017, SSH-018, SSH-019, SEC-118, SEC-119, SEC-120
#[test]
fn the_dialogue_asks_for_a_code_where_there_is_a_second_factor() {
    let server = Server::start(Settings::default());
    let alice = user(&server, "alice", &[]);
    let secret = enrol(&server, &alice);
    let talk = |user: &User, methods: &str, answers: &[(&str, &str)]| {
        OpenSsh::new(&server, user).ssh_asked(methods, answers, &[], "pwd").code == Some(0)
    };
    let right = alice.password.as_str();
    let first = &codes(&secret)[1];
    assert!(!talk(&alice, "keyboard-interactive", &[("assword", WRONG), ("code", first)]));
    assert!(!talk(&alice, "keyboard-interactive", &[("assword", right), ("code", "000000")]));
    assert!(!talk(&alice, "keyboard-interactive", &[("assword", right)]));
    assert!(talk(&alice, "keyboard-interactive", &[("assword", right), ("code", first)]));
    assert!(!talk(&alice, "keyboard-interactive", &[("assword", right), ("code", first)]), "a code works once");
    assert!(talk(&alice, "password", &[("assword", right)]), "a plain password is not asked for it");
    assert!(talk(&alice, "publickey", &[]));

    // Passwords go on working over HTTP, where the second factor is made.
    let bob = user(&server, "bob", &["publickey", "password-over-SSH", "keyboard-interactive", "publickey+password"]);
    let secret = enrol(&server, &bob);
    let code = &codes(&secret)[2];
    assert!(
        !talk(&bob, "publickey,keyboard-interactive", &[("assword", &bob.password)]),
        "after a key only the code is asked for"
    );
    assert!(talk(&bob, "publickey,keyboard-interactive", &[("code", code)]));
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
    let check = |server: &Server, expected: u32| {
        let none: [&str; 0] = [];
        let said = crate::harness::python(server, &user(server, "alice", &[]), script, &none).run().ok().out;
        let asked: u32 = said.split(' ').next().unwrap().parse().unwrap();
        // The one after the last is answered by the end of the connection.
        assert!(asked == expected || asked + 1 == expected, "{expected}: {said}");
    };
    for (tries, expected) in [("0", 7), ("3", 4)] {
        check(&Server::start(settings.clone().set("SFTPD__MAX_AUTH_TRIES", tries)), expected);
    }
    // Saved, the number holds for the next connection.
    let server = Server::start(settings);
    server.api().patch("/api/v2/x/settings", &json!({ "sftpd.max_auth_tries": 2 })).ok(200);
    check(&server, 3);
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
    let log = server.log();
    assert!(log.contains("enforce_secure_algorithms"));
    // LOG-008, SSH-030
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let login = lines.rfind(|line| line["sender"] == "login" && line["username"] == "strict").unwrap();
    let info = login["info"].as_str().unwrap();
    assert!(info.starts_with("SHA256:") && info.ends_with(" - aes128-ctr - hmac-sha2-256-etm@openssh.com"), "{login}");
    assert!(login["connection_id"].as_str().is_some_and(|id| id.len() == 32), "{login}");
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

// SSH-023: who is right and has no files is told so, and is not asked for another password.
#[test]
fn a_root_that_cannot_be_used_is_named() {
    let server = Server::start(Settings::default());
    let user = server.create_user("alice", json!({}));
    fs::write(server.scratch().join("file"), "").unwrap();
    let home = server.scratch().join("file/home");
    server.api().put("/api/v2/users/alice", &json!({ "username": "alice", "home_dir": home, "status": 1, "permissions": { "/": ["*"] }, "public_keys": [server.key().public.trim()] })).ok(200);
    let client = OpenSsh::new(&server, &user);
    for ended in [client.sftp("ls\n"), client.ssh(&[], &["pwd"])] {
        assert!(ended.code != Some(0) && ended.err.contains("root file system is invalid"), "{ended:?}");
        assert!(!ended.err.contains(home.to_str().unwrap()), "{ended:?}");
    }
    eventually("the log names it", || server.log_by_now().contains("root storage: "));
}
