//! Symbolic links.

use entrepot_model::{PatternVerdict, Permission, VirtualPath};

use super::{
    UserFs,
    door::Door,
    link_text::{climbs_late, leaves_root, relative},
};
use crate::{
    Core,
    audit::lines,
    error::{Error, Result},
    operation::Operation,
    place::{Place, StorageIndex},
    policy::{self, Denial},
    transfer::upload_end_present,
};

impl UserFs {
    /// Makes a symbolic link at `link` that leads to `target`: relative to the link's directory, or an absolute virtual
    /// path, which is stored as a relative link (SFTP-038), as is one that climbs above the root.
    ///
    /// # Errors
    /// `Unsupported` unless `common.symlink_mode` allows it and both lie in one storage; `Denied`; `NotFound` for a target
    /// that is hidden; `Exists`.
    pub async fn create_symlink(&self, target: &[u8], link: &VirtualPath) -> Result<()> {
        let directory = link.parent().unwrap_or_else(VirtualPath::root);
        let Ok(target_path) = directory.join(target) else { return Err(Error::Unsupported) };
        let (from, to) = (self.place(&target_path), self.place(link));
        if from.storage != to.storage {
            return Err(Error::Unsupported);
        }
        if let Err(denial) = are_possible(&self.0.core, &self.0.account.door, to.storage) {
            tracing::debug!(%denial, "unsupported");
            return Err(Error::Unsupported);
        }
        if target_path.is_root() || link.is_root() || from.path.is_root() || to.path.is_root() {
            return Err(Denial::new("root", "a root is neither a link nor the target of one").into());
        }
        if matches!(self.user().patterns.check(&target_path), PatternVerdict::Denied { hide: true, .. }) {
            return Err(Error::NotFound);
        }
        let granted = self.authorize(Operation::CreateSymlink, link)?;
        self.authorize(Operation::CreateSymlink, &target_path)?;
        // Rules are about the names that clients use (ACC-354): through the link, those of directories below would not hold.
        if !self.user().permissions.all_within(&target_path, &[Permission::CreateSymlinks]) {
            let error =
                Denial::new("permissions", format!("{target_path} or a directory below it does not grant create_symlinks"))
                    .into();
            self.note_denial(Operation::CreateSymlink, &target_path, &error);
            return Err(error);
        }
        self.keeps_filters(&from, &target_path, link).await?;
        let above = leaves_root(&to.path.parent().unwrap_or_else(VirtualPath::root), target);
        // A text that climbs above the root means a path below it: who meets the link under another root must not be led
        // out by it. One that climbs after a name climbs from where that name leads, which may be a link itself.
        let is_kept = target.first() != Some(&b'/') && !above && !climbs_late(target);
        let text = if is_kept { target.to_vec() } else { relative(&to.path, &from.path) };
        if text.starts_with(b"..") {
            self.is_where_it_is_called(Operation::CreateSymlink, &to).await?;
        }
        self.0.account.door.symlink(&granted, &text).await?;
        lines::command(&self.0, &from, &lines::Command { sender: "Symlink", target: Some(&to), ..lines::Command::default() });
        Ok(())
    }

    /// Whether a link that is called `from` may be called `to`: if it leads elsewhere then, not to where less is granted than
    /// under the new name, nor past a filter (ACC-379, ACC-354). `roots` are the old and the new name of what is renamed.
    ///
    /// # Errors
    /// `Denied`, and what the storage says.
    pub(super) async fn may_be_called(
        &self,
        from: &VirtualPath,
        to: &VirtualPath,
        roots: (&VirtualPath, &VirtualPath),
    ) -> Result<()> {
        let user = self.user();
        if user.permissions.is_uniform() && user.patterns.is_empty() {
            return Ok(());
        }
        let granted = policy::own_work(Operation::RenameFile, self.place(from));
        let text = self.0.account.door.read_link(&granted).await?;
        let (before, now) = (meaning(granted.place(), &text), meaning(&self.place(to), &text));
        // Nobody follows what leads out of the root.
        let Some(now) = now else { return Ok(()) };
        if text.split(|&byte| byte == b'/').any(|part| part == b"..") {
            self.is_where_it_is_called(Operation::RenameFile, &self.place(roots.1)).await?;
        }
        let is_along = || {
            let inside = |path: &VirtualPath, root: &VirtualPath| {
                path.starts_with(root).then(|| path.as_bytes()[root.as_bytes().len()..].to_vec())
            };
            let (old, new) = (before.as_ref().and_then(|before| inside(before, roots.0)), inside(&now, roots.1));
            old.is_some() && old == new && !user.permissions.any_within(roots.1) && !user.patterns.any_within(roots.1)
        };
        let is_free = || user.permissions.grants_as_much_within(&now, to) && !user.patterns.any_lost(&now, to);
        if before.as_ref() == Some(&now) || is_free() || is_along() {
            return Ok(());
        }
        let error = Denial::new("permissions", format!("as {to} the link would lead to {now}, where other rules hold")).into();
        self.note_denial(Operation::RenameFile, to, &error);
        Err(error)
    }

