//! `entrepot portable`.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::Child,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{Finished, Key, Program, binary, bytes, ssh_options};

/// A running portable server.
struct Portable {
    folder: TempDir,
    child: Child,
    printed: String,
    key: Key,
}

impl Portable {
    fn start(flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("share")).unwrap();
        fs::write(folder.path().join("share/there"), bytes(100_000, 1)).unwrap();
        let key = Key::generate(&folder.path().join("key"));
        let mut child = Program::new(binary())
            .without_env()
            .args(["portable", "--address", "127.0.0.1", "-d"])
            .arg(folder.path().join("share"))
            .args(["-k", &key.public])
            .args(flags)
            .dir(folder.path())
            .start();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        // The link beneath which the code is drawn is the last line of text.
        while !printed.lines().any(|line| line.starts_with("sftp://")) {
            let before = printed.len();
            out.read_line(&mut printed).unwrap();
            if printed.len() == before {
                let mut error = String::new();
                child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
                panic!("it ended: {printed}{error}");
            }
        }
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        Self { folder, child, printed, key }
    }

    fn port(&self) -> String {
        let line = self.printed.lines().find(|line| line.contains("sftp -P ")).unwrap();
        line.split_whitespace().nth(3).unwrap().to_owned()
    }

    fn sftp(&self, batch: &str) -> Finished {
        Program::new("sftp")
            .args(ssh_options(&self.key.file))
            .args(["-P", &self.port(), "-b", "-", "user@127.0.0.1"])
            .dir(self.folder.path())
            .input(batch)
            .run()
    }

    fn end(&mut self) -> std::process::ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Portable {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// PORT-002, PORT-009, PORT-010
#[test]
fn folder_is_served_read_only_until_ctrl_c() {
    let mut portable = Portable::start(&[]);
    let port: u16 = portable.port().parse().unwrap();
    assert!(port >= 49152, "{port}");
    assert!(portable.printed.contains("SHA256:"), "the host key is shown: {}", portable.printed);
    portable.sftp("ls\nget there back\n").ok();
    assert_eq!(fs::read(portable.folder.path().join("back")).unwrap(), bytes(100_000, 1));
    portable.sftp("put back planted\n").fails();
    assert!(!portable.folder.path().join("share/planted").exists());
    assert!(portable.end().success());
    let left: Vec<_> = fs::read_dir(portable.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "nothing was written beside the share: {left:?}");
    assert_eq!(fs::read_dir(portable.folder.path().join("share")).unwrap().count(), 1);
}

#[test]
fn flags_open_and_close_what_the_user_may() {
    let portable = Portable::start(&["-g", "*", "--denied-patterns", "/::*.exe"]);
    portable.sftp("get there f\nput f new\nput f there\n").ok();
    assert_eq!(fs::read(portable.folder.path().join("share/new")).unwrap(), bytes(100_000, 1));
    portable.sftp("put f virus.exe\n").fails();
}

// PORT-009
#[test]
fn random_password_is_printed_and_opens_the_account() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("there"), "x").unwrap();
    let mut child =
        Program::new(binary()).without_env().args(["portable", "--address", "127.0.0.1", "-d"]).arg(folder.path()).start();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while !printed.lines().any(|line| line.starts_with("sftp://")) {
        assert!(out.read_line(&mut printed).unwrap() > 0, "{printed}");
    }
    let word =
        |label: &str| printed.lines().find(|line| line.contains(label)).unwrap().split_whitespace().nth(1).unwrap().to_owned();
    let password = word("Password");
    let link = printed.lines().last().unwrap();
    assert!(!link.contains(&password), "the code holds no password");
    let port = printed.lines().find(|line| line.contains("sftp -P")).unwrap().split_whitespace().nth(3).unwrap().to_owned();
    let script = format!(
        "import paramiko\nt = paramiko.Transport(('127.0.0.1', {port}))\nt.connect(username='user', password={password:?})\n\
         print(paramiko.SFTPClient.from_transport(t).listdir())\n"
    );
    let listed = Program::new(crate::harness::venv_python()).args(["-c", &script]).run().ok().out;
    assert!(listed.contains("there"), "{listed}");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}

// Decisions 11: no configuration is read unless it is named
#[test]
fn configuration_and_environment_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("entrepot.toml"), "this is = not [toml").unwrap();
    let finished = |flags: &[&str]| {
        let mut child = Program::new(binary())
            .without_env()
            .env("ENTREPOT_SFTPD__BINDINGS__0__PORT", "nonsense")
            .args(["portable", "--address", "127.0.0.1"])
            .args(flags)
            .dir(folder.path())
            .start();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let _ = kill_process(Pid::from_child(&child), Signal::INT);
        (first, child.wait().unwrap())
    };
    assert!(finished(&[]).0.contains("Serving"));
    let (_, status) = finished(&["--config-file", "entrepot.toml"]);
    assert_eq!(status.code(), Some(3));
}

#[test]
fn what_cannot_be_served_is_refused_in_words() {
    let refused = |flags: &[&str]| Program::new(binary()).without_env().arg("portable").args(flags).run().fails();
    assert!(refused(&["-d", "/no/such/folder"]).err.contains("/no/such/folder"));
    assert!(refused(&["-g", "fly"]).err.contains("fly"));
    assert!(refused(&["--denied-patterns", "x"]).err.contains("/folder::"));
}
