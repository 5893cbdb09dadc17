//! Giving an upload up.

use super::{Purpose, Uploader, database, find, shown};
use crate::{
    Core,
    audit::{FsDetails, Status},
    error::{Error, Result},
    transfer::partials,
};

/// Gives an upload up: what has arrived is removed, and quota no longer counts it. A running request ends. One that is complete
/// is only forgotten.
///
/// # Errors
/// `NotFound`; `Denied` if the upload is of somebody else; `Busy` if a request does not end; or what the storage says.
pub async fn terminate(core: &Core, who: &Uploader, id: &str) -> Result<()> {
    find(core, who, id).await?;
    let _turn = core.0.turns.take(id, core.clock(), Purpose::End).await?;
    let upload = find(core, who, id).await?;
    let session = who.fs.session();
    let partial = core.0.partials.of_id(who.username(), id);
    if let Some(partial) = partial
        && let Some(place) = who.fs.place_of_partial(&partial)
        && core.0.partials.remove_exact(&partial)
    {
        let size = u64::try_from(partial.size).unwrap_or(0);
        let error = Error::Cancelled;
        let details = FsDetails { size, started_at: upload.created_at, error: Some(&error), ..FsDetails::default() };
        let event = core.0.audit.fs_event(session, "upload", &shown(&upload, &place), Status::Failed, &details);
        partials::discard_recorded(session, &place, partial, event).await?;
    }
    core.0.store.resumable_uploads().delete(id).await.map_err(database)?;
    Ok(())
}
