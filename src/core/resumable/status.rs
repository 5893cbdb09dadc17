//! How far an upload is.

use std::sync::Arc;

use super::{Progress, Purpose, Uploader, chunk, find, unsigned};
use crate::{
    Core,
    error::{Error, Result},
};

/// How far an upload is. One whose bytes are all there gets its name now, if something kept it from that at its last piece
/// (a crash, a storage that was away): whoever hears that all is there may rely on the file.
///
/// # Errors
/// `NotFound`; `Denied` if the upload is of somebody else; `Busy` while another protocol goes on with it; else as [`crate::Upload::commit`].
pub async fn status(core: &Core, who: &Uploader, id: &str) -> Result<Progress> {
    let upload = find(core, who, id).await?;
    let length = unsigned(upload.length);
    if upload.completed {
        return Ok(Progress::of(&upload, length));
    }
    // A request that has brought nothing for a while is over: its client is the one that asks.
    let turn = match core.0.turns.take(id, core.clock(), Purpose::Look).await {
        Ok(turn) => Arc::new(turn),
        Err(error) => {
            // The last byte is there, and the file has no name yet.
            let running = core.0.turns.offset(id).filter(|offset| *offset < length);
            return running.map(|offset| Progress::of(&upload, offset)).ok_or(error);
        }
    };
    let _attending = turn.attend();
    let upload = find(core, who, id).await?;
    if upload.completed {
        return Ok(Progress::of(&upload, length));
    }
    let Some(partial) = core.0.partials.of_id(who.username(), id) else {
        // Another protocol may go on with it just now: how far it is, that will tell.
        return if core.0.names.is_running(id) { Err(Error::Busy) } else { Ok(Progress::of(&upload, 0)) };
    };
    let offset = who.fs.partial_size(&partial).await?;
    if offset < length {
        return Ok(Progress::of(&upload, offset));
    }
    let file = chunk::open(core, who, &upload, &turn).await?;
    let at = file.size();
    let offset = chunk::end(core, who, &upload, file, at).await?;
    Ok(Progress::of(&upload, offset))
}
