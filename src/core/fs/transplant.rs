//! Moving a tree from one storage of an account to another: copied whole, and only then removed at the source, so that a
//! failure leaves the source as it was (XFS-002, SFTP-037). Links and special files do not come along.

use std::sync::Arc;

use entrepot_model::VirtualPath;
use entrepot_storage::{Attributes, CommitOptions, FileKind, Metadata, ReadFile, StageOptions, StagedFile};
use uuid::Uuid;

use super::{Progress, UserFs, retire};
use crate::{
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy::{self, Granted},
    quota::{Reservation, Usage},
    transfer::upload_end_present as present,
};

struct Entry {
    from: VirtualPath,
    to: VirtualPath,
    metadata: Metadata,
}

/// A tree that is about to move: parents before children.
pub(super) struct Transplant {
    entries: Vec<Entry>,
    usage: Usage,
}

/// Deepest nesting that is followed (XFS-006).
const DEPTH: usize = 1000;
/// Bytes per read when the data moves through us.
const CHUNK: usize = 256 << 10;

impl Transplant {
    /// Reads the tree at `source`.
    pub(super) async fn of(fs: &UserFs, source: &Granted, target: &Granted, found: &Metadata) -> Result<Self> {
        let from = source.place().virtual_path.clone();
        let to = target.place().virtual_path.clone();
        let mut tree = Self { entries: vec![Entry { from, to, metadata: found.clone() }], usage: Usage::default() };
        let mut next = 0;
        while let Some(entry) = tree.entries.get(next) {
            next += 1;
            match entry.metadata.kind {
                FileKind::File => {
                    let size = i64::try_from(entry.metadata.size).unwrap_or(i64::MAX);
                    tree.usage = tree.usage.plus(Usage { files: 1, size });
                }
                FileKind::Directory => {
                    let (from, to) = (entry.from.clone(), entry.to.clone());
                    if from.depth() > DEPTH {
                        return Err(Error::TooLarge);
                    }
                    tree.read_directory(fs, &from, &to).await?;
                }
                FileKind::Symlink | FileKind::Other => {}
            }
        }
        Ok(tree)
    }

