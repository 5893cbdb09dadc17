//! How an upload ends: committed, or given up.

use std::sync::Arc;

use entrepot_storage::{Attributes, CommitOptions, Durability, Metadata, Partial, StagedFile};
use entrepot_store::{IntentEnd, OutboxEvent, UploadIntent};

use super::{
    Settlement, Target, Upload, UploadState,
    beside::{is_taken, publish_beside},
    departed,
    names::Edit,
    partials,
    upload_hooks::{after, before_publish},
};
use crate::{
    audit::{FsDetails, Status},
    error::{Error, Result},
    fs::{checksum, retire},
    live::Outcome,
    operation::Operation,
    place::Place,
    policy::{self, Denial},
    quota::Usage,
    session::Direction,
};

impl Upload {
    /// Ends the upload: the file gets its name, quota and audit are settled, then this resolves. All writes must have
    /// been awaited. After an error the final name has what it had before, and what was written is kept as a partial
    /// where that makes sense.
    ///
    /// Dropping the future abandons the answer: the commit goes on or becomes a partial, never half of each.
    ///
    /// # Errors
    /// The first error of a write, `Denied` when the name was taken meanwhile by a file that may not be replaced, or what
    /// the storage says.
    pub async fn commit(self) -> Result<Metadata> {
        let state = self.0.clone();
        if !state.end() {
            // Somebody else ended it, and said why.
            return Err(state.failure().unwrap_or(Error::Cancelled));
        }
        let core = state.facts.session.core.clone();
        core.tasks().complete(finish(state)).await
    }

    /// Ends the upload without giving the file its name; as dropping it does.
    pub fn abort(self) {}

    /// Ends the upload because of `denial`, and keeps nothing of it, not even to be gone on with. It resolves when that is
    /// done; dropping the future abandons the answer.
    pub async fn discard(self, denial: Denial) {
        let state = self.0.clone();
        if !state.end() {
            return;
        }
        let core = state.facts.session.core.clone();
        core.tasks().complete(async move { give_up(&state, &Error::Denied(denial)).await }).await;
    }
}

/// Ends an upload that an administrator stopped, whatever its client does: nothing of it is kept.
pub(crate) async fn stop(state: &Arc<UploadState>) {
    if let Some(error) = state.facts.running.stop() {
        let error = state.fail(error);
        if state.end() {
            give_up(state, &error).await;
        }
    }
}

async fn finish(state: Arc<UploadState>) -> Result<Metadata> {
    state.quiet().await;
    let result = match state.failure().or_else(|| state.facts.running.stop()) {
        Some(error) => Err(error),
        None => match &state.facts.target {
            Target::Staged { file, intent, .. } => publish(&state, file, intent).await,
            Target::InPlace { edit, .. } => close_in_place(&state, edit).await,
        },
    };
    if let Err(error) = &result {
        give_up(&state, error).await;
    }
    result
}

async fn publish(state: &Arc<UploadState>, file: &Arc<dyn StagedFile>, intent: &UploadIntent) -> Result<Metadata> {
    let session = &state.facts.session;
    let place = state.place.lock().clone();
    if let Some(times) = state.remembered_times() {
        let times = Attributes { times: Some(times), ..Attributes::default() };
        crate::fs::attributes::tolerant(session, &place, file.set_attributes(&times).await)?;
    }
    before_publish(state, &state.shown_place()).await?;
    // It may have been renamed while the hooks had their say.
    let place = state.shown_place();
    if state.facts.beside {
        return publish_beside(state, file, intent, &place).await;
    }
    publish_as(state, file, intent, &place, Existing::Goes).await
}

/// What becomes of a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is replaced, if that may be.
    Goes,
    /// It stays: the name cannot be had.
    Stays,
}

