//! A start that fails says in one sentence what to do, ends with the code of its kind, and damages nothing (SYS-007).

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::Command,
};

use crate::harness::{Server, Settings, binary};

/// How a start ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    err: String,
}

impl Ended {
    /// One sentence with the code of its kind that has all of these in it.
    #[track_caller]
    fn says(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        let lines: Vec<_> = self.err.lines().filter(|line| !line.trim().is_empty()).collect();
        assert!(lines.len() == 1 && lines[0].starts_with("entrepot: "), "one sentence: {self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} in {self:?}");
        }
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

fn run(mut command: Command) -> Ended {
    let output = command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().unwrap();
    Ended { code: output.status.code(), err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

fn serve(data: &Path) -> Command {
    let mut command = Command::new(binary());
    command.args(["serve", "--any-port", "--data-dir"]).arg(data);
    command
}

/// The same for an account that owns nothing there. Whoever is not root is one where the mode forbids it.
fn serve_as_stranger(data: &Path) -> Command {
    let mut command = serve(data);
    if rustix::process::geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    command
}

/// A folder that everybody can reach, and in it a data folder with a database and keys.
fn used() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut server = Server::start(Settings::default());
    server.stop();
    let data = folder.path().join("data");
    let copied = Command::new("cp").arg("-a").arg(server.data()).arg(&data).status().unwrap();
    assert!(copied.success());
    (folder, data)
}

/// Every file with its content.
fn content(data: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(data)
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.is_file()))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn folder_of_another_account_is_told_with_its_chown_line() {
    let (_folder, data) = used();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    let before = content(&data);
    let ended = run(serve_as_stranger(&data));
    ended.says(4, &[data.to_str().unwrap(), "belongs to account", "chown -R"]);
    assert_eq!(content(&data), before, "nothing is damaged");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn database_of_another_account_is_told() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can give files to others");
        return;
    }
    let (_folder, data) = used();
    // The folder was given away, and what is in it was forgotten.
    std::os::unix::fs::chown(&data, Some(65534), Some(65534)).unwrap();
    let ended = run({
        let mut command = serve_as_stranger(&data);
        command.env("X", "y").arg("--log-file-path").arg("");
        command
    });
    ended.says(4, &[data.to_str().unwrap(), "account 65534", "chown -R 65534"]);
}

#[test]
fn data_folder_below_a_file_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    run(serve(&folder.path().join("file/data"))).says(4, &["cannot make the data folder", "--data-dir"]);
}

/// Runs the program in a mount namespace of its own, with a small file system of memory; `None` where that is forbidden.
fn on_small_disk(options: &str, prepare: &str) -> Option<Ended> {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().display();
    let inside = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", &format!("mount -t tmpfs -o size=16m tmpfs {disk} && {then}")]);
        command
    };
    if !inside("true").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no mount namespaces here");
        return None;
    }
    let program = binary().display();
    Some(run(inside(&format!(
        "{prepare} cd {disk} && mkdir -p data && mount -o remount,{options} {disk} && \
         exec {program} serve --any-port --data-dir {disk}/data"
    ))))
}

#[test]
fn disk_that_is_mounted_read_only_is_told() {
    if let Some(ended) = on_small_disk("ro", "") {
        ended.says(4, &["read-only", "--data-dir"]);
    }
}

#[test]
fn full_disk_is_told() {
    if let Some(ended) = on_small_disk("size=4k", "") {
        ended.says(4, &["space", "data folder"]);
    }
}

#[test]
fn damaged_database_is_told_and_left_as_it_is() {
    let (_folder, data) = used();
    let database = data.join("entrepot.db");
    let mut bytes = fs::read(&database).unwrap();
    for byte in &mut bytes[4096..12288] {
        *byte = 0xA5;
    }
    fs::write(&database, &bytes).unwrap();
    run(serve(&data)).says(4, &["entrepot.db", "damaged", "restore a backup"]);
    assert_eq!(fs::read(&database).unwrap(), bytes, "it was left as it is");
}

#[test]
fn settings_that_cannot_be_read_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("c.toml"));
    let with = |text: &str| {
        fs::write(&file, text).unwrap();
        let mut command = serve(&data);
        command.arg("--config-file").arg(&file);
        run(command)
    };
    let unreadable = with("[sftpd\nbindings = 3");
    // With a picture of the place: the one failure that takes more than a line.
    assert!(
        unreadable.code == Some(3) && unreadable.err.contains("c.toml") && unreadable.err.contains("line 1"),
        "{unreadable:?}"
    );
    with("[common]\nidle_timeout = \"soon\"").says(3, &["common.idle_timeout"]);
    assert!(!data.exists(), "nothing was made");
}

// NET-008
#[test]
fn port_that_is_taken_is_told_with_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let file = folder.path().join("c.toml");
    for (section, other) in [("sftpd", "httpd"), ("httpd", "sftpd")] {
        let text = format!("[[{section}.bindings]]\naddress = \"127.0.0.1\"\nport = {port}\n[[{other}.bindings]]\nport = 0\n");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(binary());
        command.args(["serve", "--data-dir"]).arg(folder.path().join("data")).arg("--config-file").arg(&file);
        run(command).says(5, &[&port, "in use", &format!("set {section}.bindings[0].port")]);
    }
}

// CFG-274, TEL-003, TEL-021
#[test]
fn telemetry_that_cannot_be_had_keeps_the_server_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let with = |name: &str, value: &str, any_port: bool| {
        let mut command = Command::new(binary());
        command.args(["serve", "--data-dir"]).arg(folder.path().join("data"));
        if any_port {
            command.arg("--any-port");
        }
        let output = command
            .env_clear()
            .env("ENTREPOT_HTTPD__BINDINGS__0__PORT", "0")
            .env("ENTREPOT_HTTPD__BINDINGS__1__PORT", "0")
            .env("ENTREPOT_SFTPD__BINDINGS__0__PORT", if any_port { "1" } else { "0" })
            .env("ENTREPOT_HTTPD__BINDINGS__0__PORT", if any_port { "0" } else { "58931" })
            .env("ENTREPOT_HTTPD__BINDINGS__0__ENABLE_HTTPS", "false")
            .env("ENTREPOT_TELEMETRY__BIND_PORT", &port)
            .env(format!("ENTREPOT_TELEMETRY__{name}"), value)
            .output()
            .unwrap();
        Ended { code: output.status.code(), err: String::from_utf8_lossy(&output.stderr).into_owned() }
    };
    with("BIND_ADDRESS", "127.0.0.1", false).says(5, &[&port, "telemetry.bind_port"]);
    with("AUTH_USER_FILE", "none", true).says(3, &["telemetry.auth_user_file"]);
    with("BIND_ADDRESS", "/run/x.sock", true).says(3, &["telemetry.bind_address"]);
}
