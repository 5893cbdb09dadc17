//! OpenSSH: `ssh-keygen`, `sftp`, `scp`, `ssh`.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{Finished, Program, Server, User, require};

/// A key pair.
pub struct Key {
    pub file: PathBuf,
    /// Line for `public_keys`.
    pub public: String,
}

impl Key {
    /// Makes an Ed25519 key without a passphrase.
    pub fn generate(file: &Path) -> Self {
        require("ssh-keygen", "openssh-client");
        Program::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(file).run().ok();
        let public = fs::read_to_string(file.with_extension("pub")).unwrap().trim().to_owned();
        Self { file: file.to_owned(), public }
    }
}

/// Options that make OpenSSH independent of the machine it runs on.
pub fn ssh_options(key: &Path) -> Vec<OsString> {
    let options = [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "GlobalKnownHostsFile=/dev/null",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "PreferredAuthentications=publickey",
        "BatchMode=yes",
        "LogLevel=ERROR",
        "ConnectTimeout=30",
    ];
    let mut all: Vec<OsString> = vec!["-F".into(), "none".into(), "-i".into(), key.into()];
    all.extend(options.iter().flat_map(|option| ["-o".into(), OsString::from(option)]));
    all
}

/// OpenSSH's programs, as a user of a server.
pub struct OpenSsh<'a> {
    server: &'a Server,
    user: String,
    key: PathBuf,
}

impl<'a> OpenSsh<'a> {
    /// With the key of the harness.
    pub fn new(server: &'a Server, user: &User) -> Self {
        require("sftp", "openssh-client");
        Self { server, user: user.name.clone(), key: server.key().file.clone() }
    }

    /// With a key of the test.
    pub fn with_key(server: &'a Server, user: &str, key: &Key) -> Self {
        Self { server, user: user.to_owned(), key: key.file.clone() }
    }

    fn port(&self) -> String {
        self.server.sftp_address().port().to_string()
    }

    fn target(&self) -> String {
        format!("{}@127.0.0.1", self.user)
    }

    /// Runs a batch in the scratch folder: ends at the first command that fails, but for those that begin with `-`.
    pub fn sftp(&self, batch: impl Into<Vec<u8>>) -> Finished {
        self.sftp_with(&[], batch)
    }

    /// The same with options.
    pub fn sftp_with(&self, options: &[&str], batch: impl Into<Vec<u8>>) -> Finished {
        Program::new("sftp")
            .args(ssh_options(&self.key))
            .args(options)
            .args(["-P", &self.port(), "-b", "-", &self.target()])
            .dir(self.server.scratch())
            .input(batch)
            .run()
    }

    /// `scp` over SFTP. A path that begins with `:` is on the server.
    pub fn scp(&self, options: &[&str], from: &str, to: &str) -> Finished {
        let place =
            |path: &str| path.strip_prefix(':').map_or_else(|| path.to_owned(), |path| format!("{}:{path}", self.target()));
        Program::new("scp")
            .args(["-s", "-P", &self.port()])
            .args(ssh_options(&self.key))
            .args(options)
            .args([place(from), place(to)])
            .dir(self.server.scratch())
            .run()
    }

    /// `scp` over its old protocol; paths as in [`OpenSsh::scp`].
    pub fn scp_classic(&self, options: &[&str], from: &str, to: &str) -> Finished {
        self.scp(&[&["-O"], options].concat(), from, to)
    }

    /// `ssh` with a command that is given something to read.
    pub fn ssh_with_input(&self, command: &str, input: impl Into<Vec<u8>>) -> Finished {
        Program::new("ssh")
            .args(["-p", &self.port()])
            .args(ssh_options(&self.key))
            .args([&self.target(), command])
            .input(input)
            .run()
    }

    /// `ssh` that logs in by `methods` (comma-separated) and asks a script for what it needs: `answers` are parts of prompts
    /// and what to say to them.
    pub fn ssh_asked(&self, methods: &str, answers: &[(&str, &str)], options: &[&str], command: &str) -> Finished {
        let script = self.server.scratch().join("askpass");
        let cases: String = answers.iter().map(|(prompt, answer)| format!("*{prompt}*) echo '{answer}';;\n")).collect();
        fs::write(&script, format!("#!/bin/sh\ncase \"$1\" in\n{cases}*) exit 1;;\nesac\n")).unwrap();
        fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        Program::new("ssh")
            .args(["-p", &self.port()])
            .args(["-o", "BatchMode=no", "-o", "NumberOfPasswordPrompts=1"])
            .args(["-o", &format!("PreferredAuthentications={methods}")])
            .args(options)
            .args(ssh_options(&self.key))
            .args([&self.target(), command])
            .env("SSH_ASKPASS", &script)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env("DISPLAY", ":0")
            .run()
    }

    /// `ssh` with a command.
    pub fn ssh(&self, options: &[&str], command: &[&str]) -> Finished {
        Program::new("ssh")
            .args(["-p", &self.port()])
            .args(ssh_options(&self.key))
            .args(options)
            .arg(self.target())
            .args(command)
            .run()
    }

    /// The command by which other clients start `ssh`.
    pub fn command_line(&self) -> String {
        let options = ssh_options(&self.key);
        let options: Vec<_> = options.iter().map(|option| option.to_str().unwrap()).collect();
        format!("ssh {}", options.join(" "))
    }
}