/// Gives an upload the name of `place`. With [`Existing::Stays`] a name that is taken is `Exists`, and nothing has changed.
pub(super) async fn publish_as(
    state: &Arc<UploadState>,
    file: &Arc<dyn StagedFile>,
    intent: &UploadIntent,
    place: &Place,
    existing: Existing,
) -> Result<Metadata> {
    let session = &state.facts.session;
    let granted = policy::own_work(Operation::Upload, place.clone());
    let names = &session.core.0.names;
    let changing = names.changing(session, place);
    let turn = names.turn(session, place).await;
    if existing == Existing::Stays && is_taken(state, place).await? {
        return Err(Error::Exists);
    }
    let found = present(session.account.door.stat(&granted, false).await)?;
    if let Some(found) = &found {
        may_replace(state, place, intent, found)?;
        // The file that goes may be one whose settlement is still to be stored: a restart could not tell its size any more.
        // Not `NoSpace` for a database without room: what has arrived is kept.
        let stored = session.core.0.store.transfers().barrier().await;
        stored.map_err(|error| Error::internal("storing settlements", error))?;
    }
    // A link or special file that is replaced was never counted.
    let replaced = found.as_ref().filter(|found| found.is_file()).map(|found| found.size);
    state.still_fits(i64::from(replaced.is_none()), file.size(), replaced.unwrap_or(0))?;
    note_intent(state, intent, place, replaced, file.size())?;
    let durability = durability(session.core.settings().transfers.durability.as_str());
    let committed =
        file.commit(&place.path, CommitOptions { replace: found.is_some() && existing == Existing::Goes, durability }).await;
    let committed = committed.map_err(Error::from);
    let metadata = if let Ok(metadata) = &committed {
        metadata.clone()
    } else {
        // The rename may have happened, and what came after it failed: then the file has its name, and quota must know.
        match present(session.account.door.stat(&granted, false).await) {
            Ok(Some(found)) if is_staged_file(intent, &found) => found,
            _ => return committed,
        }
    };
    if let Some(checksum) = state.digest.finish(metadata.size) {
        checksum::remember_uploaded(session, place, &metadata, checksum);
    }
    let retired = found.as_ref().map_or(Usage::default(), |found| retire::usage(session, place, found));
    drop(turn);
    if existing == Existing::Stays {
        state.move_to(place.clone());
    }
    settle_published(state, place, intent, metadata.size, retired, committed.as_ref().err()).await;
    drop(changing);
    after(state, place, metadata.size).await;
    committed
}

/// What lies under the name now was there at the opening, or came meanwhile: then replacing it needs its own permission.
fn may_replace(state: &UploadState, place: &Place, intent: &UploadIntent, found: &Metadata) -> Result<()> {
    if found.is_directory() {
        return Err(Error::IsDirectory);
    }
    let is_known = state.facts.replaces && place.path.as_bytes() == intent.backend_path;
    if !is_known && !found.is_symlink() {
        policy::authorize(&state.facts.session.account.user, Operation::Overwrite, &place.virtual_path)?;
    }
    Ok(())
}

/// Whether this is the very file that was staged.
pub(crate) fn is_staged_file(intent: &UploadIntent, found: &Metadata) -> bool {
    found.identity.is_some_and(|found| intent.identity == Some((found.device, found.inode)))
}

/// What is noted of the upload must be true before the rename: it is what a restart goes by.
fn note_intent(state: &UploadState, intent: &UploadIntent, place: &Place, replaced: Option<u64>, size: u64) -> Result<()> {
    let store = state.facts.session.core.0.store.transfers();
    let replaced_size = replaced.map(signed);
    let is_true = replaced_size == intent.replaced_size && place.path.as_bytes() == intent.backend_path;
    // Without an identity a restart has only the size to tell whether the file got its name.
    if !is_true || intent.identity.is_none() {
        let changed = UploadIntent {
            state: entrepot_store::UploadState::Committing,
            size: signed(size),
            replaced_size,
            backend_path: place.path.as_bytes().to_vec(),
            virtual_path: place.virtual_path.as_bytes().to_vec(),
            ..intent.clone()
        };
        store.begin(changed).map_err(|error| Error::internal("storing an upload intent", error))?;
    }
    Ok(())
}

