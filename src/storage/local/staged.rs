//! Uploads under a hidden name beside their target: written, then renamed (decisions on uploads: a short file never gets
//! the final name).

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use rustix::{
    fd::AsFd,
    fs::{AtFlags, Mode, OFlags, fdatasync, fstat, fsync, openat, statat, unlinkat},
    io::Errno,
};
use tokio::sync::Semaphore;

use super::{BULKY, Directory, HIDDEN_PREFIX, Held, Inner, LocalFile, rename::move_entry, whole};
use crate::{
    Attributes, CommitOptions, Durability, Error, ErrorKind, Metadata, Partial, ReadFile, Result, StageOptions, StagedFile,
    VirtualPath, Wait, WriteFile,
    system::{chmod, create_file, first_gap, give, metadata, split},
};

/// Files up to this size are left to the write-back of the kernel: starting it for each of them would cost a commit of
/// the journal per file, and the kernel begins by itself within seconds.
const WRITE_BACK_FROM: u64 = 1 << 20;

/// Write-backs that were started and have not ended. Past it the disk is busy anyway.
static WRITE_BACKS: Semaphore = Semaphore::const_new(4);

/// An upload under its hidden name.
pub(super) struct LocalStaged {
    shared: Arc<Staged>,
}

struct Staged {
    inner: Arc<Inner>,
    file: LocalFile,
    /// Where the hidden file lies, held open: nobody can move the upload elsewhere by renaming directories on its way.
    directory: Directory,
    directory_path: Vec<u8>,
    hidden: String,
    state: Mutex<State>,
}

struct State {
    ended: bool,
    /// Mode that the file gets at its end. Earlier it could keep a resumed upload from being opened.
    mode: Option<u32>,
}

/// The hidden name of an upload.
fn hidden_name(id: &str) -> Result<String> {
    let valid = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !valid {
        return Err(Error::new(ErrorKind::Unsupported, "the id of an upload is made of letters, digits and `-`"));
    }
    Ok(format!("{HIDDEN_PREFIX}{id}"))
}

