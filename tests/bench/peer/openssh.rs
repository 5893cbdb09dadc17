//! OpenSSH's server with its in-process SFTP server, as the current user.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::geteuid;

use super::{Launch, Server, free_port, make_key};
use crate::client::Target;

/// Starts sshd in `directory`, which must not exist, for the key in `target`.
pub fn start(label: &'static str, program: &Path, directory: &Path, target: &Target) -> Result<Server> {
    let files = directory.join("files");
    fs::create_dir_all(&files)?;
    let host_key = directory.join("host_key");
    make_key(&host_key)?;
    let keys = directory.join("authorized_keys");
    fs::copy(target.key_file.with_extension("pub"), &keys)?;
    if geteuid().is_root() {
        // The folder that privilege separation asks for; a service manager makes it otherwise.
        fs::create_dir_all("/run/sshd").context("/run/sshd")?;
    }
    let port = free_port()?;
    let user = current_user()?;
    let configuration = directory.join("sshd_config");
    fs::write(&configuration, settings(port, &host_key, &keys, &directory.join("pid")))?;
    let launch = Launch {
        program: program.to_owned(),
        arguments: vec!["-D".into(), "-e".into(), "-f".into(), path_text(&configuration)?],
        environment: Vec::new(),
        log: directory.join("log"),
        other_ports: Vec::new(),
    };
    let prefix = path_text(&files)?;
    let target = Target { port, user, ..target.clone() };
    Server::start(label, target, files, prefix, launch)
}

/// Debian's defaults but for the paths and the limits that a benchmark would run into.
fn settings(port: u16, host_key: &Path, keys: &Path, pid: &Path) -> String {
    format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile {}\n\
         PermitRootLogin yes\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n\
         KbdInteractiveAuthentication no\nUseDNS no\nX11Forwarding no\nPrintMotd no\n\
         MaxStartups 1000:30:2000\nSubsystem sftp internal-sftp\n",
        host_key.display(),
        keys.display(),
        pid.display()
    )
}

fn path_text(path: &Path) -> Result<String> {
    Ok(path.to_str().context("the path is not UTF-8")?.to_owned())
}

fn current_user() -> Result<String> {
    let output = Command::new("id").arg("-un").output().context("id")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// What `ssh -V` says.
pub fn version() -> String {
    let output = Command::new("ssh").arg("-V").stdin(Stdio::null()).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stderr).trim().to_owned());
    text.unwrap_or_else(|_| "no ssh".into())
}

/// Where distributions put the server.
pub fn find() -> Result<PathBuf> {
    ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
        .context("sshd is missing (package openssh-server); or name it with --sshd")
}
