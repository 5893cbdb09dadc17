//! What is at the source of a move while it is copied and removed: whether it is still what was copied.

use std::collections::HashMap;

use entrepot_model::VirtualPath;
use entrepot_storage::Metadata;
use entrepot_store::UploadIntent;

use super::{Entry, Transplant};
use crate::{
    error::{Error, Result},
    fs::{UserFs, retire},
    operation::Operation,
    place::Place,
    policy::{self, Granted},
    quota::Usage,
    transfer::{Busy, upload_end_present as present, waiting},
};

/// Nothing was moved: the source changed before the copy was complete.
fn changed() -> Error {
    Error::Conflict("the source was changed while it was moved: it stays as it is, and nothing was moved".to_owned())
}

/// The copy is complete, and something of the source is not what was copied any more.
fn changed_late() -> Error {
    let message = "the source was changed while it was moved: what changed stays there, and the target has what was before";
    Error::Conflict(message.to_owned())
}

/// Whether the file is still the one that was seen, with the same content and attributes.
fn is_still(found: &Metadata, seen: &Metadata) -> bool {
    is_same_content(found, seen) && found.changed == seen.changed
}

/// As [`is_still`], but its name or attributes may have changed.
fn is_same_content(found: &Metadata, seen: &Metadata) -> bool {
    (found.kind, found.identity, found.size, found.modified) == (seen.kind, seen.identity, seen.size, seen.modified)
}

/// That the file at `from` is still the one that was seen, and nobody is about to write to it.
///
/// # Errors
/// `NotFound` when it was removed; `Conflict`.
pub(super) async fn check(fs: &UserFs, from: &Granted, seen: &Metadata) -> Result<()> {
    let session = &fs.0;
    let found = session.account.door.stat(from, false).await?;
    let is_open = session.core.0.names.is_open_in_place(session, from.place());
    if is_open || !is_still(&found, seen) { Err(changed()) } else { Ok(()) }
}

/// What to do about an unfinished upload into the source: it is in no listing, and whoever began it can end it by its name.
fn unfinished(fs: &UserFs, source: &Place, partial: &UploadIntent) -> String {
    let found = VirtualPath::parse(&partial.backend_path).ok();
    let path = found.and_then(|path| source.to_virtual(&path)).unwrap_or_else(|| source.virtual_path.clone());
    if waiting::is_waiting(&path) {
        let directory = path.parent().unwrap_or_else(VirtualPath::root);
        return format!("a visitor of a share has not completely uploaded a file to {directory}: move again when that has ended");
    }
    if partial.username != fs.0.username() {
        return format!(
            "another user has not completely uploaded {path}: move again when it is finished, or deleted by that user"
        );
    }
    format!("{path} is not completely uploaded: finish it, or delete it, then move again")
}

impl Transplant {
    /// Refuses to begin where bytes are on their way into the source: they would have to follow it to another storage.
    ///
    /// # Errors
    /// `Conflict`.
    pub(in crate::fs) fn refuse_busy(fs: &UserFs, source: &Granted) -> Result<()> {
        let session = &fs.0;
        let (core, place) = (&session.core.0, source.place());
        let message = match core.names.busy_below(session, place) {
            Some(Busy::Changing(path)) => format!("{path} is open for changes: move again when it is closed"),
            Some(Busy::Uploading(path)) => format!("{path} is being uploaded: move again when that has ended"),
            None => match core.partials.below(session.username(), place) {
                Some(partial) => unfinished(fs, place, &partial),
                None => return Ok(()),
            },
        };
        Err(Error::Conflict(format!("{message}. Nothing was moved")))
    }

    /// That the whole source is still what was copied, before anything of it goes. Of a single file that was just seen.
    pub(super) async fn verify(&self, fs: &UserFs) -> Result<()> {
        let Some(root) = self.entries.first().filter(|root| root.metadata.is_directory()) else { return Ok(()) };
        let granted = |path| policy::own_work(Operation::RenameDirectory, fs.place(path));
        let now = Self::of(fs, &granted(&root.from), &granted(&root.to), &root.metadata).await?;
        let seen: HashMap<_, _> = self.entries.iter().map(|entry| (&entry.from, entry)).collect();
        let is_same = |found: &Entry| {
            seen.get(&found.from).is_some_and(|entry| match &entry.copied {
                Some((source, _)) => is_still(&found.metadata, source),
                None => entry.metadata.kind == found.metadata.kind,
            })
        };
        let is_unchanged = now.entries.len() == self.entries.len() && now.entries.iter().all(is_same);
        let is_busy = fs.0.core.0.names.busy_below(&fs.0, &fs.place(&root.from)).is_some();
        if is_unchanged && !is_busy { Ok(()) } else { Err(changed()) }
    }

