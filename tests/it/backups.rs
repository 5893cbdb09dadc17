//! A server is written into one file and comes back from it: nobody who uses it notices.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::json;

use crate::harness::{Finished, OpenSsh, Program, Server, Settings, User, binary, eventually, free_port, ssh_options};

const PASSPHRASE: &str = "correct horse battery";

fn command(name: &str, data: &Path, file: &Path) -> Program {
    let command = Program::new(binary()).without_env().env("ENTREPOT_BACKUP_PASSPHRASE", PASSPHRASE);
    command.arg(name).arg("--data-dir").arg(data).arg(file)
}

fn backup(server: &Server, name: &str) -> PathBuf {
    let file = server.scratch().join(name);
    command("backup", &server.data(), &file).run().ok();
    file
}

/// `ssh` as a client that knows a host by this name, wherever it is.
fn sftp_to_known_host(server: &Server, user: &User, known_hosts: &Path, checking: &str) -> Finished {
    let port = server.sftp_address().port().to_string();
    Program::new("sftp")
        .args(["-o", "HostKeyAlias=files.example", "-o", &format!("StrictHostKeyChecking={checking}")])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", known_hosts.display()))
        .args(ssh_options(&server.key().file))
        .args(["-P", &port, "-b", "-", &format!("{}@127.0.0.1", user.name)])
        .dir(server.scratch())
        .input("ls\n")
        .run()
}

// BKP-001, BKP-020, BKP-023
#[test]
fn clients_of_a_restored_server_notice_nothing() {
    let mut server = Server::start(Settings::default());
    let user = server.create_user("ingrid", json!({}));
    fs::write(server.scratch().join("letter.txt"), "dear").unwrap();
    OpenSsh::new(&server, &user).sftp("put letter.txt\n").ok();
    let known_hosts = server.scratch().join("known_hosts");
    sftp_to_known_host(&server, &user, &known_hosts, "accept-new").ok();
    // The other host key is made beside the work.
    eventually("there is an RSA key", || server.data().join("id_rsa.pub").exists());
    let file = backup(&server, "it.backup");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = command("backup", &server.data(), &file).run().fails();
    assert!(again.err.contains("replaces nothing"), "{again:?}");

    server.stop();
    fs::rename(server.data(), server.scratch().join("lost")).unwrap();
    let restored = command("restore", &server.data(), &file).run().ok();
    assert!(restored.out.contains("Restored into"), "{restored:?}");
    server.launch();
    let listed = sftp_to_known_host(&server, &user, &known_hosts, "yes").ok();
    assert!(listed.out.contains("letter.txt"), "{listed:?}");
    let users = server.api().get("/api/v2/users").ok(200);
    assert_eq!(users[0]["username"], "ingrid");
    assert_eq!(server.quota("ingrid"), (1, 4), "what was counted is counted");
    let events = server.api().get("/api/v2/events/fs?actions=upload").ok(200);
    assert_eq!(events.as_array().map(Vec::len), Some(1), "{events}");

    let taken = command("restore", &server.data(), &file).run().fails();
    assert!(taken.err.contains("accounts"), "{taken:?}");
}

// BKP-005
#[test]
fn backups_are_whole_while_the_server_is_busy() {
    let server = Server::start(Settings::default());
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let api = server.api();
            for number in 0.. {
                if is_done.load(Ordering::Relaxed) {
                    break;
                }
                let home = server.scratch().join(format!("home{number}"));
                let user = json!({ "username": format!("user{number}"), "password": "three blind mice run", "status": 1,
                    "home_dir": home, "permissions": { "/": ["*"] } });
                api.post("/api/v2/users", &user).ok(201);
            }
        });
        let files: Vec<_> = (0..3).map(|number| backup(&server, &format!("{number}.backup"))).collect();
        is_done.store(true, Ordering::Relaxed);
        for file in files {
            let checked = Program::new(binary())
                .without_env()
                .env("ENTREPOT_BACKUP_PASSPHRASE", PASSPHRASE)
                .args(["restore", "--check"])
                .arg(&file)
                .run()
                .ok();
            assert!(checked.out.contains("is sound"), "{checked:?}");
            command("restore", &server.scratch().join("restored"), &file).run().ok();
            fs::remove_dir_all(server.scratch().join("restored")).unwrap();
        }
    });
    let left: Vec<_> =
        fs::read_dir(server.data()).unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".entrepot-")), "{left:?}");
}

