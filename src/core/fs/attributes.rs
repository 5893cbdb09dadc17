//! Changing attributes: times, mode, owner, size.

use entrepot_model::VirtualPath;
use entrepot_storage::{Attributes, ErrorKind};

use super::{UserFs, door::Door};
use crate::{
    Core,
    audit::lines,
    error::{Error, Result},
    operation::Operation,
    place::{Place, StorageIndex},
    policy::{self, Denial, Granted},
    quota::Usage,
    session::SessionState,
};

impl UserFs {
    /// Changes attributes in the order times, mode, owner, size; the first that is refused stops (SFTP-025…SFTP-030).
    /// With `follow` the target of a link is changed. A file in flight of this connection is changed as it is written.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Quota` when a file grows too large, `Unsupported`, or what the storage says.
    pub async fn set_attributes(&self, path: &VirtualPath, attributes: &Attributes, follow: bool) -> Result<()> {
        if let Some(upload) = self.0.overlay.get(path) {
            return upload.set_attributes(attributes).await;
        }
        let allowed = permitted(&self.0, path, attributes, Operation::Truncate)?;
        let place = self.place(path);
        let rest = Attributes { size: None, ..allowed };
        if rest != Attributes::default() {
            let operation = if rest.times.is_some() {
                Operation::ChangeTimes
            } else if rest.mode.is_some() {
                Operation::ChangeMode
            } else {
                Operation::ChangeOwner
            };
            let granted = self.authorize(operation, path)?;
            tolerant_core(&self.0, &place, self.0.account.door.set_attributes(&granted, &rest, follow).await)?;
            log_changes(&self.0, &place, &rest);
        }
        if let Some(size) = allowed.size {
            self.truncate(path, size).await?;
        }
        Ok(())
    }

    /// Changes the size of a file; quota follows the difference (SFTP-030).
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Quota`, `Unsupported` where the storage cannot.
    pub async fn truncate(&self, path: &VirtualPath, size: u64) -> Result<()> {
        let granted = self.authorize(Operation::Truncate, path)?;
        if truncates(&self.0.account.door, granted.place().storage).is_err() {
            return Err(Error::Unsupported);
        }
        let most = u64::try_from(self.user().user.filters.base.max_upload_file_size).unwrap_or(0);
        if most > 0 && size > most {
            return Err(Error::Quota);
        }
        let fs = self.clone();
        self.finish(async move { fs.truncate_granted(&granted, size).await }).await
    }

    async fn truncate_granted(&self, granted: &Granted, size: u64) -> Result<()> {
        let session = &self.0;
        let door = &session.account.door;
        // The name of the file itself, behind links: that is what others change.
        let place = granted.place().at(door.resolve(granted).await?);
        let names = &session.core.0.names;
        let _changing = names.changing(session, &place);
        let turn = names.turn(session, &place).await;
        let found = door.stat(granted, true).await?;
        if !found.is_file() {
            return Err(if found.is_directory() { Error::IsDirectory } else { Error::Unsupported });
        }
        let (owner, limits) = session.quota_of(&place);
        let counter = session.core.0.ledger.ensure(&owner, Usage::default());
        let reservation = counter.reserve(limits, 0, Some(size.saturating_sub(found.size)), 0)?;
        let resize = Attributes { size: Some(size), ..Attributes::default() };
        door.set_attributes(granted, &resize, true).await?;
        let change = Usage { files: 0, size: names.resized(session, &place, found.size, size) };
        drop(turn);
        reservation.settle(change);
        lines::command(session, &place, &lines::Command { sender: "Truncate", set: resize, ..lines::Command::default() });
        crate::transfer::Settlement::default().change(session, &place, change, true).write(session).await
    }
}

/// Whether files of a storage can get another size in place.
pub(crate) fn truncates(door: &Door, storage: StorageIndex) -> std::result::Result<(), Denial> {
    if door.capabilities(storage).truncate {
        return Ok(());
    }
    Err(Denial::new("storage", "files of this storage cannot get another size"))
}

/// A line for each kind of change (LOG-004).
fn log_changes(session: &SessionState, place: &Place, changed: &Attributes) {
    let none = Attributes::default();
    let lines = [
        ("Chmod", changed.mode.map(|mode| Attributes { mode: Some(mode), ..none })),
        ("Chown", changed.owner.map(|owner| Attributes { owner: Some(owner), ..none })),
        ("Chtimes", changed.times.map(|times| Attributes { times: Some(times), ..none })),
    ];
    for (sender, set) in lines.into_iter().filter_map(|(sender, set)| Some((sender, set?))) {
        lines::command(session, place, &lines::Command { sender, set, ..lines::Command::default() });
    }
}

/// What of `attributes` may be done at `path`. Permissions are asked for first; then `common.setstat_mode` may say that
/// the change is to be ignored (SFTP-027).
pub(crate) fn permitted(
    session: &SessionState,
    path: &VirtualPath,
    attributes: &Attributes,
    sized: Operation,
) -> Result<Attributes> {
    let user = &session.account.user;
    let ask = |operation| policy::authorize(user, operation, path).map(drop);
    let mut allowed = *attributes;
    let place = Place::of(user, path);
    let is_ignored = |operation| ignores(&session.core, &session.account.door, place.storage, operation);
    if attributes.times.is_some() {
        ask(Operation::ChangeTimes)?;
        if is_ignored(Operation::ChangeTimes) {
            allowed.times = None;
        }
    }
    if attributes.mode.is_some() {
        ask(Operation::ChangeMode)?;
        if is_ignored(Operation::ChangeMode) {
            allowed.mode = None;
        }
    }
    if attributes.owner.is_some() {
        ask(Operation::ChangeOwner)?;
        if is_ignored(Operation::ChangeOwner) {
            allowed.owner = None;
        }
    }
    if attributes.size.is_some() {
        ask(sized)?;
    }
    Ok(allowed)
}

/// Whether `common.setstat_mode` has a change answered and not made: 1 of all, 2 of mode and owner on storages that have none of
/// their own (SFTP-027).
pub(crate) fn ignores(core: &Core, door: &Door, storage: StorageIndex, operation: Operation) -> bool {
    match (core.settings().common.setstat_mode, operation) {
        (1, Operation::ChangeTimes | Operation::ChangeMode | Operation::ChangeOwner) => true,
        (2, Operation::ChangeMode | Operation::ChangeOwner) => !matches!(door.origin(storage).provider, 0 | 4 | 5),
        _ => false,
    }
}

/// With `common.setstat_mode` 2, what a storage cannot do is no error (ACC-147).
pub(crate) fn tolerant(session: &SessionState, place: &Place, result: entrepot_storage::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.is(ErrorKind::Unsupported) && ignores_unsupported(session, place) => Ok(()),
        other => Ok(other?),
    }
}

fn tolerant_core(session: &SessionState, place: &Place, result: Result<()>) -> Result<()> {
    match result {
        Err(Error::Unsupported) if ignores_unsupported(session, place) => Ok(()),
        other => other,
    }
}

fn ignores_unsupported(session: &SessionState, place: &Place) -> bool {
    session.core.settings().common.setstat_mode == 2 && session.account.door.origin(place.storage).provider != 0
}
