//! The backups that lie on the server: dumps (`data_provider.backups_path`) and sealed backups of the whole server
//! (`backup.directory`): which there are, making one now, fetching and removing one.
//!
//! A file is named by its kind and its bare name, and found by looking into the folder: no path comes from outside.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use bytes::Bytes;
use chrono::DateTime;
use entrepot_config::regular_file;
use entrepot_model::AdminPermission as P;
use entrepot_storage::private_file;

use super::{
    AdminSession,
    backup::{self, DumpOptions},
};
use crate::{Core, Error, Result};

/// Files that are looked at in a folder.
const MOST: usize = 10_000;
/// Bytes that are read of a file at once.
const PIECE: usize = 256 << 10;

/// What a backup is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupKind {
    /// Accounts, folders, rules and lists as JSON.
    Dump,
    /// The whole server, sealed with a passphrase.
    Sealed,
}

impl BackupKind {
    /// Both of them, with their names.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Dump, "dump"), (Self::Sealed, "sealed")];

    fn ending(self) -> &'static str {
        match self {
            Self::Dump => ".json",
            Self::Sealed => ".backup",
        }
    }

    fn folder(self, core: &Core) -> PathBuf {
        let settings = core.settings();
        match self {
            Self::Dump => core.data_directory().join(&settings.data_provider.backups_path),
            Self::Sealed => settings.resolve(&settings.backup.directory),
        }
    }
}

/// A backup on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupFile {
    /// What it is.
    pub kind: BackupKind,
    /// Name in its folder.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// When it was written, in Unix milliseconds.
    pub modified_at: i64,
}

/// How the timetable stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timetable {
    /// When the next backup is due, in Unix milliseconds; `None` without a timetable.
    pub next: Option<i64>,
    /// When this process last made one, or tried to.
    pub last: Option<i64>,
    /// Why that failed, in words for people.
    pub failure: Option<String>,
    /// There is a file with a passphrase: sealed backups can be made at all.
    pub can_seal: bool,
    /// Sealed backups that are kept; 0 is all.
    pub keep: u32,
}

/// Everything of [`list`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    /// The backups, the newest first.
    pub files: Vec<BackupFile>,
    /// The timetable; `None` where this process makes none.
    pub timetable: Option<Timetable>,
    /// Folders that cannot be read, with why.
    pub problems: Vec<(PathBuf, String)>,
}

/// The backups that exist, the newest first, and when the next one is due.
///
/// # Errors
/// `Denied` without `*`.
pub async fn list(core: &Core, session: &AdminSession) -> Result<Shelf> {
    session.require(P::Any)?;
    let folders = BackupKind::ALL.map(|(kind, _)| (kind, kind.folder(core)));
    let found = run(core, move || folders.map(|(kind, folder)| (look(kind, &folder), folder))).await?;
    let mut shelf = Shelf { files: Vec::new(), timetable: None, problems: Vec::new() };
    for (files, folder) in found {
        match files {
            Ok(files) => shelf.files.extend(files),
            Err(error) => shelf.problems.push((folder, error.to_string())),
        }
    }
    shelf.files.sort_by(|one, other| (other.modified_at, &other.name).cmp(&(one.modified_at, &one.name)));
    shelf.timetable = core.services().keeper().map(|keeper| keeper.timetable());
    Ok(shelf)
}

/// The files of a kind in its folder. A folder that is not there yet has none.
fn look(kind: BackupKind, folder: &Path) -> io::Result<Vec<BackupFile>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries.take(MOST) {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if !name.ends_with(kind.ending()) || name.starts_with('.') {
            continue;
        }
        // Of the entry itself: what a link leads to is no backup of ours.
        let Ok(metadata) = entry.metadata() else { continue };
        if !metadata.is_file() {
            continue;
        }
        let modified = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let modified_at = modified.and_then(|at| i64::try_from(at.as_millis()).ok()).unwrap_or(0);
        files.push(BackupFile { kind, name, size: metadata.len(), modified_at });
    }
    Ok(files)
}

