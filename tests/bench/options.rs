//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Compares Entrepot's SFTP server with OpenSSH's on this machine, in one run.
#[derive(Parser, Debug)]
#[command(name = "entrepot-bench", version)]
pub struct Options {
    /// 256 MiB and 2 rounds, fewer logins
    #[arg(long)]
    pub quick: bool,
    /// Only scenarios with this name, or whose name starts so (may be given several times)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Interleaved rounds [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: Option<u32>,
    /// Size of the big file [default: 1024]
    #[arg(long, value_name = "MiB", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub size: Option<u64>,
    /// Writes all samples to this file, too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// A built entrepot binary [default: builds this checkout's release binary]
    #[arg(long, value_name = "PATH")]
    pub entrepot: Option<PathBuf>,
    /// The OpenSSH server [default: where distributions put it]
    #[arg(long, value_name = "PATH")]
    pub sshd: Option<PathBuf>,
    /// What is compared with OpenSSH; a second sshd shows the noise of the machine
    #[arg(long, value_enum, default_value_t = Subject::Entrepot)]
    pub subject: Subject,
    /// Folder for the files; it should lie in memory
    #[arg(long, value_name = "PATH", default_value = "/dev/shm")]
    pub folder: PathBuf,
    /// Lists the scenarios and ends
    #[arg(long)]
    pub list: bool,
}

/// The server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// Entrepot.
    Entrepot,
    /// A second sshd: every ratio should be 1.
    Sshd,
}

impl Options {
    /// Interleaved rounds; scenarios that are cheap to repeat take a multiple of this.
    pub fn rounds(&self) -> usize {
        self.rounds.map_or(if self.quick { 2 } else { 3 }, |n| n as usize)
    }

    /// Bytes of the big file.
    pub fn size(&self) -> u64 {
        self.size.unwrap_or(if self.quick { 256 } else { 1024 }) << 20
    }

    /// Logins per sample.
    pub fn logins(&self) -> usize {
        if self.quick { 80 } else { 200 }
    }

    /// True if the scenario was asked for.
    pub fn wants(&self, scenario: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| scenario.starts_with(name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Options::command().debug_assert();
        let options = Options::parse_from(["entrepot-bench", "--only", "cipher", "--quick"]);
        assert!(options.wants("cipher-aes128-gcm") && !options.wants("small"));
        assert_eq!((options.size(), options.rounds()), (256 << 20, 2));
    }
}