    async fn read_directory(&mut self, fs: &UserFs, from: &VirtualPath, to: &VirtualPath) -> Result<()> {
        let granted = policy::own_work(Operation::RenameDirectory, fs.place(from));
        let mut stream = fs.0.account.door.list(&granted).await?;
        loop {
            let entries = stream.next(256).await?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                let (Ok(from), Ok(to)) = (from.child(&entry.name), to.child(&entry.name)) else { return Err(Error::Unsupported) };
                self.entries.push(Entry { from, to, metadata: entry.metadata });
            }
        }
    }

    /// Files and bytes of the tree.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Reserves room at the target, unless the tree is charged to the same counter already (QTA-007).
    pub(super) fn reserve(
        &self,
        fs: &UserFs,
        source: &Granted,
        target: &Granted,
        replaced: Option<&Metadata>,
    ) -> Result<Option<Reservation>> {
        let (owner, limits) = fs.0.quota_of(target.place());
        if fs.0.quota_of(source.place()).0 == owner {
            return Ok(None);
        }
        let counter = fs.0.core.0.ledger.ensure(&owner, Usage::default());
        let size = u64::try_from(self.usage.size).unwrap_or(0);
        let files = self.usage.files - i64::from(replaced.is_some_and(Metadata::is_file));
        counter.reserve(limits, files, Some(size), retire::credit(replaced)).map(Some)
    }

    /// Copies everything; answers what went because it was replaced. On a failure what was copied already is removed again.
    pub(super) async fn copy(&self, fs: &UserFs, progress: &Progress) -> Result<Usage> {
        let mut retired = Usage::default();
        for (count, entry) in self.entries.iter().enumerate() {
            match copy_entry(fs, entry, progress).await {
                Ok(usage) => retired = retired.plus(usage),
                Err(error) => {
                    for done in self.entries[..count].iter().rev() {
                        let _ = remove_entry(fs, &done.to, &done.metadata).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(retired)
    }

    /// Removes the source, children first. Answers what quota gets back, and how it ended.
    pub(super) async fn remove_source(&self, fs: &UserFs) -> (Usage, Result<()>) {
        let mut gone = Usage::default();
        for entry in self.entries.iter().rev() {
            if let Err(error) = remove_entry(fs, &entry.from, &entry.metadata).await {
                return (gone, Err(error));
            }
            let usage = retire::usage(&fs.0, &fs.place(&entry.from), &entry.metadata);
            gone = gone.plus(usage);
        }
        (gone, Ok(()))
    }
}

async fn copy_entry(fs: &UserFs, entry: &Entry, progress: &Progress) -> Result<Usage> {
    progress.check()?;
    let usage = copy_content(fs, entry, progress).await?;
    progress.add_entry();
    Ok(usage)
}

async fn copy_content(fs: &UserFs, entry: &Entry, progress: &Progress) -> Result<Usage> {
    let door = &fs.0.account.door;
    match entry.metadata.kind {
        FileKind::Directory => {
            let granted = policy::own_work(Operation::RenameDirectory, fs.place(&entry.to));
            door.create_directory(&granted, crate::accounts::owner(fs.user()), fs.umask()).await?;
            Ok(Usage::default())
        }
        FileKind::File => {
            let from = policy::own_work(Operation::RenameFile, fs.place(&entry.from));
            // Room for the whole tree was reserved before.
            Ok(copy_data(fs, &from, &fs.place(&entry.to), &entry.metadata, progress, |_, _| Ok(())).await?.retired)
        }
        FileKind::Symlink | FileKind::Other => Ok(Usage::default()),
    }
}

/// A file that was copied.
pub(super) struct Copied {
    /// Its size.
    pub size: u64,
    /// What went because it was replaced.
    pub retired: Usage,
}

/// Copies one file into a staged one and commits that; the modification time comes along. An existing file is replaced,
/// anything else at the target is refused. `fits` is asked about the size and what is replaced before the file gets its
/// name.
pub(super) async fn copy_data(
    fs: &UserFs,
    from: &Granted,
    to: &Place,
    metadata: &Metadata,
    progress: &Progress,
    fits: impl FnOnce(u64, Option<&Metadata>) -> Result<()> + Send,
) -> Result<Copied> {
    let target = policy::own_work(Operation::Copy, to.clone());
    let staged = stage_copy(fs, from, &target, progress).await?;
    match publish_copy(fs, &target, &staged, metadata, fits).await {
        Ok(copied) => Ok(copied),
        Err(error) => {
            let _ = staged.abandon(false).await;
            Err(error)
        }
    }
}

async fn publish_copy(
    fs: &UserFs,
    target: &Granted,
    staged: &Arc<dyn StagedFile>,
    metadata: &Metadata,
    fits: impl FnOnce(u64, Option<&Metadata>) -> Result<()> + Send,
) -> Result<Copied> {
    let session = &fs.0;
    let to = target.place();
    let times = Attributes { times: Some((metadata.accessed, metadata.modified)), ..Attributes::default() };
    if let Err(error) = staged.set_attributes(&times).await {
        tracing::debug!(%error, "times of a copy");
    }
    let durability = crate::transfer::durability(session.core.settings().transfers.durability.as_str());
    let turn = session.core.0.names.turn(session, to).await;
    let found = present(session.account.door.stat(target, false).await)?;
    if found.as_ref().is_some_and(|found| !found.is_file() && !found.is_symlink()) {
        return Err(Error::Unsupported);
    }
    fits(staged.size(), found.as_ref())?;
    let done = staged.commit(&to.path, CommitOptions { replace: found.is_some(), durability }).await?;
    let retired = found.map_or(Usage::default(), |found| retire::usage(session, to, &found));
    drop(turn);
    Ok(Copied { size: done.size, retired })
}

/// A staged copy of a file, made by the storage where it can, else through us.
async fn stage_copy(fs: &UserFs, from: &Granted, target: &Granted, progress: &Progress) -> Result<Arc<dyn StagedFile>> {
    let door = &fs.0.account.door;
    let options = StageOptions {
        id: Uuid::new_v4().simple().to_string(),
        owner: crate::accounts::owner(fs.user()),
        umask: fs.umask(),
        ..StageOptions::default()
    };
    if from.place().storage == target.place().storage {
        match door.copy_staged(from, target, options.clone()).await {
            Err(Error::Unsupported) => {}
            other => return other.inspect(|staged| progress.add_bytes(staged.size())),
        }
    }
    let file = door.open_read(from).await?;
    let staged = door.stage(target, &target.place().path, options).await?;
    match stream(fs, file.as_ref(), staged.as_ref(), progress).await {
        Ok(()) => Ok(staged),
        Err(error) => {
            let _ = staged.abandon(false).await;
            Err(error)
        }
    }
}

async fn stream(fs: &UserFs, from: &dyn ReadFile, to: &dyn StagedFile, progress: &Progress) -> Result<()> {
    let mut offset = 0;
    loop {
        if fs.0.kill.is_cancelled() {
            return Err(Error::Cancelled);
        }
        progress.check()?;
        let data = from.read_at(offset, CHUNK).await?;
        if data.is_empty() {
            return Ok(());
        }
        let length = data.len() as u64;
        to.write_at(offset, data).await?;
        offset += length;
        progress.add_bytes(length);
        fs.0.touch();
    }
}

async fn remove_entry(fs: &UserFs, path: &VirtualPath, metadata: &Metadata) -> Result<()> {
    let operation = if metadata.is_directory() { Operation::RenameDirectory } else { Operation::RenameFile };
    let granted = policy::own_work(operation, fs.place(path));
    let removed = if metadata.is_directory() {
        fs.0.account.door.remove_directory(&granted).await
    } else {
        fs.0.account.door.remove_file(&granted).await
    };
    match removed {
        Err(Error::NotFound) => Ok(()),
        other => other,
    }
}
