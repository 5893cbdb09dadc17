//! What an upload left in a folder that its account does not have any more, or whose account is gone. Nobody can go on with it,
//! and as no listing shows it, nobody would ever remove it.

use entrepot_model::{BaseVirtualFolder, VirtualPath};
use entrepot_store::UploadIntent;

use crate::{
    Core,
    accounts::umask,
    error::{Error, Result},
    fs::door::Door,
    operation::Operation,
    place::{Place, StorageIndex},
    policy,
    quota::{QuotaOwner, Running, Subject, scan},
};

/// Removes what lies of an upload in its folder; answers the folder, if there is one still.
///
/// # Errors
/// What the storage says.
pub(super) async fn remove(core: &Core, intent: &UploadIntent) -> Result<Option<BaseVirtualFolder>> {
    let Some(name) = &intent.folder else { return Ok(None) };
    let found = core.0.store.folders().get(name).await;
    let Some(folder) = found.map_err(|error| Error::internal("reading a folder", error))? else { return Ok(None) };
    let path = VirtualPath::parse(&intent.backend_path).map_err(|error| Error::internal("path of an intent", error))?;
    let door = match Door::of_folder(&folder, core.0.storages.as_ref(), core.tasks(), umask(&core.settings())) {
        // A build without that kind of storage.
        Err(Error::Unsupported) => return Ok(None),
        other => other?,
    };
    let place = Place { storage: StorageIndex(0), folder: None, virtual_path: path.clone(), path };
    let granted = policy::own_work(Operation::Upload, place);
    match door.discard_partial(&granted, &intent.id, &intent.token).await {
        Ok(()) | Err(Error::NotFound) => Ok(Some(folder)),
        Err(error) => Err(error),
    }
}

/// Counts a folder anew. Whether it or the account was charged for an upload is not known any more without the mapping.
pub(super) fn recount(core: &Core, folder: BaseVirtualFolder) {
    if core.settings().data_provider.track_quota == 0 {
        return;
    }
    let owner = QuotaOwner::Folder(folder.name.clone());
    let running = Running { role: String::new(), started_at: core.clock().millis() };
    // One that runs counts without it as well.
    if let Some(entry) = core.0.scans.enter(&owner, running) {
        core.tasks().spawn(scan(core.clone(), Subject::Folder(Box::new(folder)), entry));
    }
}
