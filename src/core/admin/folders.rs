//! Virtual folders (ACC-234, ACC-366).

use entrepot_model::{AdminPermission as P, BaseVirtualFolder};
use entrepot_store::ListOptions;

use super::{
    AdminSession, Faults,
    changes::{self, Action, Change},
    check_root, invalid, rules, sealing, settled, stored,
};
use crate::{Core, Error, Result, quota::QuotaOwner};

const KIND: &str = "folder";

/// A page of folders with their usage, without what is confidential.
///
/// # Errors
/// `Denied` without `view_folders`.
pub async fn list(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<BaseVirtualFolder>> {
    session.require(P::ViewFolders)?;
    settled(core).await?;
    let mut folders = core.0.store.folders().list(options).await.map_err(stored)?;
    folders.iter_mut().for_each(BaseVirtualFolder::hide_confidential);
    Ok(folders)
}

/// Names of a page of them, without the rest: what fields suggest.
///
/// # Errors
/// As [`list`].
pub async fn names(core: &Core, session: &AdminSession, options: ListOptions) -> Result<Vec<String>> {
    session.require(P::ViewFolders)?;
    core.0.store.folders().names(options).await.map_err(stored)
}

/// How many folders such a list has without paging.
///
/// # Errors
/// As [`list`].
pub async fn count(core: &Core, session: &AdminSession, options: ListOptions) -> Result<u64> {
    session.require(P::ViewFolders)?;
    core.0.store.folders().count(options).await.map_err(stored)
}

/// One folder; `confidential` as for users (SEC-008).
///
/// # Errors
/// `Denied` without `view_folders`; `NotFound`.
pub async fn get(core: &Core, session: &AdminSession, name: &str, confidential: bool) -> Result<BaseVirtualFolder> {
    session.require(P::ViewFolders)?;
    settled(core).await?;
    let mut folder = existing(core, name).await?;
    if !(confidential && session.may(P::Any)) {
        folder.hide_confidential();
    }
    Ok(folder)
}

/// Adds a folder.
///
/// # Errors
/// `Denied` without `manage_folders`; `Invalid`; `Conflict` when the name is taken.
pub async fn add(core: &Core, session: &AdminSession, mut folder: BaseVirtualFolder) -> Result<BaseVirtualFolder> {
    session.require(P::ManageFolders)?;
    let mut faults = Faults::default();
    faults.note(folder.validate(&rules(core, true)).map_err(invalid))?;
    faults.note(check_root(core, "mapped_path", &folder.filesystem, &folder.mapped_path).await)?;
    faults.end()?;
    let owner = owner(&folder.name);
    sealing::seal_filesystem(core, &mut folder.filesystem, &owner)?;
    let added = core.0.store.folders().insert(folder).await.map_err(stored)?;
    Ok(finish(core, session, Action::Add, added))
}

/// Replaces a folder. Sessions that are open keep the old storage until they end.
///
/// # Errors
/// `Denied` without `manage_folders`; `NotFound`; `Invalid`.
pub async fn update(core: &Core, session: &AdminSession, name: &str, mut folder: BaseVirtualFolder) -> Result<BaseVirtualFolder> {
    session.require(P::ManageFolders)?;
    let old = existing(core, name).await?;
    folder.name.clone_from(&old.name);
    folder.filesystem.keep_secrets_from(&old.filesystem);
    let mut faults = Faults::default();
    faults.note(folder.validate(&rules(core, false)).map_err(invalid))?;
    faults.note(check_root(core, "mapped_path", &folder.filesystem, &folder.mapped_path).await)?;
    faults.end()?;
    sealing::seal_filesystem(core, &mut folder.filesystem, &owner(&old.name))?;
    let updated = core.0.store.folders().update(folder, core.clock().millis()).await.map_err(stored)?;
    Ok(finish(core, session, Action::Update, updated))
}

/// Deletes a folder and every mapping to it; its files stay (API-046).
///
/// # Errors
/// `Denied` without `del_folders`; `NotFound`.
pub async fn delete(core: &Core, session: &AdminSession, name: &str) -> Result<()> {
    session.require(P::DelFolders)?;
    let folder = existing(core, name).await?;
    core.0.store.folders().delete(&folder.name, core.clock().millis()).await.map_err(stored)?;
    core.0.ledger.forget(&QuotaOwner::Folder(folder.name.clone()));
    finish(core, session, Action::Delete, folder);
    Ok(())
}

/// Whom the secrets of a folder are sealed for (SEC-019).
pub(super) fn owner(name: &str) -> String {
    format!("folder_{name}")
}

pub(super) async fn existing(core: &Core, name: &str) -> Result<BaseVirtualFolder> {
    let name = rules(core, false).names.apply(name);
    core.0.store.folders().get(&name).await.map_err(stored)?.ok_or(Error::NotFound)
}

pub(super) fn finish(core: &Core, session: &AdminSession, action: Action, mut folder: BaseVirtualFolder) -> BaseVirtualFolder {
    core.0.accounts.invalidate_all();
    folder.hide_confidential();
    changes::record(core, session, &Change { action, kind: KIND, name: &folder.name, role: "", object: &folder });
    folder
}
