//! Roles, virtual folders and groups in backups.

use entrepot_model::{BaseVirtualFolder, Group, Role, VirtualFolder};
use entrepot_store::ListOptions;

use super::{
    Outcome, Scope,
    object::{Load, Restorable},
};
use crate::{
    Core, Result,
    admin::{changes::Action, check_root, folders, groups, invalid, roles, rules, sealing, stored},
};

/// The page after a name.
pub(super) fn after(after: Option<String>, limit: u64) -> ListOptions {
    ListOptions { limit, after, ..ListOptions::default() }
}

/// The event of a restore.
pub(super) fn action(existed: bool) -> Action {
    if existed { Action::Update } else { Action::Add }
}

/// The folders that are mounted.
pub(super) fn mounted(mounts: &[VirtualFolder]) -> impl Iterator<Item = (Scope, String)> {
    mounts.iter().map(|mount| (Scope::Folders, mount.folder.name.clone()))
}

impl Restorable for Role {
    const SCOPE: Scope = Scope::Roles;

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.roles().list(after(name, limit)).await.map_err(stored)
    }

    async fn restore(mut self, load: &Load) -> Result<Outcome> {
        let (core, now) = (load.core(), load.core().clock().millis());
        let existed = core.0.store.roles().get(&rules(core, true).names.apply(&self.name)).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        self.validate(&rules(core, true)).map_err(invalid)?;
        if load.plan(Self::SCOPE, &self.name, &[]).await? {
            let roles = core.0.store.roles();
            let stored_role = if existed { roles.update(self, now).await } else { roles.insert(self, now).await };
            roles::finish(core, load.session(), action(existed), stored_role.map_err(stored)?);
        }
        Ok(Outcome::of(existed))
    }
}

impl Restorable for BaseVirtualFolder {
    const SCOPE: Scope = Scope::Folders;

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.folders().list(after(name, limit)).await.map_err(stored)
    }

    async fn restore(mut self, load: &Load) -> Result<Outcome> {
        let (core, now) = (load.core(), load.core().clock().millis());
        let existed = core.0.store.folders().get(&rules(core, true).names.apply(&self.name)).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        self.validate(&rules(core, true)).map_err(invalid)?;
        check_root(core, "mapped_path", &self.filesystem, &self.mapped_path).await?;
        let owner = folders::owner(&self.name);
        sealing::seal_filesystem(core, &mut self.filesystem, &owner)?;
        if load.plan(Self::SCOPE, &self.name, &[]).await? {
            let folders = core.0.store.folders();
            let folder = if existed { folders.update(self, now).await } else { folders.insert(self).await };
            folders::finish(core, load.session(), action(existed), folder.map_err(stored)?);
        }
        Ok(Outcome::of(existed))
    }
}

impl Restorable for Group {
    const SCOPE: Scope = Scope::Groups;

    fn name(&self) -> String {
        self.name.clone()
    }

    async fn complete(core: &Core, name: Option<String>, limit: u64) -> Result<Vec<Self>> {
        core.0.store.groups().list(after(name, limit)).await.map_err(stored)
    }

    async fn restore(mut self, load: &Load) -> Result<Outcome> {
        let (core, now) = (load.core(), load.core().clock().millis());
        let existed = core.0.store.groups().get(&rules(core, true).names.apply(&self.name)).await.map_err(stored)?.is_some();
        if existed && load.keeps_existing() {
            return Ok(Outcome::Kept);
        }
        self.validate(&rules(core, true)).map_err(invalid)?;
        groups::check_home(core, &self).await?;
        let owner = groups::owner(&self.name);
        sealing::seal_filesystem(core, &mut self.user_settings.filesystem, &owner)?;
        let references: Vec<_> = mounted(&self.virtual_folders).collect();
        if load.plan(Self::SCOPE, &self.name, &references).await? {
            let groups = core.0.store.groups();
            let group = if existed { groups.update(self, now).await } else { groups.insert(self, now).await };
            groups::finish(core, load.session(), action(existed), group.map_err(stored)?);
        }
        Ok(Outcome::of(existed))
    }
}