    /// Filters are about the names that clients use: a link to a directory with others would lead past them.
    async fn keeps_filters(&self, target: &Place, target_path: &VirtualPath, link: &VirtualPath) -> Result<()> {
        if !self.user().patterns.any_lost(target_path, link) {
            return Ok(());
        }
        let granted = policy::own_work(Operation::CreateSymlink, target.clone());
        // What is not there may become a directory.
        if upload_end_present(self.0.account.door.stat(&granted, true).await)?.is_some_and(|found| !found.is_directory()) {
            return Ok(());
        }
        let error = Denial::new("file_patterns", format!("other filters hold in {target_path} than in {link}")).into();
        self.note_denial(Operation::CreateSymlink, target_path, &error);
        Err(error)
    }

    /// A text with `..` is read from the directory in which the link lies: that must be the one of its name, reached
    /// without a link.
    async fn is_where_it_is_called(&self, operation: Operation, link: &Place) -> Result<()> {
        for directory in link.path.ancestors().skip(1).filter(|directory| !directory.is_root()) {
            let granted = policy::own_work(operation, link.at(directory));
            if self.0.account.door.stat(&granted, false).await?.is_symlink() {
                let error = Denial::new("permissions", "the directory of the link is reached through a link itself").into();
                self.note_denial(operation, &link.virtual_path, &error);
                return Err(error);
            }
        }
        Ok(())
    }

    /// The virtual path that a link leads to (SFTP-040).
    ///
    /// # Errors
    /// `NotFound` for a hidden target, `Denied` without `list` on the link's or the target's directory, `StorageDenied` for
    /// a target outside the root.
    pub async fn read_link(&self, path: &VirtualPath) -> Result<VirtualPath> {
        let granted = self.authorize(Operation::ReadLink, path)?;
        let text = self.0.account.door.read_link(&granted).await?;
        if text.first() == Some(&b'/') {
            return Err(Error::StorageDenied);
        }
        let place = granted.place();
        let directory = place.path.parent().unwrap_or_else(VirtualPath::root);
        if leaves_root(&directory, &text) {
            return Err(Error::StorageDenied);
        }
        let Ok(target) = directory.join(&text) else { return Err(Error::StorageDenied) };
        let target = place.to_virtual(&target).ok_or(Error::StorageDenied)?;
        policy::authorize(self.user(), Operation::ReadLink, &target)?;
        Ok(target)
    }
}

/// The virtual path that a link of this text leads to; `None` for one that nobody follows.
fn meaning(link: &Place, text: &[u8]) -> Option<VirtualPath> {
    let directory = link.path.parent().unwrap_or_else(VirtualPath::root);
    if text.first() == Some(&b'/') || leaves_root(&directory, text) {
        return None;
    }
    link.to_virtual(&directory.join(text).ok()?)
}

/// Whether links can be made in a storage: `common.symlink_mode` names the kinds, bit 1 every kind but SFTP, which is bit 2.
pub(crate) fn are_possible(core: &Core, door: &Door, storage: StorageIndex) -> std::result::Result<(), Denial> {
    let mode = core.settings().common.symlink_mode;
    let bit = if door.origin(storage).provider == 5 { 2 } else { 1 };
    if mode & bit == 0 {
        return Err(Denial::new(
            "symlink_mode",
            format!("common.symlink_mode is {mode}, links in this storage need {bit} in it"),
        ));
    }
    if !door.capabilities(storage).symlinks {
        return Err(Denial::new("storage", "this storage has no links"));
    }
    Ok(())
}