    /// Removes the source, children first. Answers what quota gets back, and how it ended. What is not what was copied any
    /// more stays, with the directories that it lies in.
    pub(in crate::fs) async fn remove_source(&self, fs: &UserFs) -> (Usage, Result<()>) {
        let mut gone = Usage::default();
        let mut result = Ok(());
        for entry in self.entries.iter().rev() {
            let removed = if entry.metadata.is_directory() {
                remove_directory(fs, &entry.from).await.map(|()| Usage::default())
            } else {
                remove_source_file(fs, entry).await
            };
            match removed {
                Ok(usage) => gone = gone.plus(usage),
                Err(Error::Conflict(_) | Error::NotEmpty) => result = Err(changed_late()),
                Err(error) => return (gone, Err(error)),
            }
        }
        (gone, result)
    }

    /// Removes the copies among the first `count` entries, unless others have changed them since. Answers what quota does not
    /// count any more, and whether something stays.
    pub(super) async fn take_away(&self, fs: &UserFs, count: usize) -> (Usage, bool) {
        let mut gone = Usage::default();
        let mut leaves = false;
        for entry in self.entries[..count].iter().rev() {
            let removed = if entry.metadata.is_directory() {
                remove_directory(fs, &entry.to).await.map(|()| Some(Usage::default()))
            } else if let Some((_, copy)) = &entry.copied {
                remove_copy(fs, entry, copy).await
            } else {
                continue;
            };
            match removed {
                Ok(Some(usage)) => gone = gone.plus(usage),
                Ok(None) => leaves = true,
                Err(error) => {
                    tracing::debug!(%error, "a copy stays");
                    leaves = true;
                }
            }
        }
        (gone, leaves)
    }
}

/// Removes a file, link or special file at the source, if it is still what was copied.
async fn remove_source_file(fs: &UserFs, entry: &Entry) -> Result<Usage> {
    let session = &fs.0;
    let from = policy::own_work(Operation::RenameFile, fs.place(&entry.from));
    let seen = entry.copied.as_ref().map_or(&entry.metadata, |(source, _)| source);
    // Nothing gets the name, and nobody opens the file, between the look and the removal.
    let _turn = session.core.0.names.turn(session, from.place()).await;
    match check(fs, &from, seen).await {
        Ok(()) => session.account.door.remove_file(&from).await?,
        // Somebody else removed it, and has settled that.
        Err(Error::NotFound) => return Ok(Usage::default()),
        Err(error) => return Err(error),
    }
    Ok(retire::usage(session, from.place(), seen))
}

/// Removes a copy; `None` = it is not what it was any more, and stays.
async fn remove_copy(fs: &UserFs, entry: &Entry, copy: &Metadata) -> Result<Option<Usage>> {
    let session = &fs.0;
    let to = policy::own_work(Operation::RenameFile, fs.place(&entry.to));
    let _turn = session.core.0.names.turn(session, to.place()).await;
    // Whoever removed it has settled that.
    let Some(found) = present(session.account.door.stat(&to, false).await)? else { return Ok(Some(Usage::default())) };
    if session.core.0.names.is_open_in_place(session, to.place()) || !is_same_content(&found, copy) {
        return Ok(None);
    }
    session.account.door.remove_file(&to).await?;
    Ok(Some(retire::usage(session, to.place(), copy)))
}

async fn remove_directory(fs: &UserFs, path: &VirtualPath) -> Result<()> {
    let granted = policy::own_work(Operation::RenameDirectory, fs.place(path));
    match fs.0.account.door.remove_directory(&granted).await {
        Err(Error::NotFound) => Ok(()),
        other => other,
    }
}
