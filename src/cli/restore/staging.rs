//! Laying what is in a backup ready, beside the data.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use entrepot_secrets::Sensitive;
use entrepot_store::{Copies, judge_copies, move_homes};

use super::aside::{self, Ground, Laid};
use crate::{
    backup::{
        self,
        archive::{self, Manifest, Place},
    },
    data_folder::DataFolder,
    exit::{self, Failure},
};

/// Begin of the names of what a backup or a restore makes in a data folder.
pub(super) const PREFIX: &str = ".entrepot-";
/// What is complete and shall take its place.
const READY: &str = ".entrepot-restore";
/// What is being laid ready.
pub(super) const PART: &str = ".entrepot-restore.part";
/// Says that some of it may have been moved.
const BEGUN: &str = "begun";
/// The manifest in the folder.
const MANIFEST: &str = "manifest.json";

/// A backup that lies ready.
pub(super) struct Staged(PathBuf);

impl Staged {
    /// The one in this data folder, if there is one.
    pub(super) fn find(folder: &DataFolder) -> Option<Self> {
        let path = folder.path().join(READY);
        path.is_dir().then_some(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The databases in it.
    pub(super) fn copies(&self) -> Copies {
        copies(&self.0)
    }

    /// Files that belong into the data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    /// Files that lay elsewhere.
    pub(super) fn outside(&self) -> PathBuf {
        self.0.join("outside")
    }

    /// Whether some of it may have been moved.
    pub(super) fn has_begun(&self) -> bool {
        self.0.join(BEGUN).exists()
    }

    /// Notes that it is going to be moved.
    pub(super) fn begin(&self) -> io::Result<()> {
        File::create(self.0.join(BEGUN))?.sync_all()?;
        File::open(&self.0)?.sync_all()
    }

    /// Name of the main database in the data folder.
    pub(super) fn database(&self) -> anyhow::Result<String> {
        let text = fs::read(self.0.join(MANIFEST)).context("reading what a restore laid ready")?;
        let manifest: Manifest = serde_json::from_slice(&text).context("reading what a restore laid ready")?;
        Ok(manifest.database)
    }
}

/// Both databases in a folder.
fn copies(stage: &Path) -> Copies {
    Copies { main: stage.join("database/main"), events: stage.join("database/events") }
}

/// Verifies the file as a whole, then lays its content ready. When this answers, the restore has taken effect, but for the
/// last steps of [`super::takeover::finish`]. The notes of the manifest then also say what was changed.
///
/// # Errors
/// A file or a passphrase that is wrong, a database that this program cannot use, a full disk, another restore, settings with
/// which the server would not start where it has to start at once. Nothing has changed then.
pub(super) fn stage(
    folder: &DataFolder,
    file: &Path,
    passphrase: &Sensitive<String>,
    ground: &Ground,
) -> anyhow::Result<Manifest> {
    let _alone = alone(folder)?;
    // Once to its end without writing anything: what was altered at its end must not be half restored.
    backup::check(file, passphrase)?;
    let part = folder.path().join(PART);
    remove(&part).map_err(|error| unwritable(&part, &error))?;
    let laid = lay(&part, file, passphrase).and_then(|mut manifest| {
        judge(&part)?;
        manifest.notes.extend(adapt(&part, &manifest, folder)?);
        let (data, copies, scratch) = (part.join("data"), copies(&part), part.join("scratch"));
        manifest.notes.extend(aside::adapt(folder, ground, &Laid { data: &data, copies: &copies, scratch: &scratch })?);
        Ok(manifest)
    });
    let ready = folder.path().join(READY);
    let manifest = laid.and_then(|manifest| {
        give(&part, folder.path())?;
        sync(&part).and_then(|()| fs::rename(&part, &ready)).map_err(|error| unwritable(&ready, &error))?;
        File::open(folder.path()).and_then(|folder| folder.sync_all()).map_err(|error| unwritable(folder.path(), &error))?;
        Ok(manifest)
    });
    if manifest.is_err() {
        let _ = remove(&part);
    }
    manifest
}

/// Two restores would lay their files into one folder: the second one is refused.
fn alone(folder: &DataFolder) -> anyhow::Result<File> {
    let refused = |what: &str| Failure::with_code(exit::DATA, format!("{}: {what}", folder.path().display()));
    let handle = File::open(folder.path()).map_err(|error| refused(&error.to_string()))?;
    match handle.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(refused("another restore into this folder is running")),
        Err(TryLockError::Error(error)) => return Err(refused(&format!("it cannot be locked: {error}"))),
    }
    if folder.path().join(READY).exists() {
        return Err(refused("a restore lies ready already, and is finished when the server starts"));
    }
    Ok(handle)
}

/// Homes in the data folder of then lie in this one now: a server that is restored beside another must not serve its files.
/// Answers what somebody should know of it.
fn adapt(part: &Path, manifest: &Manifest, folder: &DataFolder) -> anyhow::Result<Option<String>> {
    let (then, now) = (manifest.data_dir.as_str(), folder.path().to_string_lossy());
    if then.trim_end_matches('/').is_empty() || then == now {
        return Ok(None);
    }
    let moved = move_homes(&copies(part), then, &now)?;
    let note = format!(
        "homes and folders of users that lay in {then} lie in {now} now ({moved} accounts and folders): files of users are not in \
         a backup, copy them there"
    );
    Ok((moved > 0).then_some(note))
}

/// Removes what an interrupted restore left.
pub(super) fn tidy(folder: &DataFolder) {
    let _ = remove(&folder.path().join(PART));
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn lay(part: &Path, file: &Path, passphrase: &Sensitive<String>) -> anyhow::Result<Manifest> {
    let manifest = archive::read(backup::open(file)?, passphrase, |_, place, length, content| {
        let target = match place {
            Place::MainDatabase => copies(part).main,
            Place::EventsDatabase => copies(part).events,
            Place::Data(path) => part.join("data").join(path),
            Place::Outside(path) => part.join("outside").join(path),
        };
        put(&target, length, content)
    })?;
    let text = serde_json::to_vec_pretty(&manifest)?;
    put(&part.join(MANIFEST), text.len() as u64, &mut text.as_slice())?;
    Ok(manifest)
}

/// Writes a new file, mode 0600, and the folders above it.
fn put(target: &Path, length: u64, content: &mut dyn Read) -> anyhow::Result<()> {
    let parent = target.parent().unwrap_or(target);
    DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(|error| unwritable(parent, &error))?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    let mut file = made.map_err(|error| unwritable(target, &error))?;
    let written = io::copy(content, &mut file).and_then(|written| file.sync_all().map(|()| written));
    let written = written.map_err(|error| unwritable(target, &error))?;
    if written != length {
        return Err(Failure::with_code(exit::DATA, "the backup cannot be used: a file in it is not whole"));
    }
    Ok(())
}

/// The databases must be such that the server would start with them.
fn judge(part: &Path) -> anyhow::Result<()> {
    let copies = copies(part);
    judge_copies(&copies)?;
    // The engine may have left its own files beside them.
    for copy in [&copies.main, &copies.events] {
        for suffix in ["-wal", "-shm"] {
            let mut name = copy.clone().into_os_string();
            name.push(suffix);
            let _ = fs::remove_file(name);
        }
    }
    Ok(())
}

/// Root restores for the account whose folder it is.
fn give(path: &Path, folder: &Path) -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = fs::metadata(folder).with_context(|| folder.display().to_string())?;
    walk(path, &mut |path| std::os::unix::fs::lchown(path, Some(owner.uid()), Some(owner.gid())))
        .map_err(|error| unwritable(path, &error))
}

/// The same for a file that is open, whatever its name has become meanwhile.
pub(super) fn give_file(file: &File, folder: &Path) -> anyhow::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = fs::metadata(folder).with_context(|| folder.display().to_string())?;
    Ok(std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()))?)
}

/// Brings the names to the disk: files were synced when they were written.
fn sync(path: &Path) -> io::Result<()> {
    walk(path, &mut |path| if path.is_dir() { File::open(path)?.sync_all() } else { Ok(()) })
}

fn walk(path: &Path, visit: &mut impl FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            walk(&entry?.path(), visit)?;
        }
    }
    visit(path)
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> anyhow::Error {
    let message = match error.kind() {
        io::ErrorKind::StorageFull => "no space is left on the disk of the data folder; nothing was restored".to_owned(),
        _ => format!("{} cannot be written: {error}", path.display()),
    };
    Failure::with_code(exit::DATA, message)
}
