//! OpenSSH's own `sftp`, without any option that changes how it transfers. It is driven through its
//! standard input, so that logging in is not part of what is measured.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::client::Target;

/// A logged-in `sftp` process.
pub struct SftpProgram {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl SftpProgram {
    /// Starts `sftp` and waits until it is logged in.
    pub fn login(target: &Target) -> Result<Self> {
        let mut child = Command::new("sftp")
            .args(["-F", "/dev/null", "-b", "-", "-P", &target.port.to_string()])
            .args(["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
            .args(["-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes", "-i"])
            .arg(&target.key_file)
            .arg(format!("{}@127.0.0.1", target.user))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("sftp (package openssh-client)")?;
        let input = child.stdin.take().context("standard input")?;
        let output = BufReader::new(child.stdout.take().context("standard output")?);
        let mut program = Self { child, input, output };
        program.synchronize()?;
        Ok(program)
    }

    /// Runs one command to its end. In batch mode `sftp` ends if it fails.
    pub fn run(&mut self, command: &str) -> Result<()> {
        writeln!(self.input, "{command}")?;
        self.synchronize().with_context(|| format!("sftp: {command}"))
    }

    /// `pwd` is answered when everything before it is done.
    fn synchronize(&mut self) -> Result<()> {
        writeln!(self.input, "pwd")?;
        self.input.flush()?;
        let mut line = String::new();
        loop {
            line.clear();
            if self.output.read_line(&mut line)? == 0 {
                bail!("sftp ended: {}", self.child.wait()?);
            }
            if line.starts_with("Remote working directory") {
                return Ok(());
            }
        }
    }

    /// Ends the program in good order.
    pub fn close(self) -> Result<()> {
        let Self { mut child, input, .. } = self;
        drop(input);
        let status = child.wait()?;
        ensure!(status.success(), "sftp: {status}");
        Ok(())
    }
}
