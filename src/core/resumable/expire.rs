//! The end of uploads that nobody went on with (API-158).

use std::time::Duration;

use entrepot_store::{ResumableUpload, UploadIntent};

use super::{database, unsigned};
use crate::{
    Core,
    audit::Status,
    error::Result,
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
    loop {
        let expired = match uploads.expired(now, BATCH).await {
            Ok(expired) => expired,
            Err(error) => return tracing::warn!(%error, "reading expired uploads"),
        };
        let mut ended = 0;
        for upload in &expired {
            if core.0.turns.is_taken(&upload.id) {
                continue;
            }
            match end(core, upload).await {
                Ok(()) => ended += 1,
                Err(error) => tracing::warn!(upload = upload.id, username = upload.username, %error, "ending an expired upload"),
            }
        }
        // Those that could not be ended would be read again and again.
        if ended == 0 || expired.len() < BATCH as usize {
            return;
        }
    }
}

async fn end(core: &Core, upload: &ResumableUpload) -> Result<()> {
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
    let begun = UploadIntent { created_at: upload.created_at, ..partial.clone() };
    let size = i64::try_from(unsigned(partial.size)).unwrap_or(0);
    let event = recovery::event(core, &session, &place, &begun, Status::Failed, size);
    partials::discard_recorded(&session, &place, partial.clone(), event).await
}
