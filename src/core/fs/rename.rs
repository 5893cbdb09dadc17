//! Renaming: files, links and directories, within a storage or between two local ones.

use entrepot_model::VirtualPath;
use entrepot_storage::Metadata;

use super::{
    Progress, UserFs, links, retire,
    transplant::Transplant,
    unnameable::{self, is_nameable},
};
use crate::{
    audit::Status,
    error::{Error, Result},
    operation::Operation,
    policy::{self, Granted},
    quota::Usage,
    transfer::{UploadState, upload_end_present as present},
};

impl UserFs {
    /// Renames a file, link or directory. An existing file at the target is replaced if `overwrite` is granted there;
    /// an existing directory never is (SFTP-034…SFTP-037, ACC-136…ACC-143).
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Unsupported` for the same or nested paths and existing directories, `Quota`, or what the
    /// storage says.
    pub async fn rename(&self, from: &VirtualPath, to: &VirtualPath) -> Result<()> {
        self.rename_with(from, to, &Progress::default()).await
    }

    /// [`UserFs::rename`] that can be told to end: between two storages it copies.
    pub(super) async fn rename_with(&self, from: &VirtualPath, to: &VirtualPath, progress: &Progress) -> Result<()> {
        if from == to || from.starts_with(to) || to.starts_with(from) {
            return Err(Error::Unsupported);
        }
        if let Some(upload) = self.0.overlay.get(from) {
            return self.rename_in_flight(&upload, from, to).await;
        }
        let probe = self.probe(Operation::RenameFile, from)?;
        let found = match present(self.0.account.door.stat(&probe, false).await)? {
            Some(found) => found,
            None if self.user().is_mount_point(from) || self.user().contains_mounts(from) => Metadata::virtual_directory(),
            None => return Err(Error::NotFound),
        };
        let operation = if found.is_directory() { Operation::RenameDirectory } else { Operation::RenameFile };
        let source = self.authorize(operation, from)?;
        let target = self.authorize(operation, to)?;
        self.may_replace(&target, to).await?;
        if found.is_directory() {
            self.refuse_mapped_paths(&source)?;
        }
        self.check_tree(&found, from, to).await?;
        self.before(operation, from, Some(to), Some(found.size)).await?;
        let (fs, from, to, progress) = (self.clone(), from.clone(), to.clone(), progress.clone());
        self.finish(async move {
            fs.rename_granted(&source, &target, &found, &progress).await?;
            fs.after(operation, &from, Some(&to), Some(found.size)).await;
            Ok(())
        })
        .await
    }

    /// What a rename would replace; an existing directory is refused.
    async fn may_replace(&self, target: &Granted, to: &VirtualPath) -> Result<Option<Metadata>> {
        let Some(found) = present(self.0.account.door.stat(target, false).await)? else {
            if self.user().contains_mounts(to) {
                return Err(Error::Unsupported);
            }
            return Ok(None);
        };
        if found.is_directory() {
            return Err(Error::Unsupported);
        }
        self.authorize(Operation::Overwrite, to)?;
        Ok(Some(found))
    }

    async fn rename_granted(&self, source: &Granted, target: &Granted, found: &Metadata, progress: &Progress) -> Result<()> {
        let door = &self.0.account.door;
        let (from, to) = (source.place(), target.place());
        if from.storage == to.storage {
            self.rename_within(source, target, found).await?;
            progress.add_entry();
            Ok(())
        } else if door.same_resource(from.storage, to.storage) || self.both_local(source, target) {
            self.rename_across(source, target, found, progress).await
        } else {
            Err(policy::Denial::new("storages", "a rename from one storage to another is a copy: copy and delete instead").into())
        }
    }

    async fn rename_within(&self, source: &Granted, target: &Granted, found: &Metadata) -> Result<()> {
        let session = &self.0;
        let (from, to, core) = (source.place(), target.place(), &session.core.0);
        let _changing = (core.names.changing(session, from), core.names.changing(session, to));
        let _tree = found.is_directory().then(|| core.names.changing_tree(session, from));
        let turn = core.names.turn(session, to).await;
        // What is there now is what goes, not what was there before the hooks were asked.
        let replaced = self.may_replace(target, &to.virtual_path).await?;
        session.account.door.rename(source, target, replaced.is_some()).await?;
        let change = replaced.map_or(Usage::default(), |replaced| retire::usage(session, to, &replaced));
        core.names.moved(session, from, to);
        drop(turn);
        if found.is_directory() {
            for partial in core.partials.moved(session.username(), from, to) {
                // Without a pause between: whoever goes on with it now comes after us.
                let stored = core.store.transfers().submit_partial(partial);
                stored.map_err(|error| Error::of_store("moving a partial", error))?;
            }
        }
        self.settlement("rename", from, Some(to), found.size).change(session, to, change, false).write(session).await
    }

    /// Between two storages: copied whole, then removed at the source, as far as that is still what was copied. What was
    /// copied and what was removed is settled, even if the removal stops half way.
    async fn rename_across(&self, source: &Granted, target: &Granted, found: &Metadata, progress: &Progress) -> Result<()> {
        let session = &self.0;
        let (from, to) = (source.place(), target.place());
        let names = &session.core.0.names;
        let _changing = (names.changing_tree(session, from), names.changing_tree(session, to));
        Transplant::refuse_busy(self, source)?;
        let mut tree = Transplant::of(self, source, target, found).await?;
        let replaced = self.may_replace(target, &to.virtual_path).await?;
        let reservation = tree.reserve(self, source, target, replaced.as_ref())?;
        let (came, copied) = tree.copy(self, progress).await;
        let (is_undone, (gone, moved)) = match copied {
            Ok(()) => (false, tree.remove_source(self).await),
            Err(failure) => (!failure.leaves && came == Usage::default(), (Usage::default(), Err(failure.error))),
        };
        let is_reserved = reservation.is_some();
        if let Some(reservation) = reservation {
            reservation.settle(came);
        }
        if is_undone {
            return moved;
        }
        let status = if moved.is_ok() { Status::Ok } else { Status::Failed };
        self.settlement_with("rename", from, Some(to), found.size, status)
            .change(session, from, gone, false)
            .change(session, to, came, is_reserved)
            .write(session)
            .await?;
        moved
    }

    fn both_local(&self, source: &Granted, target: &Granted) -> bool {
        let door = &self.0.account.door;
        door.origin(source.place().storage).provider == 0 && door.origin(target.place().storage).provider == 0
    }

    /// The upload gets its new name at its end; what it takes is decided now.
    async fn rename_in_flight(&self, upload: &std::sync::Arc<UploadState>, from: &VirtualPath, to: &VirtualPath) -> Result<()> {
        self.authorize(Operation::RenameFile, from)?;
        let target = self.authorize(Operation::RenameFile, to)?;
        self.may_replace(&target, to).await?;
        let place = upload.place.lock().clone();
        // What is left of it lies in the directory where it was begun: there it must be found again.
        if place.storage != target.place().storage || place.path.parent() != target.place().path.parent() {
            return Err(Error::Unsupported);
        }
        upload.move_to(target.place().clone());
        Ok(())
    }

    /// A local directory that is the mapped path of a mounted folder stays where it is (ACC-139).
    fn refuse_mapped_paths(&self, source: &Granted) -> Result<()> {
        let real = self.0.account.door.real_path(source.place());
        let mapped = self.user().mounts.iter().any(|mount| mount.folder.mapped_path.trim_end_matches('/') == real);
        if mapped {
            return Err(policy::Denial::new("virtual_folders", "the directory is the storage of a mounted folder").into());
        }
        Ok(())
    }

    /// A directory takes its content along: unless each entry could be renamed by itself anyway, every one of them is checked
    /// (ACC-140, SFTP-035).
    async fn check_tree(&self, found: &Metadata, from: &VirtualPath, to: &VirtualPath) -> Result<()> {
        let user = self.user();
        if found.is_directory() {
            let is_free = policy::grants_every_rename(user, from) && policy::grants_every_rename(user, to);
            if is_free && user.patterns.is_empty() && !self.rules_differ(from, to) && !self.may_hold_links(from) {
                return Ok(());
            }
        } else {
            if found.is_symlink() {
                self.may_be_called(from, to, (from, to)).await?;
            }
            if !self.is_way_in(found, from, to).await? {
                return Ok(());
            }
        }
        let roots = (from, to);
        // What lies behind a link stays where it is.
        let mut directories = vec![(from.clone(), to.clone(), found.is_symlink())];
        while let Some((from, to, is_behind)) = directories.pop() {
            for directory in [&from, &to] {
                policy::may_rename_in(user, directory)
                    .inspect_err(|error| self.note_denial(Operation::RenameDirectory, directory, error))?;
            }
            let granted = policy::own_work(Operation::RenameDirectory, self.place(&from));
            let mut stream = self.0.account.door.list(&granted).await?;
            loop {
                let entries = stream.next(256).await?;
                if entries.is_empty() {
                    break;
                }
                for entry in entries {
                    if !is_nameable(&entry.name) {
                        return Err(unnameable::keeps(&from));
                    }
                    let (Ok(from), Ok(to)) = (from.child(&entry.name), to.child(&entry.name)) else {
                        return Err(Error::Unsupported);
                    };
                    let is_directory = entry.metadata.is_directory();
                    let operation = if is_directory { Operation::RenameDirectory } else { Operation::RenameFile };
                    self.authorize(operation, &from)?;
                    self.authorize(operation, &to)?;
                    let is_link = entry.metadata.is_symlink();
                    if is_link && !is_behind {
                        self.may_be_called(&from, &to, roots).await?;
                    }
                    if is_directory || self.is_way_in(&entry.metadata, &from, &to).await? {
                        directories.push((from, to, is_behind || is_link));
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether links that users made may lie in a directory, and lead to other rules when it is called otherwise.
    fn may_hold_links(&self, directory: &VirtualPath) -> bool {
        let (user, storage) = (self.user(), self.place(directory).storage);
        let is_one = user.permissions.is_uniform() && user.patterns.is_empty();
        !is_one && links::are_possible(&self.0.core, &self.0.account.door, storage).is_ok()
    }

    /// Whether other rules may hold in what is called `from`, or will be called `to`, than in what it lies in.
    fn rules_differ(&self, from: &VirtualPath, to: &VirtualPath) -> bool {
        let (permissions, patterns) = (&self.user().permissions, &self.user().patterns);
        [from, to].into_iter().any(|path| permissions.any_within(path) || patterns.any_within(path))
    }

    /// Whether an entry is a link to a directory, in which rules hold that are the link's own: they are about the name that a
    /// client uses (ACC-354), so with another name they would not hold.
    async fn is_way_in(&self, found: &Metadata, from: &VirtualPath, to: &VirtualPath) -> Result<bool> {
        if !found.is_symlink() || !self.rules_differ(from, to) {
            return Ok(false);
        }
        let granted = policy::own_work(Operation::RenameFile, self.place(from));
        match self.0.account.door.stat(&granted, true).await {
            Ok(behind) => Ok(behind.is_directory()),
            // It leads nowhere, or out of the root, where nobody follows it.
            Err(Error::NotFound | Error::NotDirectory | Error::StorageDenied) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
