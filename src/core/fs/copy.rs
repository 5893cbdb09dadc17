//! Copying files and directories on the server.

use entrepot_model::VirtualPath;
use entrepot_storage::{FileKind, Metadata};

use super::{
    Progress, UserFs, retire,
    transplant::{Copied, copy_data},
};
use crate::{
    audit::Status,
    error::{Error, Result},
    operation::Operation,
    policy::{self, Granted},
    quota::Usage,
    transfer::upload_end_present as present,
};

/// Deepest nesting that is followed (XFS-006).
const DEPTH: usize = 1000;

impl UserFs {
    /// Copies a file, or a directory with its directories and regular files; links and special files are skipped
    /// (ACC-148…ACC-150). Every file becomes visible only when it is complete. Existing directories are merged into.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Unsupported` for links, for a path onto or into itself, for a file onto a directory or the
    /// other way round, `Quota`, or what the storage says. What was copied before the error stays.
    pub async fn copy(&self, from: &VirtualPath, to: &VirtualPath) -> Result<()> {
        self.copy_with(from, to, &Progress::default()).await
    }

    /// [`UserFs::copy`] that tells how far it is, and can be told to end at the next entry.
    ///
    /// # Errors
    /// As [`UserFs::copy`]; `Cancelled`.
    pub async fn copy_with(&self, from: &VirtualPath, to: &VirtualPath, progress: &Progress) -> Result<()> {
        if to.starts_with(from) || from == to {
            return Err(Error::Unsupported);
        }
        let source = self.authorize(Operation::Copy, from)?;
        self.authorize(Operation::Copy, to)?;
        let found = self.0.account.door.stat(&source, false).await?;
        self.before(Operation::Copy, from, Some(to), Some(found.size)).await?;
        let (fs, from, to, progress) = (self.clone(), from.clone(), to.clone(), progress.clone());
        self.finish(async move {
            fs.create_parents(&to).await?;
            fs.copy_tree(&from, &to, found, &progress).await?;
            fs.after(Operation::Copy, &from, Some(&to), None).await;
            Ok(())
        })
        .await
    }

    /// Makes the missing parents of what is to be made at `to` (ACC-150).
    ///
    /// # Errors
    /// `Denied`, `NotDirectory` where one of them is a file, or what the storage says.
    pub async fn create_parents(&self, to: &VirtualPath) -> Result<()> {
        let mut missing = Vec::new();
        let mut parent = to.parent();
        while let Some(directory) = parent.filter(|directory| !directory.is_root() && !self.user().is_mount_point(directory)) {
            let probe = self.probe(Operation::CreateDirectory, &directory)?;
            if present(self.0.account.door.stat(&probe, true).await)?.is_some() {
                break;
            }
            parent = directory.parent();
            missing.push(directory);
        }
        for directory in missing.iter().rev() {
            match self.create_directory(directory).await {
                // Somebody else made it since, for a file of its own.
                Err(Error::Exists) => {}
                other => other?,
            }
        }
        Ok(())
    }

    async fn copy_tree(&self, from: &VirtualPath, to: &VirtualPath, found: Metadata, progress: &Progress) -> Result<()> {
        match found.kind {
            FileKind::File => return self.copy_file(from, to, &found, progress).await,
            FileKind::Symlink | FileKind::Other(_) => return Err(Error::Unsupported),
            FileKind::Directory => {}
        }
        let mut directories = vec![(from.clone(), to.clone())];
        while let Some((from, to)) = directories.pop() {
            if from.depth() > DEPTH {
                return Err(Error::TooLarge);
            }
            progress.check()?;
            self.copy_directory(&to).await.inspect_err(|_| progress.stops_at(&to))?;
            progress.add_entry();
            let mut listing = self.list(&from).await.inspect_err(|_| progress.stops_at(&from))?;
            loop {
                let entries = listing.next(256).await.inspect_err(|_| progress.stops_at(&from))?;
                if entries.is_empty() {
                    break;
                }
                for entry in entries {
                    let (Ok(from), Ok(to)) = (from.child(&entry.name), to.child(&entry.name)) else {
                        return Err(Error::Unsupported);
                    };
                    match entry.metadata.kind {
                        FileKind::Directory => directories.push((from, to)),
                        FileKind::File => {
                            let copied = self.copy_file(&from, &to, &entry.metadata, progress).await;
                            copied.inspect_err(|_| progress.stops_at(&from))?;
                        }
                        FileKind::Symlink | FileKind::Other(_) => {}
                    }
                }
            }
        }
        Ok(())
    }

    async fn copy_directory(&self, to: &VirtualPath) -> Result<()> {
        let probe = self.probe(Operation::CreateDirectory, to)?;
        match present(self.0.account.door.stat(&probe, true).await)? {
            Some(found) if found.is_directory() => Ok(()),
            Some(_) => Err(Error::Unsupported),
            None => self.create_directory(to).await,
        }
    }

    /// One file: reading it needs `list` and `download` besides `copy`, the target `upload` or `overwrite`.
    async fn copy_file(&self, from: &VirtualPath, to: &VirtualPath, found: &Metadata, progress: &Progress) -> Result<()> {
        progress.check()?;
        if self.0.kill.is_cancelled() {
            return Err(Error::Cancelled);
        }
        for operation in [Operation::Stat, Operation::Download] {
            policy::authorize(self.user(), operation, from)
                .inspect_err(|error| self.note_denial(Operation::Copy, from, error))?;
        }
        let source = self.authorize(Operation::Copy, from)?;
        let probe = self.probe(Operation::Upload, to)?;
        let existing = present(self.0.account.door.stat(&probe, false).await)?;
        if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
            return Err(Error::Unsupported);
        }
        let operation = if existing.is_some() { Operation::Overwrite } else { Operation::Upload };
        let target = self.authorize(operation, to)?;
        self.authorize(Operation::Copy, to)?;
        self.copy_granted(&source, &target, found, existing.as_ref(), progress).await?;
        progress.add_entry();
        Ok(())
    }

    async fn copy_granted(
        &self,
        source: &Granted,
        target: &Granted,
        found: &Metadata,
        existing: Option<&Metadata>,
        progress: &Progress,
    ) -> Result<()> {
        let session = &self.0;
        let most = u64::try_from(self.user().user.filters.base.max_upload_file_size).unwrap_or(0);
        if most > 0 && found.size > most {
            return Err(Error::Quota);
        }
        let (owner, limits) = session.quota_of(target.place());
        let counter = session.core.0.ledger.ensure(&owner, Usage::default());
        let mut reservation =
            counter.reserve(limits, i64::from(existing.is_none()), Some(found.size), retire::credit(existing))?;
        let fits = |size, existing: Option<&Metadata>| {
            let files = i64::from(!existing.is_some_and(Metadata::is_file));
            reservation.rebase(files, size, retire::credit(existing))
        };
        let _changing = session.core.0.names.changing(session, target.place());
        let Copied { done, retired, late } = copy_data(self, source, target.place(), found, progress, fits).await?;
        let size = done.size;
        let change = Usage { files: 1 + retired.files, size: i64::try_from(size).unwrap_or(i64::MAX) + retired.size };
        reservation.settle(change);
        let status = late.as_ref().map_or(Status::Ok, Status::of);
        self.settlement_with("copy", source.place(), Some(target.place()), size, status)
            .change(session, target.place(), change, true)
            .write(session)
            .await?;
        late.map_or(Ok(()), Err)
    }
}