/// The file has its name: what follows must not undo anything. If the database fails, the intent stays for the next start.
async fn settle_published(
    state: &Arc<UploadState>,
    place: &Place,
    intent: &UploadIntent,
    size: u64,
    retired: Usage,
    error: Option<&Error>,
) {
    let session = &state.facts.session;
    let change = Usage {
        files: 1 + retired.files - state.facts.charged.files,
        size: signed(size) + retired.size - state.facts.charged.size,
    };
    if let Some(reservation) = state.reservation.lock().take() {
        reservation.settle(change);
    }
    leave(state, place, Outcome::of(error));
    let event = upload_event(state, "upload", place, error, size);
    let is_first = error.is_none() && session.account.first_transfer_pending(Direction::Upload);
    let first = is_first.then(|| upload_event(state, "first-upload", place, None, size)).flatten();
    // Nobody waits for it: should we die now, the next start finds the intent and the file, and settles.
    Settlement::default()
        .change(session, place, change, true)
        .moved(session, Direction::Upload, state.moved())
        .intent(IntentEnd::Publish { id: intent.id.clone(), size: signed(size) })
        .event(event)
        .first(session, Direction::Upload, first)
        .write_later(session);
    // A finished file takes the place of what earlier uploads of the name left.
    if let Some(older) = session.core.0.partials.take(session.username(), place) {
        partials::discard_older(session, place, older).await;
    }
}

/// The end of a change in place: the file is what it is, quota follows (QTA-002).
async fn close_in_place(state: &Arc<UploadState>, edit: &Edit) -> Result<Metadata> {
    let place = state.place.lock().clone();
    if let Some(times) = state.remembered_times() {
        let times = Attributes { times: Some(times), ..Attributes::default() };
        crate::fs::attributes::tolerant(&state.facts.session, &place, state.file().set_attributes(&times).await)?;
    }
    let metadata = state.file().metadata().await?;
    settle_in_place(state, edit, &place, None, metadata.size).await?;
    after(state, &place, metadata.size).await;
    Ok(metadata)
}

async fn settle_in_place(state: &Arc<UploadState>, edit: &Edit, place: &Place, error: Option<&Error>, size: u64) -> Result<()> {
    let session = &state.facts.session;
    let _changing = session.core.0.names.changing(session, place);
    let change = Usage { files: 0, size: edit.settle(size) };
    if let Some(reservation) = state.reservation.lock().take() {
        reservation.settle(change);
    }
    leave(state, place, Outcome::of(error));
    let mut settlement =
        Settlement::default().change(session, place, change, true).moved(session, Direction::Upload, state.moved());
    if state.moved() > 0 || error.is_some() {
        settlement = settlement.event(upload_event(state, "upload", place, error, size));
    }
    settlement.write(session).await
}

/// Ends an upload that nobody will commit: a partial is kept where it can be resumed, its bytes are charged, the audit row
/// says how it ended. Errors are logged: there is nobody to tell.
pub(crate) async fn give_up(state: &Arc<UploadState>, error: &Error) {
    state.quiet().await;
    if state.reservation.lock().is_none() {
        // It has its name already; what failed came after that.
        return;
    }
    let cause = error;
    let result = match &state.facts.target {
        Target::InPlace { edit, .. } => {
            let place = state.place.lock().clone();
            settle_in_place(state, edit, &place, Some(cause), state.file().size()).await
        }
        Target::Staged { file, intent, .. } => {
            let keep =
                keeps_partial(state, error) && state.cut_doubtful().await && state.still_fits(1, file.durable(), 0).is_ok();
            let left = file.abandon(keep).await.unwrap_or_else(|error| {
                // The storage could not end it: what is there is a partial, until it can be removed.
                tracing::warn!(connection_id = %state.facts.session.id, upload = %intent.id, %error, "giving up an upload");
                Some(Partial { durable: file.durable(), token: intent.token.clone() })
            });
            settle_given_up(state, intent, left, cause).await
        }
    };
    if let Err(error) = result {
        tracing::error!(connection_id = %state.facts.session.id, %error, "settling an upload that was given up");
    }
}

/// Mode 1 keeps nothing; the others keep what can be resumed, unless there was no room for it (ACC-282, decisions on modes
/// in ARCHITECTURE.md). An upload in several requests is kept between them in any mode (API-157), also on a disk that is full
/// for now: its pieces were acknowledged. Any other of a stranger is not gone on with by anybody, nor is what an account
/// leaves that is deleted.
fn keeps_partial(state: &UploadState, error: &Error) -> bool {
    if state.facts.beside && state.facts.continued.is_none() || state.facts.session.is_of_the_gone() {
        return false;
    }
    let mode = state.facts.session.core.settings().common.upload_mode;
    let is_kept = mode & 2 != 0 || mode & 1 == 0 || state.facts.continued.is_some();
    let has_room = !matches!(error, Error::NoSpace) || state.facts.continued.is_some();
    !matches!(error, Error::Quota | Error::FileQuota | Error::Denied(_)) && has_room && is_kept
}

