//! Commands, their exit codes, and what they print.

use std::{fs, net::TcpListener, path::Path};

use rustix::process::Signal;

use crate::harness::{ADMIN, ADMIN_PASSWORD, Api, Finished, Program, Server, Settings, binary, eventually};

fn entrepot(arguments: &[&str]) -> Program {
    Program::new(binary()).without_env().args(arguments)
}

fn beside(server: &Server, arguments: &[&str], input: &str) -> Finished {
    entrepot(arguments).args(["--data-dir".as_ref(), server.data().as_os_str()]).input(input).run()
}

// CLI-001, CLI-002
#[test]
fn exit_codes_tell_the_kind_of_the_mistake() {
    let version = entrepot(&["--version"]).run().ok();
    assert!(version.out.starts_with("Entrepot 0."), "{version:?}");
    entrepot(&["--help"]).run().ok();
    assert!(entrepot(&["fly"]).run().code(2).err.contains("fly"));
    entrepot(&["serve", "--log-level", "loud"]).run().code(2);

    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serve = |extra: &[&str]| entrepot(&["serve", "--data-dir"]).arg(&data).args(extra);
    let file = folder.path().join("wrong.toml");
    fs::write(&file, "[sftpd]\nbindngs = []\n").unwrap();
    let wrong = serve(&["--config-file"]).arg(&file).run().code(3);
    assert!(wrong.err.contains("sftpd.bindngs") && wrong.err.contains("sftpd.bindings"), "the nearest key is named: {wrong:?}");
    assert!(!data.exists(), "nothing is made before the settings are right");
    serve(&[]).env("ENTREPOT_SFTPD__BINDINGS__0__PORT", "many").run().code(3);
    serve(&[]).env("ENTREPOT_COMMON__ACTIONS__HOOK", "/bin/true").run().code(3);

    fs::write(folder.path().join("file"), "x").unwrap();
    let blocked = entrepot(&["serve", "--data-dir"]).arg(folder.path().join("file/data")).run().code(4);
    assert!(blocked.err.contains("--data-dir"), "{blocked:?}");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("entrepot.db"), "this is no database, whatever its name says, and it is long enough").unwrap();
    let damaged = serve(&["--any-port"]).run().code(4);
    assert!(damaged.err.contains("entrepot.db"), "{damaged:?}");
}

// LOAD-008
#[test]
fn server_without_listeners_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let finished = entrepot(&["serve", "--data-dir"])
        .arg(folder.path())
        .env("ENTREPOT_SFTPD__BINDINGS__0__PORT", "0")
        .env("ENTREPOT_HTTPD__BINDINGS__0__PORT", "0")
        .run()
        .code(1);
    assert!(finished.err.contains("no service configured, nothing to do"), "{finished:?}");
}

// NET-008, SYS-005
#[test]
fn taken_port_is_told_with_the_setting_to_change() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (section, setting) in [("SFTPD", "sftpd.bindings[0]"), ("HTTPD", "httpd.bindings[0]")] {
        let folder = tempfile::tempdir().unwrap();
        let other = if section == "SFTPD" { "HTTPD" } else { "SFTPD" };
        let finished = entrepot(&["serve", "--data-dir"])
            .arg(folder.path())
            .env(&format!("ENTREPOT_{other}__BINDINGS__0__PORT"), "0")
            .env(&format!("ENTREPOT_{section}__BINDINGS__0__PORT"), &port)
            .env(&format!("ENTREPOT_{section}__BINDINGS__0__ADDRESS"), "127.0.0.1")
            .run()
            .code(5);
        assert!(finished.err.contains(&format!("port {port} is in use")) && finished.err.contains(setting), "{finished:?}");
        assert!(!folder.path().join("ready.json").exists());
    }
}

// INIT-010
#[test]
fn second_server_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let server = Server::start(Settings::default());
    let before = fs::read(server.data().join("ready.json")).unwrap();
    let second = beside(&server, &["serve", "--any-port"], "").code(4);
    assert!(second.err.contains("in use by another server"), "{second:?}");
    assert!(second.err.contains(&server.pid().as_raw_nonzero().to_string()), "its process is named: {second:?}");
    assert_eq!(fs::read(server.data().join("ready.json")).unwrap(), before);
    assert_eq!(beside(&server, &["ping"], "").ok().out, "OK\n");
}

// CLI-015
#[test]
fn ping_tells_whether_the_server_is_well() {
    let mut server = Server::start(Settings::default());
    assert_eq!(beside(&server, &["ping"], "").ok().out, "OK\n");
    server.stop();
    let finished = beside(&server, &["ping"], "").code(1);
    assert!(finished.err.contains("no server is running"), "{finished:?}");
    server.launch();
    server.kill9();
    // The socket of a killed server is still there.
    assert!(server.data().join("control.sock").exists());
    beside(&server, &["ping"], "").code(1);
}

// CLI-013
#[test]
fn password_of_an_administrator_is_reset_beside_the_server_and_without_it() {
    let mut server = Server::start(Settings::default());
    let base = server.http_url();
    let admits = |base: &str, password: &str| Api::open(base).ask_token("/api/v2/token", ADMIN, password).status == 200;
    beside(&server, &["resetpwd", "--admin", ADMIN], "the second password\n").ok();
    assert!(admits(&base, "the second password"), "at once");
    assert!(!admits(&base, ADMIN_PASSWORD), "the old one is out, whatever was cached");
    let unknown = beside(&server, &["resetpwd", "--admin", "nobody"], "x y z\n").code(1);
    assert!(unknown.err.contains("nobody"), "{unknown:?}");
    beside(&server, &["resetpwd", "--admin", ADMIN], "").code(1);

    server.stop();
    beside(&server, &["resetpwd", "--admin", ADMIN], "the third password\n").ok();
    server.launch();
    assert!(admits(&server.http_url(), "the third password"));
    let log = server.log();
    assert!(!log.contains("third password") && !log.contains("second password"), "passwords are not logged");
}

