//! What keeps an operation from a path: options, permissions, patterns, mounts, and storages that cannot do it.

use entrepot_model::{
    Protocol, VirtualPath,
    verdict::{Check, Stage},
};
use entrepot_storage::RootUse;

use super::{Outcome, check, noted, root};
use crate::{
    Core, Decision, Denial, Operation,
    accounts::Account,
    fs::{attributes, links, write},
    place::Place,
    policy,
};

pub(super) async fn judge(core: &Core, account: &Account, protocol: Protocol, operation: Operation, path: &VirtualPath) -> Check {
    let place = Place::of(&account.user, path);
    let asked = policy::protocol_allows(&account.user, protocol.as_str(), operation)
        .and_then(|()| decide(account, operation, path))
        .and_then(|()| can(core, account, operation, &place));
    let asked = match asked {
        Ok(()) => is_there(core, account, operation, path, &place).await,
        refused => refused,
    };
    if asked.is_ok() && attributes::ignores(core, &account.door, place.storage, operation) {
        let mode = core.settings().common.setstat_mode;
        return noted(Stage::Files, format!("it is answered, and nothing changes: common.setstat_mode is {mode}"));
    }
    check(Stage::Files, asked)
}

fn decide(account: &Account, operation: Operation, path: &VirtualPath) -> Outcome {
    if matches!(operation, Operation::Upload | Operation::Overwrite) {
        write::may_be_file(&account.user, path)?;
    }
    match policy::decide(&account.user, operation, path) {
        Decision::Allow => Ok(()),
        Decision::Deny(denial) | Decision::Unsupported(denial) => Err(denial),
    }
}

/// Whether the storage does it.
fn can(core: &Core, account: &Account, operation: Operation, place: &Place) -> Outcome {
    match operation {
        Operation::CreateSymlink => links::are_possible(core, &account.door, place.storage),
        Operation::Truncate => attributes::truncates(&account.door, place.storage),
        _ => Ok(()),
    }
}

/// Whether there is a storage below the path that can be used so.
async fn is_there(core: &Core, account: &Account, operation: Operation, path: &VirtualPath, place: &Place) -> Outcome {
    // A mount is a directory whatever lies behind it.
    if operation == Operation::Stat && account.user.is_mount_point(path) {
        return Ok(());
    }
    let wanted = if operation.row().writes { RootUse::Change } else { RootUse::Read };
    root(core, account, place.storage, wanted).await.map_err(|problem| match &place.folder {
        Some(folder) => Denial::new("virtual_folders", format!("the folder {folder} cannot be used: {problem}")),
        None => Denial::new("home_dir", problem),
    })
}