async fn settle_given_up(state: &Arc<UploadState>, intent: &UploadIntent, partial: Option<Partial>, cause: &Error) -> Result<()> {
    let session = &state.facts.session;
    let core = &session.core.0;
    // From here to the hand-over to the database nothing waits: whoever renames its directory finds it in flight or as a
    // partial.
    let place = &state.place.lock().clone();
    let _changing = core.names.changing(session, place);
    let goes_on = state.facts.continued.is_some() && keeps_partial(state, cause);
    leave(state, place, if goes_on { Outcome::Paused } else { Outcome::Failed });
    let charged = partial.as_ref().map_or(Usage::default(), |partial| Usage { files: 1, size: signed(partial.durable) });
    let change = Usage { files: charged.files - state.facts.charged.files, size: charged.size - state.facts.charged.size };
    if let Some(reservation) = state.reservation.lock().take() {
        reservation.settle(change);
    }
    let size = partial.as_ref().map_or(state.file().size(), |partial| partial.durable);
    let end = match partial {
        Some(partial) => {
            core.digests.wait(&intent.id, &state.digest, partial.durable);
            let left = UploadIntent {
                state: entrepot_store::UploadState::Partial,
                backend_path: place.path.as_bytes().to_vec(),
                virtual_path: place.virtual_path.as_bytes().to_vec(),
                size: signed(partial.durable),
                charged_size: charged.size,
                charged_files: charged.files,
                token: partial.token,
                updated_at: core.clock.millis(),
                ..intent.clone()
            };
            IntentEnd::Partial(Box::new(left))
        }
        None => IntentEnd::Delete(intent.id.clone()),
    };
    let event = if goes_on {
        session.count_part(place, state.moved());
        None
    } else {
        upload_event(state, "upload", &state.shown_place(), Some(cause), size)
    };
    let left = if let IntentEnd::Partial(left) = &end { Some(left.as_ref().clone()) } else { None };
    let older = left.clone().and_then(|left| core.partials.insert(left));
    let settlement = Settlement::default()
        .change(session, place, change, true)
        .moved(session, Direction::Upload, state.moved())
        .intent(end)
        .event(event);
    // The next request of an upload in several does not wait for the database: until it has this, the note of the beginning
    // leads a restart to the same partial.
    let settled = if goes_on {
        settlement.write_later(session);
        Ok(())
    } else {
        settlement.write(session).await
    };
    if let Some(older) = older {
        partials::discard_older(session, place, older).await;
    }
    if let Some(left) = left {
        departed::follow(session, left).await?;
    }
    settled
}

/// Takes the upload out of the lists that show it as running.
fn leave(state: &Arc<UploadState>, place: &Place, outcome: Outcome) {
    state.facts.running.end(outcome);
    if let Target::Staged { intent, .. } = &state.facts.target {
        state.facts.session.core.0.names.ended(&intent.id);
    }
    state.facts.session.overlay.remove(&place.virtual_path, state);
}

fn upload_event(state: &UploadState, action: &str, place: &Place, error: Option<&Error>, size: u64) -> Option<OutboxEvent> {
    let session = &state.facts.session;
    let status = error.map_or(Status::Ok, Status::of);
    if action == "upload" {
        session.count_transfer(Direction::Upload, place, status == Status::Ok, state.moved());
    }
    let command = state.facts.running.stopped_by().filter(|_| error.is_some()).unwrap_or_default();
    let details = FsDetails { size, started_at: state.facts.began(), error, command, ..FsDetails::default() };
    session.core.0.audit.fs_event(session, action, place, status, &details)
}

/// What is there; a missing entry is no error.
pub(crate) fn present(found: Result<Metadata>) -> Result<Option<Metadata>> {
    match found {
        Ok(metadata) => Ok(Some(metadata)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn durability(setting: &str) -> Durability {
    match setting {
        "commit" => Durability::Commit,
        "never" => Durability::Never,
        _ => Durability::Background,
    }
}

pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