/// What an upload left beside `target`.
pub(super) fn find(inner: &Inner, root: &Arc<Held>, target: &[u8], id: &str) -> Result<Option<Partial>> {
    let hidden = hidden_name(id)?;
    let parent = match inner.parent(root, target) {
        Err(error) if error.is(ErrorKind::NotFound) => return Ok(None),
        other => other?.0,
    };
    let stat = match statat(&parent, &*hidden, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(None),
        other => other?,
    };
    let found = metadata(&stat);
    if !found.is_file() {
        return Ok(None);
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let known = found.identity.map_or(0, |identity| whole::known(&hidden, identity, found.size));
    if known == found.size {
        return Ok(Some(Partial { durable: known, token: Vec::new() }));
    }
    // After a crash nobody knows in which order writes were stored: a hole is a write that never was.
    let block = u64::try_from(stat.st_blksize).unwrap_or(4096);
    let opened = openat(&parent, &*hidden, flags, Mode::empty());
    let durable = opened.map_or(found.size, |file| first_gap(file, known, found.size, block));
    Ok(Some(Partial { durable, token: Vec::new() }))
}

/// Removes what an upload left beside `target`.
pub(super) fn discard(inner: &Inner, root: &Arc<Held>, target: &[u8], id: &str) -> Result<()> {
    let hidden = hidden_name(id)?;
    let removed = inner.parent(root, target).and_then(|(parent, _)| Ok(unlinkat(parent, &*hidden, AtFlags::empty())?));
    match removed {
        Err(error) if error.is(ErrorKind::NotFound) => Ok(()),
        other => other,
    }
}

impl LocalStaged {
    /// Begins an upload, or goes on with one.
    pub(super) fn begin(inner: &Arc<Inner>, root: &Arc<Held>, target: &[u8], options: &StageOptions) -> Result<Self> {
        let hidden = hidden_name(&options.id)?;
        let (parent, _) = split(target).ok_or(ErrorKind::IsDirectory)?;
        let directory = inner.directory(root, parent)?;
        let file = match &options.resume {
            None => Self::create(inner, root, &directory, &hidden, options)?,
            Some(partial) => Self::reopen(inner, root, &directory, &hidden, options, partial)?,
        };
        let state = Mutex::new(State { ended: false, mode: options.mode });
        let directory_path = parent.to_vec();
        let shared = Arc::new(Staged { inner: Arc::clone(inner), file, directory, directory_path, hidden, state });
        Ok(Self { shared })
    }

    fn create(inner: &Inner, root: &Held, directory: &Directory, hidden: &str, options: &StageOptions) -> Result<LocalFile> {
        let create = || create_file(directory, hidden.as_bytes(), options.readable, inner.umask(options.umask));
        let fd = match create() {
            // What a crash left of an upload of this id before anything was written: nobody knows of it.
            Err(Errno::EXIST) if is_empty_file(directory, hidden) => {
                unlinkat(directory, hidden, AtFlags::empty())?;
                create()?
            }
            other => other?,
        };
        give(&fd, inner.owner(options.owner));
        LocalFile::new(fd, root, &inner.options.pool, Self::access(options)).inspect_err(|_| {
            let _ = unlinkat(directory, hidden, AtFlags::empty());
        })
    }

    fn reopen(
        inner: &Inner,
        root: &Held,
        directory: &Directory,
        hidden: &str,
        options: &StageOptions,
        partial: &Partial,
    ) -> Result<LocalFile> {
        let access = Self::access(options);
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = LocalFile::new(openat(directory, hidden, flags, Mode::empty())?, root, &inner.options.pool, access)?;
        if file.size() < partial.durable {
            return Err(Error::new(ErrorKind::Corrupt, "the unfinished upload is shorter than it was"));
        }
        file.resume_at(partial.durable)?;
        Ok(file)
    }

    fn access(options: &StageOptions) -> OFlags {
        if options.readable { OFlags::RDWR } else { OFlags::WRONLY }
    }

    /// The file itself, for a copy that fills it.
    pub(super) fn file(&self) -> &LocalFile {
        &self.shared.file
    }

    /// Removes the hidden file, in a job that nobody waits for any more.
    pub(super) fn remove(&self) {
        if let Err(error) = self.shared.abandon(false) {
            tracing::warn!(%error, "cannot remove an unfinished file");
        }
    }
}

impl Staged {
    /// Makes a call with the directory of `target`, which is nearly always the one that is held.
    fn with_directory<T>(&self, target: &[u8], call: impl Fn(&Directory, &[u8]) -> Result<T>) -> Result<T> {
        let (parent, name) = split(target).ok_or(ErrorKind::IsDirectory)?;
        if parent == self.directory_path {
            return call(&self.directory, name);
        }
        self.inner.root.with(|root| call(&self.inner.directory(root, parent)?, name))
    }

    /// Whether the rename frees the blocks of a large file.
    fn replaces_bulky(&self, target: &[u8]) -> bool {
        self.with_directory(target, |directory, name| Ok(statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?))
            .is_ok_and(|stat| metadata(&stat).size > BULKY)
    }

    fn publish(&self, target: &[u8], replace: bool, durable: bool) -> Result<Metadata> {
        let mut state = self.state.lock();
        if state.ended {
            return Err(Error::new(ErrorKind::Unsupported, "the upload has ended already"));
        }
        if let Some(mode) = state.mode {
            chmod(self.file.fd(), mode)?;
        }
        self.with_directory(target, |directory, name| {
            match move_entry(&self.directory, self.hidden.as_bytes(), directory, name, replace) {
                Ok(()) => Ok(()),
                // Into another file system: the data would have to be moved, which no commit does.
                Err(Errno::XDEV) => Err(ErrorKind::Unsupported.into()),
                Err(Errno::EXIST) if is_directory(directory, name) => Err(ErrorKind::IsDirectory.into()),
                Err(error) => Err(error.into()),
            }
        })?;
        // From here on there is nothing to go back to: an error below is told, and the file has its name.
        state.ended = true;
        if durable {
            self.with_directory(target, |directory, _| sync_directory(directory))?;
        }
        Ok(metadata(&fstat(self.file.fd())?))
    }

    fn abandon(&self, keep: bool) -> Result<Option<Partial>> {
        let mut state = self.state.lock();
        if state.ended {
            return Ok(None);
        }
        let durable = if keep { self.file.cut_to_gapless()? } else { 0 };
        state.ended = true;
        if durable > 0 {
            if self.file.is_fast()
                && let Some(identity) = metadata(&fstat(self.file.fd())?).identity
            {
                whole::remember(&self.hidden, identity, durable);
            }
            return Ok(Some(Partial { durable, token: Vec::new() }));
        }
        match unlinkat(&self.directory, &*self.hidden, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Starts write-back of a large file without waiting for it.
    fn start_write_back(self: &Arc<Self>) {
        if self.file.size() < WRITE_BACK_FROM {
            return;
        }
        let Ok(permit) = WRITE_BACKS.try_acquire() else { return };
        let shared = Arc::clone(self);
        drop(self.file.pool().start(move || {
            if let Err(error) = fdatasync(shared.file.fd()) {
                tracing::error!(%error, "write-back of an upload failed");
            }
            drop(permit);
        }));
    }
}

fn is_empty_file(directory: impl AsFd, name: &str) -> bool {
    let found = statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
    found.map(|stat| metadata(&stat)).is_ok_and(|found| found.is_file() && found.size == 0)
}

fn is_directory(directory: impl AsFd, name: &[u8]) -> bool {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| metadata(&stat).is_directory())
}

/// Makes a rename durable. File systems that cannot sync a directory need no sync or offer none.
fn sync_directory(directory: impl AsFd) -> Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat(directory, ".", flags, Mode::empty()).and_then(fsync) {
        Ok(()) | Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::ACCESS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl WriteFile for LocalStaged {
    fn try_write_at(&self, offset: u64, data: &[u8]) -> Result<bool> {
        self.shared.file.try_write_at(offset, data)
    }

    fn write_at(&self, offset: u64, data: Bytes) -> Wait<'_, ()> {
        self.shared.file.write_at(offset, data)
    }

    fn size(&self) -> u64 {
        self.shared.file.size()
    }

    fn durable(&self) -> u64 {
        self.shared.file.durable()
    }

    fn set_attributes(&self, attributes: &Attributes) -> Wait<'_, ()> {
        if attributes.mode.is_some() {
            self.shared.state.lock().mode = None;
        }
        self.shared.file.set_attributes(attributes)
    }

    fn metadata(&self) -> Wait<'_, Metadata> {
        WriteFile::metadata(&self.shared.file)
    }

    fn sync(&self) -> Wait<'_, ()> {
        self.shared.file.sync()
    }

    fn reader(&self) -> Option<&dyn ReadFile> {
        self.shared.file.reader()
    }
}

