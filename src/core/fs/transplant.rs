//! Moving a tree from one storage of an account to another: copied whole, and only then removed at the source, so that a
//! failure leaves the source as it was (XFS-002, SFTP-037). Links and special files do not come along.
//!
//! Others go on using the source meanwhile. What they were told is stored must not go with what was copied before it came:
//! a file is removed only while it is still the one that was copied, which is looked at under the turn of its name.

mod source;

use std::sync::Arc;

use entrepot_model::VirtualPath;
use entrepot_storage::{Attributes, CommitOptions, FileKind, Metadata, ReadFile, StageOptions, StagedFile};
use uuid::Uuid;

use super::{
    Progress, UserFs, retire,
    unnameable::{self, is_nameable},
};
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
    /// What was copied of a file, and the copy that got its name.
    copied: Option<(Metadata, Metadata)>,
}

impl Entry {
    fn new(from: VirtualPath, to: VirtualPath, metadata: Metadata) -> Self {
        Self { from, to, metadata, copied: None }
    }
}

/// How a copy failed.
pub(super) struct Failure {
    pub error: Error,
    /// Something of it is still at the target.
    pub leaves: bool,
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
        let mut tree = Self { entries: vec![Entry::new(from, to, found.clone())], usage: Usage::default() };
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
                FileKind::Symlink | FileKind::Other(_) => {}
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
                if !is_nameable(&entry.name) {
                    return Err(unnameable::keeps(from));
                }
                let (Ok(from), Ok(to)) = (from.child(&entry.name), to.child(&entry.name)) else { return Err(Error::Unsupported) };
                self.entries.push(Entry::new(from, to, entry.metadata));
            }
        }
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

    /// Copies everything; answers what the target has now, less what went because it was replaced. On a failure what was
    /// copied already is removed again; the usage is that of what could not be, because others are at it.
    pub(super) async fn copy(&mut self, fs: &UserFs, progress: &Progress) -> (Usage, std::result::Result<(), Failure>) {
        let mut came = Usage::default();
        let mut copied = 0;
        let mut result = Ok(());
        while result.is_ok() && copied < self.entries.len() {
            match copy_entry(fs, &mut self.entries[copied], progress).await {
                Ok((usage, late)) => {
                    (came, copied) = (came.plus(usage), copied + 1);
                    result = late.map_or(Ok(()), Err);
                }
                Err(error) => result = Err(error),
            }
        }
        if result.is_ok() {
            result = self.verify(fs).await;
        }
        match result {
            Ok(()) => (came, Ok(())),
            Err(error) => {
                let (gone, leaves) = self.take_away(fs, copied).await;
                (came.plus(gone), Err(Failure { error, leaves }))
            }
        }
    }
}

/// Answers also what failed when the entry was there already.
async fn copy_entry(fs: &UserFs, entry: &mut Entry, progress: &Progress) -> Result<(Usage, Option<Error>)> {
    progress.check()?;
    let copied = match entry.metadata.kind {
        FileKind::Directory => {
            let granted = policy::own_work(Operation::RenameDirectory, fs.place(&entry.to));
            fs.0.account.door.create_directory(&granted, crate::accounts::owner(fs.user()), fs.umask()).await?;
            (Usage::default(), None)
        }
        FileKind::File => copy_file(fs, entry, progress).await?,
        FileKind::Symlink | FileKind::Other(_) => (Usage::default(), None),
    };
    progress.add_entry();
    Ok(copied)
}

/// Copies a file that is to be removed afterwards: the copy gets its name only if it is of one state of the source.
async fn copy_file(fs: &UserFs, entry: &mut Entry, progress: &Progress) -> Result<(Usage, Option<Error>)> {
    let from = policy::own_work(Operation::RenameFile, fs.place(&entry.from));
    let target = policy::own_work(Operation::Copy, fs.place(&entry.to));
    let (staged, seen) = stage_copy(fs, &from, &target, progress).await?;
    let seen = seen.unwrap_or_else(|| entry.metadata.clone());
    // Room for the whole tree was reserved before.
    let published = publish_copy(fs, &target, &staged, &seen, Some(&from), |_, _| Ok(())).await;
    let Copied { done, retired, late } = abandon_failed(&staged, published).await?;
    let size = i64::try_from(done.size).unwrap_or(i64::MAX);
    entry.copied = Some((seen, done));
    Ok((retired.plus(Usage { files: 1, size }), late))
}

async fn abandon_failed<T>(staged: &Arc<dyn StagedFile>, result: Result<T>) -> Result<T> {
    if result.is_err() {
        let _ = staged.abandon(false).await;
    }
    result
}

/// A file that was copied.
pub(super) struct Copied {
    /// The copy.
    pub done: Metadata,
    /// What went because it was replaced.
    pub retired: Usage,
    /// What failed when the copy had its name.
    pub late: Option<Error>,
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
    let (staged, _) = stage_copy(fs, from, &target, progress).await?;
    let published = publish_copy(fs, &target, &staged, metadata, None, fits).await;
    abandon_failed(&staged, published).await
}

/// Gives a copy its name and the times of `metadata`. With `moved`, only if what is there is still that.
async fn publish_copy(
    fs: &UserFs,
    target: &Granted,
    staged: &Arc<dyn StagedFile>,
    metadata: &Metadata,
    moved: Option<&Granted>,
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
    if let Some(source) = moved {
        source::check(fs, source, metadata).await?;
    }
    let committed = staged.commit(&to.path, CommitOptions { replace: found.is_some(), durability }).await;
    let (done, late) = match committed.map_err(Error::from) {
        Ok(done) => (done, None),
        Err(error) => match named(fs, target, staged).await {
            Some(done) => (done, Some(error)),
            None => return Err(error),
        },
    };
    let retired = found.map_or(Usage::default(), |found| retire::usage(session, to, &found));
    drop(turn);
    Ok(Copied { done, retired, late })
}

/// The copy, if it has got its name though its commit failed: what came after that may have failed.
async fn named(fs: &UserFs, target: &Granted, staged: &Arc<dyn StagedFile>) -> Option<Metadata> {
    let copy = staged.metadata().await.ok()?.identity?;
    let found = fs.0.account.door.stat(target, false).await.ok()?;
    (found.identity == Some(copy)).then_some(found)
}

/// A staged copy of a file, made by the storage where it can, else through us: then with what the source was when it was
/// opened.
async fn stage_copy(
    fs: &UserFs,
    from: &Granted,
    target: &Granted,
    progress: &Progress,
) -> Result<(Arc<dyn StagedFile>, Option<Metadata>)> {
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
            other => return other.inspect(|staged| progress.add_bytes(staged.size())).map(|staged| (staged, None)),
        }
    }
    let file = door.open_read(from).await?;
    let seen = file.metadata().await?;
    let staged = door.stage(target, &target.place().path, options).await?;
    let copied = stream(fs, file.as_ref(), staged.as_ref(), progress).await;
    abandon_failed(&staged, copied).await.map(|()| (staged, Some(seen)))
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
