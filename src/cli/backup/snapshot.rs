//! A folder in the data folder with copies of what belongs into a backup.
//!
//! The data folder belongs to the account of the server, and root runs commands in it: nothing below is believed to be where
//! it was. A folder is taken by its name alone, held open, and read without following links.

use std::{
    fs::{self, File},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    },
    path::{Component, Path, PathBuf},
    time::{Duration, SystemTime},
};

use entrepot_secrets::random_alphanumeric;
use entrepot_store::Copies;
use rustix::fs::{Mode, OFlags, openat};

use super::{archive, contents::Contents};

/// Begin of the names of such folders.
pub(super) const PREFIX: &str = ".entrepot-snapshot-";
/// Copies that are older were left behind by a command that was killed.
pub(super) const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);
/// Copies of files, in the folder.
const FILES: &str = "files";

/// Copies that go when this does.
#[derive(Debug)]
pub(super) struct Snapshot {
    folder: PathBuf,
    handle: OwnedFd,
}

impl Snapshot {
    /// A new, empty folder; those that were forgotten are removed.
    pub(super) fn make(data: &Path) -> io::Result<Self> {
        remove_forgotten(data, FORGOTTEN);
        let name = format!("{PREFIX}{}", random_alphanumeric(12));
        fs::DirBuilder::new().mode(0o700).create(data.join(&name))?;
        Self::adopt(data, &name)
    }

    /// The folder of this name, which another process made.
    ///
    /// # Errors
    /// It is not of our names, or no folder.
    pub(super) fn adopt(data: &Path, name: &str) -> io::Result<Self> {
        let is_one_name = Path::new(name).components().eq([Component::Normal(name.as_ref())]);
        if !is_one_name || !name.starts_with(PREFIX) {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let parent = rustix::fs::open(data, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = openat(parent, name, flags, Mode::empty())?;
        Ok(Self { folder: data.join(name), handle })
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The databases in it, relative to it.
    pub(super) fn databases() -> Copies {
        Copies { main: "main".into(), events: "events".into() }
    }

    /// Opens a regular file below the folder. No part of its path may be a link.
    ///
    /// # Errors
    /// Those of the system; a path that leads out.
    pub(super) fn open(&self, below: &Path) -> io::Result<File> {
        let mut found = self.handle.try_clone()?;
        let mut parts = below.components().peekable();
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else { return Err(io::ErrorKind::InvalidFilename.into()) };
            // A pipe must not hold the command until somebody writes to it.
            let kind = if parts.peek().is_some() { OFlags::PATH | OFlags::DIRECTORY } else { OFlags::NONBLOCK };
            found = openat(&found, name, kind | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        }
        let file = File::from(found);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Copies the files, too, for a process that trusts no other place: `contents` then says where they lie in the folder.
    ///
    /// # Errors
    /// One cannot be read or written.
    pub(super) fn take_files(&self, contents: &mut Contents) -> anyhow::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(self.folder.join(FILES))?;
        for (number, member) in contents.members.iter_mut().enumerate() {
            let content = archive::read_whole(&member.source, File::open(&member.source))?;
            let below = Path::new(FILES).join(number.to_string());
            let mut copy = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.folder.join(&below))?;
            io::copy(&mut content.as_slice(), &mut copy)?;
            member.source = below;
        }
        Ok(())
    }

    /// Leaves the folder to whoever is told its name.
    pub(super) fn hand_over(mut self) -> String {
        let folder = std::mem::take(&mut self.folder);
        folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if !self.folder.as_os_str().is_empty() {
            // It follows no link, neither that of the last name nor below it.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Removes copies that nobody will read any more.
pub(super) fn remove_forgotten(data: &Path, age: Duration) {
    for entry in fs::read_dir(data).into_iter().flatten().filter_map(Result::ok) {
        let is_snapshot = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let changed = entry.metadata().and_then(|found| found.modified());
        let is_old = changed.is_ok_and(|changed| SystemTime::now().duration_since(changed).is_ok_and(|old| old >= age));
        if is_snapshot && is_old {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    // BKP-007
    #[test]
    fn nothing_outside_of_the_folder_is_read_or_removed() {
        let (data, elsewhere) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        let secret = elsewhere.path().join("secret");
        fs::write(&secret, "secret").expect("written");
        let path = elsewhere.path().to_str().expect("a path");
        symlink(elsewhere.path(), data.path().join(format!("{PREFIX}link"))).expect("linked");
        fs::create_dir(data.path().join("homes")).expect("made");
        for name in [path, "", "..", "homes", &format!("{PREFIX}x/../homes"), &format!("{PREFIX}link"), &format!("{PREFIX}none")]
        {
            Snapshot::adopt(data.path(), name).expect_err(name);
        }
        assert!(secret.exists() && data.path().join("homes").exists());

        let snapshot = Snapshot::make(data.path()).expect("made");
        symlink(&secret, snapshot.folder().join("file")).expect("linked");
        symlink(elsewhere.path(), snapshot.folder().join("folder")).expect("linked");
        fs::write(snapshot.folder().join("main"), "x").expect("written");
        snapshot.open(Path::new("main")).expect("a file");
        for below in [secret.as_path(), Path::new("file"), Path::new("folder/secret"), Path::new("../homes"), Path::new("")] {
            snapshot.open(below).expect_err("it leads out");
        }
        let folder = snapshot.folder().to_owned();
        drop(snapshot);
        assert!(!folder.exists() && secret.exists());
    }
}
