//! A server of the built binary.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Api, Disk, Key, database::QUIET};

/// The administrator that every server has unless it is started without.
pub const ADMIN: &str = "admin";
/// Its password.
pub const ADMIN_PASSWORD: &str = "correct horse battery staple";
/// Password of users that the harness makes.
const USER_PASSWORD: &str = "three blind mice run";

const READY: Duration = Duration::from_secs(30);
const END: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

/// The program under test.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_entrepot"))
}

/// A port that nothing listens on now. For what cannot choose by itself; another program may take it first.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// How to start a server.
#[derive(Clone)]
pub struct Settings {
    variables: Vec<(String, String)>,
    flags: Vec<String>,
    has_admin: bool,
    /// MiB of the file system that the files of users are on.
    disk: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        let variables = [
            ("SFTPD__BINDINGS__0__ADDRESS", "127.0.0.1"),
            ("HTTPD__BINDINGS__0__ADDRESS", "127.0.0.1"),
            ("HTTPD__BINDINGS__0__PORT", "8080"),
            ("HTTPD__BINDINGS__0__ENABLE_HTTPS", "false"),
        ];
        let settings = Self { has_admin: true, ..Self::untouched() };
        variables.into_iter().fold(settings, |settings, (name, value)| settings.set(name, value))
    }
}

impl Settings {
    /// A setting, as the environment names it, without its prefix: `COMMON__IDLE_TIMEOUT`.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((format!("ENTREPOT_{name}"), value.to_owned()));
        self
    }

    /// A variable that is no setting of ours.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The ports of the settings, not free ones instead: choose those with [`free_port`].
    pub fn exact_ports(mut self) -> Self {
        self.flags.retain(|flag| flag != "--any-port");
        self
    }

    /// A flag of `serve`.
    pub fn flag(mut self, flag: &str) -> Self {
        self.flags.push(flag.to_owned());
        self
    }

    /// Nobody is there yet: the first start.
    pub fn without_admin(mut self) -> Self {
        self.has_admin = false;
        self
    }

    /// Nothing of the usual test settings: what a new user gets, on free ports.
    pub fn untouched() -> Self {
        Self { variables: Vec::new(), flags: vec!["--any-port".into()], has_admin: false, disk: None }
    }

    /// The files of users are on a file system of memory, of that size, which the server alone sees. `None` where that is
    /// forbidden.
    pub fn on_small_disk(mut self, mebibytes: u32) -> Option<Self> {
        let mounts = "mount -t tmpfs -o size=1m tmpfs /mnt";
        let allowed = Command::new("unshare").args(["-rm", "sh", "-c", mounts]).output();
        if !allowed.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no mount namespaces here");
            return None;
        }
        self.disk = Some(mebibytes);
        Some(self)
    }

    /// The program, where it is to run.
    fn program(&self, data: &Path) -> Command {
        let Some(mebibytes) = self.disk else { return Command::new(binary()) };
        let files = data.with_file_name("files");
        std::fs::create_dir_all(&files).unwrap();
        let mut command = Command::new("unshare");
        let script = format!("mount -t tmpfs -o size={mebibytes}m tmpfs \"$0\" && exec \"$@\"");
        command.args(["-rm", "sh", "-c", &script]).arg(files).arg(binary());
        command
    }

    fn command(&self, data: &Path) -> Command {
        let mut command = self.program(data);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.arg("serve").arg("--data-dir").arg(data).args(&self.flags);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if self.has_admin {
            command.env("ENTREPOT_DATA_PROVIDER__CREATE_DEFAULT_ADMIN", "true");
            command.env("ENTREPOT_DEFAULT_ADMIN_USERNAME", ADMIN);
            command.env("ENTREPOT_DEFAULT_ADMIN_PASSWORD", ADMIN_PASSWORD);
        }
        command
    }
}

/// A running server, with a folder of its own that goes with it.
pub struct Server {
    settings: Settings,
    folder: TempDir,
    child: Option<Child>,
    ready: Value,
    starts: u32,
    key: OnceLock<Key>,
}

/// An account that the harness made.
pub struct User {
    pub name: String,
    pub password: String,
    /// Its folder on the disk.
    pub home: PathBuf,
}

impl User {
    pub fn disk(&self) -> Disk {
        Disk::of(&self.home)
    }