impl StagedFile for LocalStaged {
    fn commit<'a>(&'a self, target: &'a VirtualPath, options: CommitOptions) -> Wait<'a, Metadata> {
        Box::pin(async move {
            let (shared, file) = (&self.shared, &self.shared.file);
            let durable = options.durability == Durability::Commit;
            // Network file systems tell of a full disk only when they write back, so it is asked for before the rename.
            if durable || (!file.is_fast() && options.durability == Durability::Background) {
                file.call(true, |file| Ok(fdatasync(file.fd())?)).await?;
            }
            let wait = durable || !file.is_fast() || (options.replace && shared.replaces_bulky(target.as_bytes()));
            let found = if wait {
                let (shared, target) = (Arc::clone(shared), target.clone());
                file.pool().run(move || shared.publish(target.as_bytes(), options.replace, durable)).await??
            } else {
                shared.publish(target.as_bytes(), options.replace, false)?
            };
            if options.durability == Durability::Background && file.is_fast() {
                shared.start_write_back();
            }
            Ok(found)
        })
    }

    fn abandon(&self, keep: bool) -> Wait<'_, Option<Partial>> {
        Box::pin(async move {
            let shared = Arc::clone(&self.shared);
            // Removing much, or cutting it off, takes a while; letting it be does not.
            if shared.file.is_fast() && (shared.file.size() < BULKY || keep && shared.file.is_gapless()) {
                return shared.abandon(keep);
            }
            self.shared.file.pool().run(move || shared.abandon(keep)).await?
        })
    }
}