// Decisions 11
#[test]
fn setup_link_is_made_anew_and_the_old_one_ends() {
    let server = Server::start(Settings::default().without_admin());
    let read = || fs::read_to_string(server.data().join("setup-url")).unwrap().trim().to_owned();
    let first = read();
    assert_eq!(Api::open("").get(&first).status, 200);
    let printed = beside(&server, &["setup-url"], "").ok().out;
    let second = read();
    assert!(printed.contains(&second) && first != second, "{printed}");
    assert_eq!(Api::open("").get(&second).status, 200);
    assert_ne!(Api::open("").get(&first).status, 200);

    let with_admin = Server::start(Settings::default());
    let refused = beside(&with_admin, &["setup-url"], "").code(1);
    assert!(refused.err.contains("administrator already"), "{refused:?}");
}

#[test]
fn setup_link_survives_a_restart() {
    let mut server = Server::start(Settings::default().without_admin());
    let token = |server: &Server| {
        let link = fs::read_to_string(server.data().join("setup-url")).unwrap();
        link.trim().rsplit('/').next().unwrap().to_owned()
    };
    let before = token(&server);
    server.restart();
    assert_eq!(token(&server), before, "somebody may have it open");
}

// ENV-001, ENV-004, LOAD-011
#[test]
fn settings_are_shown_with_their_origin_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let file = data.join("entrepot.toml");
    fs::write(&file, "[common]\nidle_timeout = 7\n[httpd]\nsigning_passphrase = \"swordfish\"\n").unwrap();
    let show = |flags: &[&str]| {
        let program = entrepot(&["config", "show", "--data-dir"]).arg(&data).args(flags);
        program.env("ENTREPOT_SFTPD__BINDINGS__0__PORT", "2200").run().ok().out
    };
    let all = show(&["--origin"]);
    let line =
        |key: &str| all.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap_or_else(|| panic!("{key}: {all}"));
    assert!(line("common.idle_timeout").contains("= 7") && line("common.idle_timeout").contains("entrepot.toml"));
    assert!(line("sftpd.bindings[0].port").contains("2200"));
    assert!(line("sftpd.bindings[0].port").contains("ENTREPOT_SFTPD__BINDINGS__0__PORT"));
    assert!(line("common.umask").ends_with("default"));
    assert!(!all.contains("swordfish") && line("httpd.signing_passphrase").contains("***"));
    let changed = show(&["--changed"]);
    assert!(changed.lines().count() == 3 && !changed.contains("default"), "{changed}");
}

// Decisions 11: a configuration that others may write is refused
#[test]
fn configuration_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("entrepot.toml");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let finished = entrepot(&["serve", "--any-port", "--data-dir"]).arg(folder.path()).run().code(3);
    assert!(finished.err.contains("chmod"), "{finished:?}");
}

// SIG-003, LOG-001
#[test]
fn orderly_end_is_a_success_and_leaves_nothing_that_says_ready() {
    let mut server = Server::start(Settings::default());
    server.signal(Signal::INT);
    assert!(server.wait().success());
    assert!(!server.data().join("ready.json").exists() && !server.data().join("control.sock").exists());
    let log = fs::read_to_string(server.data().join("log/entrepot.log")).unwrap();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["time"].is_string() && line["level"].is_string() && line["sender"].is_string(), "{line}");
    }
    assert!(log.lines().any(|line| line.contains("\"message\":\"stopped\"")), "{log}");
}

// SIG-002, LOG-010
#[test]
fn log_is_rotated_on_request() {
    let server = Server::start(Settings::default());
    let files = |data: &Path| fs::read_dir(data.join("log")).unwrap().count();
    server.signal(Signal::USR1);
    eventually("a second log file", || files(&server.data()) == 2);
    beside(&server, &["ping"], "").ok();
}

// LOG-011, CLI-005
#[test]
fn log_goes_to_standard_output_when_asked_or_when_the_file_cannot_be_written() {
    let server = Server::start(Settings::default().flag("--log-file-path").flag(""));
    assert!(!server.data().join("log").exists());
    eventually("lines on standard output", || server.printed().lines().any(|line| line.starts_with("{\"time\":")));
    let server = Server::start(Settings::default().flag("--log-file-path").flag("/proc/no/such/place"));
    eventually("lines on standard output", || server.printed().lines().any(|line| line.starts_with("{\"time\":")));
    assert!(server.log().contains("cannot write the log file"));
}

// TLS-003, SIG-001
#[test]
fn hang_up_reloads_and_ends_nothing() {
    let server = Server::start(Settings::untouched());
    server.signal(Signal::HUP);
    assert_eq!(beside(&server, &["ping"], "").ok().out, "OK\n");
    assert_eq!(Api::open(&server.http_url()).get("/healthz").status, 200);
}

// Decisions 11: whoever is not the owner gets nothing from the control socket
#[test]
fn control_socket_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start(Settings::default());
    let mode = fs::metadata(server.data().join("control.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn deep_data_folder_has_a_control_socket_too() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("d".repeat(60)).join("e".repeat(60));
    fs::create_dir_all(&deep).unwrap();
    let mut child = entrepot(&["serve", "--any-port", "--data-dir"]).arg(&deep).start();
    eventually("the server is ready", || deep.join("ready.json").exists());
    entrepot(&["ping", "--data-dir"]).arg(&deep).run().ok();
    child.kill().unwrap();
    child.wait().unwrap();
}
