//! Files of the server itself that are for its own account only: backups. A file is written beside its name and renamed
//! when it is complete.

#![allow(clippy::disallowed_methods, reason = "the files of backups are made and read here")]

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

/// Begin of the names of files that are not complete.
const STAGED: &str = ".entrepot-";

/// A file that is being written. Clones are handles of the same file; if the last is dropped without
/// [`Writer::finish`], nothing of it stays.
#[derive(Debug, Clone)]
pub struct Writer(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    file: File,
    staged: PathBuf,
    target: PathBuf,
    is_finished: bool,
}

impl Writer {
    /// Begins a file, mode 0600. Missing folders above it are made, mode 0700. It blocks, as the other functions here.
    ///
    /// # Errors
    /// Those of the system; `target` must not be a folder.
    pub fn create(target: &Path) -> io::Result<Self> {
        let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
            return Err(io::ErrorKind::InvalidFilename.into());
        };
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        if fs::symlink_metadata(target).is_ok_and(|found| found.is_dir()) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mut staged = std::ffi::OsString::from(STAGED);
        staged.push(name);
        staged.push(format!(".{}", std::process::id()));
        let staged = folder.join(staged);
        match fs::remove_file(&staged) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&staged)?;
        Ok(Self(Arc::new(Mutex::new(State { file, staged, target: target.to_owned(), is_finished: false }))))
    }

    /// Adds to the file.
    ///
    /// # Errors
    /// Those of the system.
    pub fn write(&self, piece: &[u8]) -> io::Result<()> {
        self.0.lock().file.write_all(piece)
    }

    /// Bytes that are free where the file lies.
    ///
    /// # Errors
    /// Those of the system.
    pub fn free(&self) -> io::Result<u64> {
        let space = rustix::fs::fstatvfs(&self.0.lock().file)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    /// Brings the file to the disk and puts it in its place, where it replaces another.
    ///
    /// # Errors
    /// Those of the system.
    pub fn finish(&self) -> io::Result<()> {
        self.put(|staged, target| fs::rename(staged, target))
    }

    /// The same, but nothing is replaced.
    ///
    /// # Errors
    /// `AlreadyExists`, and those of the system.
    pub fn finish_new(&self) -> io::Result<()> {
        self.put(rename_new)
    }

    fn put(&self, rename: impl FnOnce(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
        let mut state = self.0.lock();
        state.file.sync_all()?;
        rename(&state.staged, &state.target)?;
        state.is_finished = true;
        match state.target.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// Renames, unless there is something under the new name.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::{
        fs::{CWD, RenameFlags, renameat_with},
        io::Errno,
    };
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems of networks and of user space cannot do it in one step.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) if fs::symlink_metadata(to).is_ok() => {
            Err(io::ErrorKind::AlreadyExists.into())
        }
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.staged);
        }
    }
}

/// Removes a file of the kind; one that is not there is no mistake.
///
/// # Errors
/// Those of the system.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the files of a folder whose names begin with `prefix`, complete or not, as far as that is possible: what a process
/// that was killed left behind. Only who knows that no other writes any may.
pub fn remove_all(folder: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_one = name.starts_with(prefix) || name.strip_prefix(STAGED).is_some_and(|name| name.starts_with(prefix));
        if is_one && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    // API-086
    #[test]
    fn file_and_folders_are_for_their_owner_and_complete_or_not_there() {
        let folder = tempfile::tempdir().expect("folder");
        let target = folder.path().join("a/b/backup.json");
        let writer = Writer::create(&target).expect("begun");
        writer.write(b"half").expect("written");
        drop(writer);
        assert_eq!(fs::read_dir(target.parent().expect("parent")).expect("there").count(), 0);
        for text in ["first", "second"] {
            let writer = Writer::create(&target).expect("begun");
            writer.write(text.as_bytes()).expect("written");
            writer.finish().expect("finished");
            assert_eq!(fs::read(&target).expect("readable"), text.as_bytes());
        }
        let writer = Writer::create(&target).expect("begun");
        writer.write(b"third").expect("written");
        assert_eq!(writer.finish_new().map_err(|error| error.kind()), Err(io::ErrorKind::AlreadyExists));
        drop(writer);
        assert_eq!(fs::read(&target).expect("readable"), b"second");
        assert_eq!(fs::read_dir(target.parent().expect("parent")).expect("there").count(), 1);
        assert_eq!((mode(&target), mode(&folder.path().join("a")), mode(&folder.path().join("a/b"))), (0o600, 0o700, 0o700));
        assert!(Writer::create(&folder.path().join("a/b")).is_err());
    }

    // UI-202
    #[test]
    fn what_was_left_behind_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().expect("folder");
        for name in [".entrepot-brought-a", ".entrepot-.entrepot-brought-b.17", ".entrepot-other", "brought"] {
            fs::write(folder.path().join(name), b"x").expect("written");
        }
        fs::create_dir(folder.path().join(".entrepot-brought-folder")).expect("made");
        remove_all(folder.path(), ".entrepot-brought-");
        let entries = fs::read_dir(folder.path()).expect("there");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("entry").file_name().into_string().expect("text")).collect();
        names.sort();
        assert_eq!(names, [".entrepot-brought-folder", ".entrepot-other", "brought"]);
        remove_all(&folder.path().join("nowhere"), "x");
    }

    // UI-202
    #[test]
    fn free_space_is_that_of_the_folder() {
        let folder = tempfile::tempdir().expect("folder");
        assert!(Writer::create(&folder.path().join("x")).expect("begun").free().expect("answer") > 0);
    }
}
