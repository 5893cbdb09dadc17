//! The folder that a backend is confined to, held open.

use std::{
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::RwLock;
use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, fstat, open},
};

use crate::{
    Error, ErrorKind, Identity, Owner, Result, RootUse,
    system::{FileClass, chmod, give, metadata},
};

/// Where `path` really is, links followed, as far as it exists; the rest stays as it is. Blocks.
pub fn real_path(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut known = path;
    loop {
        if let Ok(real) = known.canonicalize() {
            return rest.into_iter().rev().fold(real, |real, name| real.join(name));
        }
        match (known.parent(), known.file_name()) {
            (Some(parent), Some(name)) => {
                rest.push(name);
                known = parent;
            }
            // It ends in `..`, or there is nothing of it.
            _ => return path.to_owned(),
        }
    }
}

/// An open root.
pub(crate) struct Held {
    fd: OwnedFd,
    identity: Option<Identity>,
    class: FileClass,
    assume_slow: bool,
}

impl AsFd for Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Held {
    fn open(path: &Path, assume_slow: bool) -> Result<Self> {
        let fd = open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let identity = metadata(&fstat(&fd)?).identity;
        let class = if assume_slow { FileClass::Slow } else { FileClass::of(&fd) };
        Ok(Self { fd, identity, class, assume_slow })
    }

    /// Class of a file on `device`, asked of the file only if it lies on another file system than the root.
    pub(crate) fn class_of(&self, fd: impl AsFd, identity: Option<Identity>) -> FileClass {
        match (self.identity, identity) {
            _ if self.assume_slow => FileClass::Slow,
            (Some(root), Some(file)) if root.device == file.device => self.class,
            _ => FileClass::of(fd),
        }
    }

    /// Whether the folder was removed; its descriptor then finds nothing for ever.
    fn is_gone(&self) -> bool {
        fstat(&self.fd).map_or(true, |stat| stat.st_nlink == 0)
    }
}

/// A folder that is opened when it is first needed, and again when another took its place.
pub(crate) struct Root {
    path: PathBuf,
    assume_slow: bool,
    held: RwLock<Option<Arc<Held>>>,
}

impl Root {
    pub(crate) fn new(path: PathBuf, assume_slow: bool) -> Self {
        Self { path, assume_slow, held: RwLock::new(None) }
    }

    /// Whether calls may be made where nothing waits. `false` while the root was never opened.
    pub(crate) fn is_fast(&self) -> bool {
        self.held.read().as_ref().is_some_and(|held| held.class.is_fast())
    }

    fn held(&self) -> Result<Arc<Held>> {
        if let Some(held) = self.held.read().as_ref() {
            return Ok(Arc::clone(held));
        }
        self.reopen()
    }

    fn reopen(&self) -> Result<Arc<Held>> {
        let opened = Arc::new(Held::open(&self.path, self.assume_slow)?);
        *self.held.write() = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Makes a call beneath the root; once more, if it found nothing because the root was removed and made anew.
    pub(crate) fn with<T>(&self, call: impl Fn(&Arc<Held>) -> Result<T>) -> Result<T> {
        let held = self.held()?;
        match call(&held) {
            Err(error) if error.is(ErrorKind::NotFound) && held.is_gone() => call(&self.reopen()?),
            other => other,
        }
    }

    fn is_absolute(&self) -> Result<()> {
        if self.path.is_absolute() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Unsupported, "the root of a local storage must be an absolute path"))
    }

    /// Whether [`Root::check`] would do, and this process may use what is there; nothing is made. Whoever makes a root may use
    /// it.
    pub(crate) fn look(&self, wanted: RootUse) -> Result<()> {
        self.is_absolute()?;
        match Held::open(&self.path, self.assume_slow) {
            Err(error) if error.is(ErrorKind::NotFound) => could_make(&self.path),
            Err(error) => Err(error),
            Ok(_) => match wanted {
                RootUse::Open => Ok(()),
                RootUse::Read => may(&self.path, Access::READ_OK | Access::EXEC_OK),
                RootUse::Change => may(&self.path, Access::WRITE_OK | Access::EXEC_OK),
            },
        }
    }

    /// Opens the root, makes it if it is missing (LOC-001), and sees whether another folder has its name now.
    pub(crate) fn check(&self, owner: Owner, umask: Option<u32>) -> Result<()> {
        self.is_absolute()?;
        let opened = match Held::open(&self.path, self.assume_slow) {
            Err(error) if error.is(ErrorKind::NotFound) => {
                make(&self.path, owner, umask)?;
                Held::open(&self.path, self.assume_slow)?
            }
            other => other?,
        };
        let mut held = self.held.write();
        if held.as_ref().is_none_or(|held| held.identity != opened.identity) {
            *held = Some(Arc::new(opened));
        }
        Ok(())
    }
}

/// Whether this process may do that, as the account that opens files.
fn may(path: &Path, wanted: Access) -> Result<()> {
    Ok(accessat(CWD, path, wanted, AtFlags::EACCESS)?)
}

/// Whether a root could be made below the nearest thing that is there.
fn could_make(path: &Path) -> Result<()> {
    match path.ancestors().skip(1).find(|above| above.symlink_metadata().is_ok()) {
        Some(above) if above.is_dir() => may(above, Access::WRITE_OK | Access::EXEC_OK),
        Some(above) => Err(Error::new(ErrorKind::NotDirectory, format!("{} is no folder", above.display()))),
        None => Err(Error::new(ErrorKind::NotFound, "there is no folder above it")),
    }
}

/// Makes a root and its parents. Owner and umask are those of the root, its parents belong to the administrator.
fn make(path: &Path, owner: Owner, umask: Option<u32>) -> Result<()> {
    let mode = 0o777 & !umask.unwrap_or(0);
    if let Some(parent) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o777).create(parent)?;
    }
    match DirBuilder::new().mode(mode).create(path) {
        // Two sessions of one user begin at the same time.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        other => other?,
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
    if umask.is_some() {
        chmod(&fd, mode)?;
    }
    give(&fd, owner);
    Ok(())
}