// BKP-003, BKP-004
#[test]
fn passphrase_and_file_must_be_right() {
    let mut server = Server::start(Settings::default());
    let file = backup(&server, "it.backup");
    server.stop();
    let without_server = server.scratch().join("2.backup");
    command("backup", &server.data(), &without_server).run().ok();
    let target = server.scratch().join("new");
    let passphrase = server.scratch().join("passphrase");
    fs::write(&passphrase, "another passphrase\n").unwrap();
    command("restore", &target, &file).arg("--passphrase-file").arg(&passphrase).run().code(6);
    fs::write(&passphrase, "short").unwrap();
    let weak =
        command("backup", &server.data(), &server.scratch().join("3.backup")).arg("--passphrase-file").arg(&passphrase).run();
    assert!(weak.code == Some(2) && weak.err.contains("at least"), "{weak:?}");
    let mut sealed = fs::read(&file).unwrap();
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    fs::write(&file, sealed).unwrap();
    let altered = command("restore", &target, &file).run().code(4);
    assert!(altered.err.contains("altered"), "{altered:?}");
    assert!(!target.exists() || fs::read_dir(&target).unwrap().next().is_none(), "nothing was written");
    command("restore", &target, &without_server).run().ok();
}

// BKP-024
#[test]
fn server_that_waits_for_its_setup_starts_again_with_a_backup() {
    let old = Server::start(Settings::default());
    let user = old.create_user("ingrid", json!({}));
    let key = old.key();
    let file = backup(&old, "it.backup");

    let (sftp, http) = (free_port().to_string(), free_port().to_string());
    let settings = Settings::default().without_admin().exact_ports();
    let settings = settings.set("SFTPD__BINDINGS__0__PORT", &sftp).set("HTTPD__BINDINGS__0__PORT", &http);
    let new = Server::start(settings);
    assert!(new.data().join("setup-url").exists());
    command("restore", &new.data(), &file).run().ok();
    let host_key = |server: &Server| fs::read(server.data().join("id_ed25519")).ok();
    eventually("the server starts again with the keys of the backup", || {
        let ping = Program::new(binary()).without_env().args(["ping", "--data-dir"]).arg(new.data());
        host_key(&new) == host_key(&old) && !new.data().join(".entrepot-restore").exists() && ping.run().code == Some(0)
    });
    OpenSsh::with_key(&new, &user.name, key).sftp("ls\n").ok();
    assert_eq!(new.api().get("/api/v2/users/ingrid").ok(200)["username"], "ingrid");
    assert!(!new.data().join("setup-url").exists());
    let again = command("restore", &new.data(), &file).run().fails();
    assert!(again.err.contains("accounts"), "{again:?}");
}

// BKP-011, BKP-013
#[test]
fn backups_by_timetable_are_made_and_looked_after() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = folder.path().join("passphrase");
    fs::write(&passphrase, format!("{PASSPHRASE}\n")).unwrap();
    let settings =
        || Settings::default().set("BACKUP__AT", "03:30").set("BACKUP__DIRECTORY", folder.path().join("kept").to_str().unwrap());
    let doctor = |server: &Server| {
        let doctor = Program::new(binary()).without_env().args(["doctor", "--data-dir"]).arg(server.data()).run();
        doctor.out.lines().find(|line| line.contains(" backup: ")).unwrap_or_default().to_owned()
    };
    let server = Server::start(settings().set("BACKUP__PASSPHRASE_FILE", passphrase.to_str().unwrap()));
    let made = || {
        fs::read_dir(folder.path().join("kept")).into_iter().flatten().filter_map(Result::ok).find(|entry| {
            let name = entry.file_name().into_string().unwrap_or_default();
            name.starts_with("entrepot-") && name.ends_with(".backup")
        })
    };
    eventually("there is none yet, so one is made", || made().is_some());
    command("restore", &folder.path().join("new"), &made().unwrap().path()).run().ok();
    eventually("the doctor says so", || doctor(&server).starts_with("ok"));

    fs::remove_dir_all(folder.path().join("kept")).unwrap();
    let server = Server::start(settings().set("BACKUP__PASSPHRASE_FILE", folder.path().join("none").to_str().unwrap()));
    eventually("a failure is logged", || server.log().contains("the backup failed"));
    eventually("the doctor says so", || doctor(&server).starts_with("ERROR"));
}
