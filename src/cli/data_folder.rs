//! The data folder and the small files in it that are for people and for other processes of ours.

use std::{
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, AtFlags, CWD, accessat},
    io::Errno,
    process::geteuid,
};
use serde_json::json;

use crate::{exit, exit::Failure, version};

/// The data folder; its path is absolute.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder at `path`, relative to the working directory. Nothing is made yet.
    pub(crate) fn at(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)
            .map_err(|error| Failure::with_code(exit::DATA, format!("cannot use the data folder {}: {error}", path.display())))?;
        Ok(Self(path))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it, for its owner only, if it is missing; one that exists keeps its mode.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(|error| {
            let path = self.0.display();
            Failure::with_code(exit::DATA, format!("cannot make the data folder {path}: {error}; choose another with --data-dir"))
        })?;
        self.check_access()
    }

    /// Whether this account may write there: said here, before the log and the database fail each in its own way.
    fn check_access(&self) -> anyhow::Result<()> {
        let needed = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        let Err(error) = accessat(CWD, &self.0, needed, AtFlags::EACCESS) else { return Ok(()) };
        let (path, own) = (self.0.display(), geteuid().as_raw());
        let message = match (error, fs::metadata(&self.0)) {
            (Errno::ROFS, _) => format!(
                "the data folder {path} lies on a file system that is mounted read-only: mount it writable, or choose another \
                 folder with --data-dir"
            ),
            (_, Ok(found)) => format!(
                "the data folder {path} belongs to account {} (mode {:o}), and this program runs as account {own}, which may \
                 not write there: start it as that account, or give the folder away: chown -R {own} {path}",
                found.uid(),
                found.mode() & 0o7777
            ),
            (error, Err(_)) => format!("cannot use the data folder {path}: {error}; choose another with --data-dir"),
        };
        Err(Failure::with_code(exit::DATA, message))
    }

    /// Whether others than the owner can look into it.
    pub(crate) fn is_open_to_others(&self) -> bool {
        fs::metadata(&self.0).is_ok_and(|found| found.permissions().mode() & 0o007 != 0)
    }

    /// The file that says where a running server can be reached.
    fn ready_file(&self) -> PathBuf {
        self.0.join("ready.json")
    }

    /// The file with the link of the first start.
    pub(crate) fn setup_file(&self) -> PathBuf {
        self.0.join("setup-url")
    }

    /// Says that every listener accepts.
    pub(crate) fn write_ready(&self, ready: &Ready) -> io::Result<()> {
        let text = json!({
            "pid": std::process::id(),
            "sftp": ready.sftp.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "http": ready.http,
            "telemetry": ready.telemetry,
            "version": version::text(),
        });
        write_private(&self.ready_file(), format!("{text}\n").as_bytes())
    }

    /// What a running server said when it was ready, or one that died left behind.
    pub(crate) fn read_ready(&self) -> Option<serde_json::Value> {
        serde_json::from_str(&fs::read_to_string(self.ready_file()).ok()?).ok()
    }

    /// Removes what [`DataFolder::write_ready`] wrote. Only who holds the lock of the database may.
    pub(crate) fn remove_ready(&self) {
        let _ = fs::remove_file(self.ready_file());
    }

    /// Writes the link of the first start, for the owner's eyes only.
    pub(crate) fn write_setup_url(&self, url: &str) -> io::Result<()> {
        write_private(&self.setup_file(), format!("{url}\n").as_bytes())
    }

    /// Removes the link: it works no more.
    pub(crate) fn remove_setup_url(&self) {
        let _ = fs::remove_file(self.setup_file());
    }
}

/// Where a server can be reached.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ready {
    /// Listeners of SFTP.
    pub(crate) sftp: Vec<SocketAddr>,
    /// Base URLs of the web listeners.
    pub(crate) http: Vec<String>,
    /// Base URL of telemetry, if it is on.
    pub(crate) telemetry: Option<String>,
}

/// Writes beside the target and renames: who reads sees the old file or the new one, never half. Mode 0600.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(content)?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_files_are_for_their_owner_only() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        let folder = DataFolder::at(&temporary.path().join("a/data")).expect("a path");
        folder.create().expect("made");
        folder.create().expect("it may exist");
        assert!(!folder.is_open_to_others());
        folder.write_setup_url("https://localhost/setup/x").expect("written");
        folder.write_setup_url("https://localhost/setup/y").expect("replaced");
        let mode = fs::metadata(folder.setup_file()).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_to_string(folder.setup_file()).expect("readable"), "https://localhost/setup/y\n");
    }

    #[test]
    fn ready_file_names_process_and_listeners() {
        let temporary = tempfile::tempdir().expect("temporary folder");
        let folder = DataFolder::at(temporary.path()).expect("a path");
        let ready = Ready {
            sftp: vec!["127.0.0.1:2022".parse().expect("address")],
            http: vec!["https://127.0.0.1:8443".into()],
            telemetry: None,
        };
        folder.write_ready(&ready).expect("written");
        let read = folder.read_ready().expect("readable");
        assert_eq!(read["pid"], std::process::id());
        assert_eq!(read["sftp"][0], "127.0.0.1:2022");
        assert_eq!(read["http"][0], "https://127.0.0.1:8443");
        folder.remove_ready();
        assert!(folder.read_ready().is_none());
    }
}
