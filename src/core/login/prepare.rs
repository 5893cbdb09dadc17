//! What a login makes sure of in the storages of the account: roots, and directories that lead to mounts (ACC-084).

use entrepot_model::VirtualPath;
use entrepot_storage::Owner;

use crate::{
    Core, Operation, Result,
    accounts::{Account, umask},
    place::{Place, StorageIndex},
    policy,
};

/// Checks the account's root and makes it; then, as far as possible, folder roots, the start directory and the virtual
/// parents of mounts. Skipped with `disable_fs_checks`, and soon after a login that did it.
///
/// # Errors
/// Those of the root storage (ACC-085); other faults are logged, they concern a part of the account only.
pub(crate) async fn storage(core: &Core, account: &Account) -> Result<()> {
    if !is_due(core, account) {
        return Ok(());
    }
    let user = &account.user;
    account.door.check_root().await.inspect_err(|error| {
        let root = account.door.root(StorageIndex(0)).display();
        tracing::warn!(username = user.user.username, %root, %error, "the root of an account cannot be used");
    })?;
    for (index, mount) in user.mounts.iter().enumerate() {
        if let Err(error) = account.door.check_mount(index).await {
            tracing::warn!(username = user.user.username, folder = mount.folder.name, %error, "a folder cannot be used");
        }
    }
    let start = user.user.filters.base.start_directory.as_str();
    let mounts = user.mounts.iter().map(|mount| mount.virtual_path.as_str());
    for wanted in mounts.chain((!start.is_empty()).then_some(start)) {
        let Ok(path) = VirtualPath::parse(wanted.as_bytes()) else { continue };
        // A mount point itself is made by its folder.
        let last = if user.is_mount_point(&path) { path.parent() } else { Some(path) };
        if let Some(last) = last {
            make_directories(account, &last, umask(&core.settings())).await;
        }
    }
    Ok(())
}

/// Whether a login looks at the storages now.
pub(crate) fn is_due(core: &Core, account: &Account) -> bool {
    !account.user.user.filters.base.disable_fs_checks && !account.was_checked(core.clock().millis())
}

async fn make_directories(account: &Account, last: &VirtualPath, umask: Option<u32>) {
    let id = |id: i64| u32::try_from(id).ok().filter(|id| *id > 0);
    let owner = Owner { uid: id(account.user.user.uid), gid: id(account.user.user.gid) };
    let mut path = VirtualPath::root();
    for name in last.components() {
        let Ok(next) = path.child(name) else { return };
        path = next;
        if account.user.is_mount_point(&path) {
            continue;
        }
        let granted = policy::own_work(Operation::CreateDirectory, Place::of(&account.user, &path));
        if account.door.stat(&granted, true).await.is_ok() {
            continue;
        }
        if let Err(error) = account.door.create_directory(&granted, owner, umask).await {
            tracing::warn!(username = account.user.user.username, %path, %error, "a directory cannot be made");
            return;
        }
    }
}