    /// Content of a file on the disk, if it is there.
    pub fn read(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.home.join(path)).ok()
    }

    /// Puts a file there behind the server's back.
    pub fn place(&self, path: &str, content: &[u8]) {
        let path = self.home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

impl Server {
    /// Starts a server and waits until it accepts.
    #[track_caller]
    pub fn start(settings: Settings) -> Self {
        let folder = tempfile::Builder::new().prefix("entrepot-it-").tempdir().unwrap();
        let mut server = Self { settings, folder, child: None, ready: Value::Null, starts: 0, key: OnceLock::new() };
        server.launch();
        server
    }

    /// Starts it again in the same folder.
    #[track_caller]
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        self.starts += 1;
        let stream = |name: &str| File::create(self.folder.path().join(format!("{name}-{}", self.starts))).unwrap();
        let mut command = self.settings.command(&self.data());
        command.stdin(Stdio::null()).stdout(stream("stdout")).stderr(stream("stderr"));
        self.child = Some(command.spawn().unwrap());
        self.await_ready();
    }

    #[track_caller]
    fn await_ready(&mut self) {
        let end = Instant::now() + READY;
        loop {
            let child = self.child.as_mut().unwrap();
            let ready = fs::read_to_string(self.folder.path().join("data/ready.json")).unwrap_or_default();
            let ready: Value = serde_json::from_str(&ready).unwrap_or_default();
            // One that was killed leaves its file behind.
            if ready["pid"] == child.id() {
                self.ready = ready;
                return;
            }
            if let Some(status) = child.try_wait().unwrap() {
                self.child = None;
                panic!("the server ended before it was ready: {status}\n{}", self.log());
            }
            assert!(Instant::now() < end, "the server is not ready\n{}", self.log());
            thread::sleep(POLL);
        }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder for the files of the test.
    pub fn scratch(&self) -> PathBuf {
        let path = self.folder.path().join("scratch");
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Where it listens for SFTP.
    pub fn sftp_address(&self) -> SocketAddr {
        self.ready["sftp"][0].as_str().unwrap().parse().unwrap()
    }

    /// Base URL of the first web listener.
    pub fn http_url(&self) -> String {
        self.ready["http"][0].as_str().unwrap().to_owned()
    }

    /// What the ready file said.
    pub fn ready(&self) -> &Value {
        &self.ready
    }

    /// REST, as the administrator.
    pub fn api(&self) -> Api {
        Api::login(&self.http_url(), ADMIN, ADMIN_PASSWORD)
    }

    /// A bearer token of the administrator.
    pub fn admin_token(&self) -> String {
        self.api().token().to_owned()
    }

    /// Makes a user; `fields` replace what is usual: every permission, a password and the key of [`Server::key`].
    #[track_caller]
    pub fn create_user(&self, name: &str, fields: Value) -> User {
        let home = self.folder.path().join("files").join(name);
        let mut user = json!({
            "username": name,
            "status": 1,
            "password": USER_PASSWORD,
            "public_keys": [self.key().public],
            "home_dir": home,
            "permissions": { "/": ["*"] },
            // Far away, but there: use is counted for accounts with limits only (data_provider.track_quota is 2).
            "quota_size": 1_u64 << 40,
            "quota_files": 1_000_000,
        });
        let members = fields.as_object().expect("an object").clone();
        user.as_object_mut().unwrap().extend(members);
        self.api().post("/api/v2/users", &user).ok(201);
        User { name: name.to_owned(), password: USER_PASSWORD.to_owned(), home }
    }

    /// The key that users of the harness have.
    pub fn key(&self) -> &Key {
        self.key.get_or_init(|| Key::generate(&self.folder.path().join("key")))
    }

    /// Files and bytes in use, as the server tells.
    #[track_caller]
    pub fn quota(&self, username: &str) -> (u64, u64) {
        let user = self.api().get(&format!("/api/v2/users/{username}")).ok(200);
        (user["used_quota_files"].as_u64().unwrap(), user["used_quota_size"].as_u64().unwrap())
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("it runs"))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Kills it: no handler runs, nothing is flushed.
    pub fn kill9(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends it as a service manager does, and waits.
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let end = Instant::now() + END;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            if Instant::now() > end {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("the server does not end\n{}", self.log());
            }
            thread::sleep(POLL);
        }
    }

    /// Waits for its end, whoever caused it.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.take().expect("it runs").wait().unwrap()
    }

    /// Stops and starts it.
    pub fn restart(&mut self) {
        let status = self.stop();
        assert!(status.success(), "{status}\n{}", self.log());
        self.launch();
    }

    /// What it printed and logged. Lines are written beside the work, so it waits until no more come.
    pub fn log(&self) -> String {
        let mut log = self.log_by_now();
        // A busy server is never silent.
        for _ in 0..10 {
            thread::sleep(QUIET);
            let later = self.log_by_now();
            if later.len() == log.len() {
                break;
            }
            log = later;
        }
        log
    }

    pub fn log_by_now(&self) -> String {
        let mut names: Vec<PathBuf> = (1..=self.starts)
            .flat_map(|start| ["stdout", "stderr"].map(|name| self.folder.path().join(format!("{name}-{start}"))))
            .collect();
        names.push(self.data().join("log/entrepot.log"));
        let parts = names.iter().filter_map(|path| {
            let text = fs::read(path).ok()?;
            Some(format!("--- {}\n{}", path.file_name()?.display(), String::from_utf8_lossy(&text)))
        });
        parts.collect()
    }

    /// What the last start printed on its standard output.
    pub fn printed(&self) -> String {
        fs::read_to_string(self.folder.path().join(format!("stdout-{}", self.starts))).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            if let Some(mut child) = self.child.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
            eprintln!("{}", self.log());
        } else if self.child.is_some() {
            self.stop();
        }
    }
}
