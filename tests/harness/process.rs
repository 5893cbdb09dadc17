//! Running programs: with a limit on their time, and their whole output for the message of a failure.

use std::{
    ffi::OsStr,
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Longest run of a client. It bounds a hang; nothing is said about speed.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(5);

/// Waits until `condition` holds.
///
/// # Panics
/// It does not within a minute; `what` says what did not happen.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "it never happened: {what}");
        thread::sleep(POLL);
    }
}

/// Fails, saying what to install, if a program is missing.
pub fn require(program: &str, package: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    assert!(found, "the test needs {program}: apt-get install {package} (bash .ci/run does that)");
}

/// A program to run.
pub struct Program {
    command: Command,
    input: Vec<u8>,
}

/// A program that ended.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    what: String,
}

impl Program {
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self { command: Command::new(program), input: Vec::new() }
    }

    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn without_env(mut self) -> Self {
        self.command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        self
    }

    pub fn dir(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = text.into();
        self
    }

    /// Starts it; the caller looks after its end.
    pub fn start(mut self) -> Child {
        let what = format!("{:?}", self.command);
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut stdin = child.stdin.take().unwrap();
        // A program may end without reading it all.
        let input = self.input;
        thread::spawn(move || drop(stdin.write_all(&input)));
        child
    }

    /// Runs it to its end.
    pub fn run(self) -> Finished {
        let what = format!("{:?}", self.command);
        let mut child = self.start();
        let out = reader(child.stdout.take().unwrap());
        let err = reader(child.stderr.take().unwrap());
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > end {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{what} hangs\n{}\n{}", out.join().unwrap(), err.join().unwrap());
            }
            thread::sleep(POLL);
        };
        Finished { code: status.code(), out: out.join().unwrap(), err: err.join().unwrap(), what }
    }
}

impl Finished {
    /// It must have succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.code == Some(0), "{self:#?}");
        self
    }

    /// It must have failed.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code.is_some_and(|code| code != 0), "{self:#?}");
        self
    }

    /// It must have ended with this code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert!(self.code == Some(code), "{self:#?}");
        self
    }

    /// Both streams.
    pub fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

fn reader(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    })
}
