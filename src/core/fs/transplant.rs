//! Moving a tree from one storage of an account to another: copied whole, and only then removed at the source, so that a
//! failure leaves the source as it was (XFS-002, SFTP-037). Links and special files do not come along.

use entrepot_model::VirtualPath;
use entrepot_storage::{Attributes, CommitOptions, FileKind, Metadata, StageOptions};
use uuid::Uuid;

use super::UserFs;
use crate::{
    error::{Error, Result},
    operation::Operation,
    place::Place,
    policy::{self, Granted},
    quota::Usage,
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
                    tree.usage.files += 1;
                    tree.usage.size += i64::try_from(entry.metadata.size).unwrap_or(i64::MAX);
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

    /// Checks that the target's quota takes the tree (QTA-007).
    pub(super) fn reserve(&self, fs: &UserFs, target: &Granted) -> Result<()> {
        let (owner, limits) = fs.0.quota_of(target.place());
        let used = fs.0.core.0.ledger.ensure(&owner, Usage::default()).usage();
        let over = |limit: i64, used: i64, more: i64| limit > 0 && used.saturating_add(more) > limit;
        if over(limits.files, used.files, self.usage.files) || over(limits.size, used.size, self.usage.size) {
            return Err(Error::Quota);
        }
        Ok(())
    }

    /// Copies everything. On a failure what was copied already is removed again.
    pub(super) async fn copy(&self, fs: &UserFs, replace: bool) -> Result<Usage> {
        for (count, entry) in self.entries.iter().enumerate() {
            if let Err(error) = copy_entry(fs, entry, replace && count == 0).await {
                for done in self.entries[..count].iter().rev() {
                    let _ = remove_entry(fs, &done.to, &done.metadata).await;
                }
                return Err(error);
            }
        }
        Ok(self.usage)
    }

    /// Removes the source, children first.
    pub(super) async fn remove_source(&self, fs: &UserFs) -> Result<()> {
        for entry in self.entries.iter().rev() {
            remove_entry(fs, &entry.from, &entry.metadata).await?;
        }
        Ok(())
    }
}

async fn copy_entry(fs: &UserFs, entry: &Entry, replace: bool) -> Result<()> {
    let door = &fs.0.account.door;
    match entry.metadata.kind {
        FileKind::Directory => {
            let granted = policy::own_work(Operation::RenameDirectory, fs.place(&entry.to));
            door.create_directory(&granted, crate::accounts::owner(fs.user()), fs.umask()).await
        }
        FileKind::File => {
            let from = policy::own_work(Operation::RenameFile, fs.place(&entry.from));
            let to = fs.place(&entry.to);
            copy_data(fs, &from, &to, &entry.metadata, replace).await
        }
        FileKind::Symlink | FileKind::Other => Ok(()),
    }
}

/// Copies one file into a staged one and commits that; the modification time comes along.
pub(super) async fn copy_data(fs: &UserFs, from: &Granted, to: &Place, metadata: &Metadata, replace: bool) -> Result<()> {
    let door = &fs.0.account.door;
    let target = policy::own_work(Operation::Copy, to.clone());
    let options = StageOptions {
        id: Uuid::new_v4().simple().to_string(),
        owner: crate::accounts::owner(fs.user()),
        umask: fs.umask(),
        ..StageOptions::default()
    };
    let staged = if from.place().storage == to.storage {
        door.copy_staged(from, &target, options.clone()).await
    } else {
        Err(Error::Unsupported)
    };
    let staged = match staged {
        Err(Error::Unsupported) => {
            let file = door.open_read(from).await?;
            let staged = door.stage(&target, &to.path, options).await?;
            let mut offset = 0;
            loop {
                if fs.0.kill.is_cancelled() {
                    let _ = staged.abandon(false).await;
                    return Err(Error::Cancelled);
                }
                let data = file.read_at(offset, CHUNK).await?;
                if data.is_empty() {
                    break staged;
                }
                let length = data.len() as u64;
                if let Err(error) = staged.write_at(offset, data).await {
                    let _ = staged.abandon(false).await;
                    return Err(error.into());
                }
                offset += length;
            }
        }
        other => other?,
    };
    let times = Attributes { times: Some((metadata.accessed, metadata.modified)), ..Attributes::default() };
    if let Err(error) = staged.set_attributes(&times).await {
        tracing::debug!(%error, "times of a copy");
    }
    let durability = crate::transfer::durability(fs.0.core.settings().transfers.durability.as_str());
    match staged.commit(&to.path, CommitOptions { replace, durability }).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let _ = staged.abandon(false).await;
            Err(error.into())
        }
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