/// Where the file of that name is, if it is one of the folder.
fn find(kind: BackupKind, folder: &Path, name: &str) -> io::Result<PathBuf> {
    let found = look(kind, folder)?.into_iter().find(|file| file.name == name);
    found.map(|file| folder.join(file.name)).ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Makes a dump now. Answers its name.
///
/// # Errors
/// As [`backup::dump_to_file`].
pub async fn make_dump(core: &Core, session: &AdminSession) -> Result<String> {
    let now = DateTime::from_timestamp_millis(core.clock().millis()).unwrap_or_default();
    let name = now.format("entrepot-%Y%m%d-%H%M%S.json").to_string();
    backup::dump_to_file(core, session, &DumpOptions::default(), &name).await?;
    tracing::info!(executor = session.username(), ip = %session.ip(), name, "an administrator made a dump");
    Ok(name)
}

/// Makes a sealed backup of the whole server now, as the timetable does; it counts as one of the timetable. Answers its name. It
/// goes on when whoever asked goes away.
///
/// # Errors
/// `Denied` without `*`; `Unsupported` where the process cannot; `Busy` while one is made; `Invalid` for `backup`, with what
/// failed in words for people.
pub async fn make_sealed(core: &Core, session: &AdminSession) -> Result<String> {
    session.require(P::Any)?;
    let keeper = core.services().keeper().ok_or(Error::Unsupported)?;
    tracing::info!(executor = session.username(), ip = %session.ip(), "an administrator asks for a backup");
    let work = async move { keeper.make().await };
    core.tasks().complete(work).await
}

/// A backup that is read.
pub struct Fetched {
    core: Core,
    file: Option<File>,
    /// Its size in bytes, of which no more is read.
    pub size: u64,
    left: u64,
}

impl Fetched {
    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// `Internal` when the file cannot be read, or has become shorter.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        if self.left == 0 {
            return Ok(None);
        }
        let length = usize::try_from(self.left).unwrap_or(PIECE).min(PIECE);
        let Some(mut file) = self.file.take() else { return Ok(None) };
        let read = move || {
            let mut piece = vec![0; length];
            file.read_exact(&mut piece).map(|()| (file, Bytes::from(piece)))
        };
        let read = run(&self.core, read).await?;
        let (file, piece) = read.map_err(|error| Error::internal("reading a backup", error))?;
        self.file = Some(file);
        self.left -= piece.len() as u64;
        Ok(Some(piece))
    }
}

/// Opens a backup for reading.
///
/// # Errors
/// `Denied` without `*`; `NotFound` for what is no backup of the folder; `Internal` when it cannot be read.
pub async fn fetch(core: &Core, session: &AdminSession, kind: BackupKind, name: &str) -> Result<Fetched> {
    session.require(P::Any)?;
    let (folder, wanted) = (kind.folder(core), name.to_owned());
    let open = move || {
        let file = regular_file::open(&find(kind, &folder, &wanted)?)?;
        let size = file.metadata()?.len();
        io::Result::Ok((file, size))
    };
    let (file, size) = run(core, open).await?.map_err(unreadable)?;
    tracing::info!(executor = session.username(), ip = %session.ip(), name, "an administrator fetches a backup");
    Ok(Fetched { core: core.clone(), file: Some(file), size, left: size })
}

/// Removes a backup, for good.
///
/// # Errors
/// As [`fetch`].
pub async fn remove(core: &Core, session: &AdminSession, kind: BackupKind, name: &str) -> Result<()> {
    session.require(P::Any)?;
    let (folder, wanted) = (kind.folder(core), name.to_owned());
    run(core, move || private_file::remove(&find(kind, &folder, &wanted)?)).await?.map_err(unreadable)?;
    tracing::warn!(executor = session.username(), ip = %session.ip(), name, "an administrator removed a backup");
    Ok(())
}

fn unreadable(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidInput => Error::NotFound,
        _ => Error::internal("files of backups", error),
    }
}

async fn run<T: Send + 'static>(core: &Core, job: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    core.tasks().storage().run(job).await.map_err(|error| Error::internal("files of backups", error))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files of the test")]
mod tests {
    use super::*;

    // UI-244: names come from the folder only, and what is no backup is not touched.
    #[test]
    fn only_backups_of_the_folder_are_found() {
        let folder = tempfile::tempdir().expect("folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["a.json", "b.backup", ".hidden.json", "secret.key"] {
            fs::write(at(name), "x").expect("written");
        }
        fs::create_dir(at("dir.json")).expect("directory");
        fs::write(at("dir.json").join("deep.json"), "x").expect("written");
        std::os::unix::fs::symlink(at("secret.key"), at("link.json")).expect("link");
        let names = |kind| look(kind, folder.path()).expect("read").into_iter().map(|file| file.name).collect::<Vec<_>>();
        assert_eq!((names(BackupKind::Dump), names(BackupKind::Sealed)), (vec!["a.json".into()], vec!["b.backup".into()]));
        assert_eq!(find(BackupKind::Dump, folder.path(), "a.json").expect("found"), at("a.json"));
        for name in ["", ".", "..", "b.backup", "link.json", "dir.json", "dir.json/deep.json", "../a.json", "/a.json", "a.json\0"]
        {
            assert!(find(BackupKind::Dump, folder.path(), name).is_err(), "{name:?}");
        }
        assert!(look(BackupKind::Dump, &at("nothing")).expect("not there yet").is_empty());
        assert!(look(BackupKind::Dump, &at("a.json")).is_err());
    }
}
