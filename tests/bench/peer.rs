//! The servers that are compared: started in a folder of their own, inside an account of their own,
//! on ports of their own.

pub mod certificate;
pub mod entrepot;
pub mod nginx;
pub mod openssh;

use std::fs::{self, File};
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::accounting::Account;
use crate::client::Target;

const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How a server is started; the same for a restart.
pub struct Launch {
    /// Absolute path of the program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables added to our environment.
    pub environment: Vec<(String, String)>,
    /// Where its output goes.
    pub log: PathBuf,
    /// Ports that must accept connections before the server counts as ready, besides SSH.
    pub other_ports: Vec<u16>,
}

/// A running server.
pub struct Server {
    /// Name in the tables.
    pub label: &'static str,
    /// Where and how to log in.
    pub target: Target,
    /// The account's files, as the bench reaches them.
    pub files: PathBuf,
    /// The same folder as a client of the server names it, without a slash at the end.
    pub prefix: String,
    account: Account,
    launch: Launch,
    child: Child,
}

impl Server {
    /// Starts a server and waits until it is ready.
    pub fn start(label: &'static str, target: Target, files: PathBuf, prefix: String, launch: Launch) -> Result<Self> {
        let port = launch.other_ports.first().copied().filter(|_| target.port == 0).unwrap_or(target.port);
        let name = format!("entrepot-bench-{}-{port}", std::process::id());
        let mut account = Account::open(&name);
        let mut child = spawn(&launch, &account)?;
        account.set_root(child.id());
        wait_until_ready(target.port, &launch, &mut child)?;
        Ok(Self { label, target, files, prefix, account, launch, child })
    }

    /// Stops the server, starts it again with the same data and returns the time from the start of
    /// the program until it is ready.
    pub fn restart(&mut self) -> Result<Duration> {
        self.restart_after(|_| Ok(()))
    }

    /// The same with work on the data while nobody serves it.
    pub fn restart_after(&mut self, work: impl FnOnce(&Self) -> Result<()>) -> Result<Duration> {
        self.stop();
        work(self)?;
        let start = Instant::now();
        self.child = spawn(&self.launch, &self.account)?;
        self.account.set_root(self.child.id());
        wait_until_ready(self.target.port, &self.launch, &mut self.child)?;
        Ok(start.elapsed())
    }

    /// The name of a file for a client of this server.
    pub fn remote(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    /// Where it speaks HTTP.
    pub fn http_port(&self) -> Result<u16> {
        self.launch.other_ports.first().copied().with_context(|| format!("{} does not speak HTTP", self.label))
    }

    /// Where it speaks HTTPS.
    pub fn https_port(&self) -> Result<u16> {
        self.launch.other_ports.get(1).copied().with_context(|| format!("{} does not speak HTTPS", self.label))
    }

    /// What the server costs.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Waits until the processes of ended connections are gone, so that they burden no later
    /// measurement.
    pub fn settle(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.account.processes().len() > 1 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn stop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
            // It may have ended by itself; wait() below tells.
            let _ = kill_process(pid, Signal::TERM);
        }
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn spawn(launch: &Launch, account: &Account) -> Result<Child> {
    let log = File::options().create(true).append(true).open(&launch.log)?;
    account
        .command(&launch.program)
        .args(&launch.arguments)
        .envs(launch.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .with_context(|| format!("start of {}", launch.program.display()))
}

fn wait_until_ready(port: u16, launch: &Launch, child: &mut Child) -> Result<()> {
    let deadline = Instant::now() + START_LIMIT;
    let is_ready =
        || (port == 0 || greets(port)) && launch.other_ports.iter().all(|p| TcpStream::connect(("127.0.0.1", *p)).is_ok());
    while !is_ready() {
        if let Some(status) = child.try_wait()? {
            bail!("{} ended: {status}\n{}", launch.program.display(), tail(&launch.log));
        }
        if Instant::now() > deadline {
            bail!("{} is not ready\n{}", launch.program.display(), tail(&launch.log));
        }
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// True if an SSH server says its identification line (RFC 4253 section 4.2).
fn greets(port: u16) -> bool {
    let Ok(mut socket) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let mut start = [0; 4];
    socket.set_read_timeout(Some(Duration::from_secs(5))).is_ok() && socket.read_exact(&mut start).is_ok() && &start == b"SSH-"
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(4000)..]).into_owned()
}

/// A port of 127.0.0.1 that is free now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Makes an Ed25519 key pair `path` and `path.pub` without a passphrase.
pub fn make_key(path: &Path) -> Result<()> {
    let status = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .status()
        .context("ssh-keygen (package openssh-client)")?;
    ensure!(status.success(), "ssh-keygen: {status}");
    Ok(())
}
