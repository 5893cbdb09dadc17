//! The end of uploads that nobody went on with (API-158).

use std::{sync::Arc, time::Duration};

use entrepot_store::{OutboxEvent, ResumableUpload, UploadIntent};

use super::{Purpose, database, shown, unsigned};
use crate::{
    Core,
    audit::Status,
    error::Result,
    place::Place,
    session::SessionState,
    transfer::{partials, recovery},
};

/// Time between two looks.
const PERIOD: Duration = Duration::from_secs(600);
/// Uploads that are ended in one go.
const BATCH: u32 = 100;

/// Forgets uploads that have expired, and removes what had arrived.
pub(crate) async fn expire(core: Core) {
    while core.tasks().rest(PERIOD).await {
        expire_now(&core).await;
    }
}

/// One pass of [`expire`].
pub(crate) async fn expire_now(core: &Core) {
    let uploads = core.0.store.resumable_uploads();
    let now = core.clock().millis();
    // What was put off a moment ago.
    if let Err(error) = core.0.store.transfers().barrier().await {
        return tracing::warn!(%error, "reading expired uploads");
    }
    // Those that cannot be ended now do not keep the later ones from their end.
    let mut last: Option<ResumableUpload> = None;
    loop {
        let expired = match uploads.expired(now, last.as_ref(), BATCH).await {
            Ok(expired) => expired,
            Err(error) => return tracing::warn!(%error, "reading expired uploads"),
        };
        for upload in expired.iter().filter(|upload| !core.0.turns.is_taken(&upload.id)) {
            if let Err(error) = end(core, upload).await {
                tracing::warn!(upload = upload.id, username = upload.username, %error, "ending an expired upload");
            }
        }
        if expired.len() < BATCH as usize {
            return;
        }
        last = expired.into_iter().last();
    }
}

/// The unfinished uploads through a share.
pub(crate) async fn of_share(core: &Core, share: &str) -> Result<Vec<ResumableUpload>> {
    core.0.store.resumable_uploads().unfinished_through(share).await.map_err(database)
}

/// The unfinished uploads into the storages of a user, whoever brings them.
pub(crate) async fn of_user(core: &Core, username: &str) -> Result<Vec<ResumableUpload>> {
    core.0.store.resumable_uploads().unfinished_of(username).await.map_err(database)
}

/// The share of these uploads is gone, and what had arrived of them goes as well.
pub(crate) fn end_of_share(core: &Core, uploads: Vec<ResumableUpload>) {
    uploads.iter().for_each(|upload| core.0.turns.forget(&upload.id));
    let ending = core.clone();
    core.tasks().spawn(async move {
        for upload in uploads {
            let ended = match ending.0.turns.take(&upload.id, ending.clock(), Purpose::End).await {
                Ok(_turn) => end(&ending, &upload).await,
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::warn!(upload = upload.id, username = upload.username, %error, "ending an upload of a share");
            }
        }
    });
}

/// An administrator stopped this upload: a request that is at it ends, and what had arrived goes.
///
/// # Errors
/// `Busy` if a request does not end; or what the storage says.
pub(crate) async fn end_stopped(core: &Core, id: &str) -> Result<()> {
    let _turn = core.0.turns.take(id, core.clock(), Purpose::End).await?;
    core.0.store.transfers().barrier().await.map_err(database)?;
    match core.0.store.resumable_uploads().get(id).await.map_err(database)? {
        Some(upload) if !upload.completed => end(core, &upload).await,
        _ => Ok(()),
    }
}

/// Forgets an upload, and removes what had arrived.
pub(crate) async fn end(core: &Core, upload: &ResumableUpload) -> Result<()> {
    if !upload.completed
        && let Some(partial) = core.0.partials.of_id(&upload.username, &upload.id)
        && core.0.partials.remove_exact(&partial)
        && let Err(error) = remove(core, upload, &partial).await
    {
        core.0.partials.restore(partial);
        return Err(error);
    }
    core.0.store.resumable_uploads().delete(&upload.id).await.map_err(database)?;
    Ok(())
}

async fn remove(core: &Core, upload: &ResumableUpload, partial: &UploadIntent) -> Result<()> {
    let Some((session, place)) = recovery::place_of(core, partial).await? else {
        return recovery::forget(core, partial).await;
    };
    let event = failed_event(&session, upload, &place, partial);
    partials::discard_recorded(&session, &place, partial.clone(), event).await
}

/// The row of the audit trail for an upload that comes to nothing.
pub(crate) fn failed_event(
    session: &Arc<SessionState>,
    upload: &ResumableUpload,
    place: &Place,
    partial: &UploadIntent,
) -> Option<OutboxEvent> {
    let begun = UploadIntent { created_at: upload.created_at, ..partial.clone() };
    let size = i64::try_from(unsigned(partial.size)).unwrap_or(0);
    recovery::event(&session.core, session, &shown(upload, place), &begun, Status::Failed, size)
}
