//! Announcing an upload.

use std::sync::Arc;

use entrepot_secrets::random_alphanumeric;
use entrepot_store::ResumableUpload;

use super::{Appended, Body, Chunk, LIFETIME, NewUpload, Progress, Purpose, Turn, Uploader, chunk, database, end, unsigned};
use crate::{
    Core, Upload,
    error::{Error, Result},
    place::Place,
    shares::Uses,
    transfer::{Continued, part_size},
};

/// Unfinished uploads that an account may have, and visitors of a share together.
const MOST: i64 = 1000;
/// Letters and digits of an id: 131 random bits (API-160).
const ID: usize = 22;

/// Announces an upload, with its first bytes if they come along. Everything that an upload needs is checked here, and again at
/// its end; a file of no bytes is complete at once. An unfinished upload of the same name gives way when the first bytes of
/// this one come, and until then it goes on; one of which nothing has come yet gives way now.
///
/// Dropping the future abandons the answer: an upload that was stored is forgotten when it expires.
///
/// # Errors
/// As [`crate::UserFs::open_write`]; `Conflict` when bytes of the same file arrive just now; `TooMany` unfinished uploads.
pub async fn create<S: Body>(core: &Core, who: &Uploader, new: NewUpload, first: Option<Chunk<S>>) -> Result<Appended> {
    let uploads = core.0.store.resumable_uploads();
    if uploads.count(who.username(), who.share.as_deref()).await.map_err(database)? >= MOST {
        return Err(Error::TooMany);
    }
    // What its first bytes would end is not begun, and costs nothing.
    if let Some(first) = &first {
        fits(who, &new, first)?;
    }
    if new.makes_parents {
        who.fs.create_parents(&new.path).await?;
    }
    let is_bare = first.is_none() && new.length > 0;
    let (id, mut replaced) = choose_id(core, who, &new, first.is_some()).await?;
    replaced.retain(|older| older.id != id);
    let found = replaced.len();
    replaced.retain(|older| !is_bare || !has_begun(core, older));
    let mut turns = Vec::new();
    for older in &replaced {
        turns.push(take_turn(core, &older.id).await?);
    }
    let turn = Arc::new(take_turn(core, &id).await?);
    let _attending = turn.attend();
    let now = core.clock().millis();
    let name = who.share.is_some().then(|| new.path.file_name().unwrap_or_default().to_vec());
    let continued = Continued { id: id.clone(), began: now, is_first: true, name, turn: turn.clone() };
    let spares = is_bare && (replaced.len() < found || is_begun_elsewhere(who, &new, &id, &replaced).await?);
    let file = if spares {
        who.fs.check_part(&new.path, new.length, continued).await.map_err(|error| match error {
            Error::Busy => busy(),
            other => other,
        })?;
        None
    } else {
        Some(who.fs.open_part(&new.path, new.length, continued).await?)
    };
    let upload = ResumableUpload {
        id,
        username: who.username().to_owned(),
        share: who.share.clone(),
        virtual_path: new.path.as_bytes().to_vec(),
        length: i64::try_from(new.length).map_err(|_| Error::TooLarge)?,
        metadata: new.metadata,
        modified_at: new.modified_at,
        completed: false,
        created_at: now,
        expires_at: now.saturating_add(LIFETIME),
    };
    note(core, upload.clone(), new.uses).await?;
    for older in &replaced {
        uploads.delete(&older.id).await.map_err(database)?;
    }
    drop(turns);
    begin(core, who, &upload, (file, first), &turn).await
}

/// Takes in what comes along with what was announced.
async fn begin<S: Body>(
    core: &Core,
    who: &Uploader,
    upload: &ResumableUpload,
    (file, first): (Option<Upload>, Option<Chunk<S>>),
    turn: &Turn,
) -> Result<Appended> {
    match (file, first) {
        (Some(file), Some(first)) => {
            let received = chunk::receive(core, who, upload, file, turn, first).await;
            // The client hears no address, so nobody can go on with it.
            if let Err(Error::TooLarge) = &received
                && let Err(error) = end(core, upload).await
            {
                tracing::warn!(upload = upload.id, %error, "ending an upload that was refused");
            }
            received
        }
        (Some(file), None) => {
            let offset = file.size();
            let offset = chunk::end(core, who, upload, file, offset).await?;
            Ok(Appended::Stored(Progress::of(upload, offset)))
        }
        // It may go on with what another protocol left.
        (None, _) => Ok(Appended::Stored(Progress::of(upload, there(core, upload)))),
    }
}

/// Whether the bytes that come with an announcement could be its beginning.
fn fits<S>(who: &Uploader, new: &NewUpload, first: &Chunk<S>) -> Result<()> {
    if first.length.is_some_and(|length| length > new.length) {
        return Err(Error::TooLarge);
    }
    let session = who.fs.session();
    let part = part_size(session, &Place::of(&session.account.user, &new.path));
    chunk::may_advance(part, new.length, first.length, 0)
}

/// Whether something has come of an upload, or is about to.
fn has_begun(core: &Core, upload: &ResumableUpload) -> bool {
    core.0.turns.is_taken(&upload.id) || has_bytes(core, upload)
}

/// Whether something of an upload is there.
pub(super) fn has_bytes(core: &Core, upload: &ResumableUpload) -> bool {
    core.0.names.is_running(&upload.id) || there(core, upload) > 0
}

/// The bytes of an upload that are there between two requests.
fn there(core: &Core, upload: &ResumableUpload) -> u64 {
    core.0.partials.of_id(&upload.username, &upload.id).map_or(0, |partial| unsigned(partial.size))
}

/// Whether another protocol left an unfinished upload of the name. To announce one is not to give that up yet.
async fn is_begun_elsewhere(who: &Uploader, new: &NewUpload, id: &str, replaced: &[ResumableUpload]) -> Result<bool> {
    if who.share.is_some() {
        return Ok(false);
    }
    let partial = who.fs.partial_at(&new.path).await?;
    Ok(partial.is_some_and(|partial| partial.id != id && replaced.iter().all(|older| older.id != partial.id)))
}

/// The id of the new upload, and the unfinished ones of the same name.
async fn choose_id(core: &Core, who: &Uploader, new: &NewUpload, has_body: bool) -> Result<(String, Vec<ResumableUpload>)> {
    if who.share.is_some() {
        // A visitor does not get hold of what others began, nor do others give way.
        return Ok((random_alphanumeric(ID), Vec::new()));
    }
    let uploads = core.0.store.resumable_uploads();
    let replaced = uploads.unfinished(who.username(), new.path.as_bytes()).await.map_err(database)?;
    // A body that comes along is the beginning of the file.
    if new.resumes && !has_body {
        let partial = who.fs.partial_at(&new.path).await?.filter(|partial| unsigned(partial.size) <= new.length);
        if let Some(partial) = partial {
            return Ok((partial.id, replaced));
        }
    }
    Ok((random_alphanumeric(ID), replaced))
}

/// Stores what was announced, and keeps what it costs with it, even if the client goes away meanwhile.
async fn note(core: &Core, upload: ResumableUpload, uses: Option<Uses>) -> Result<()> {
    let uploads = core.0.store.resumable_uploads();
    let work = async move {
        uploads.put(upload).await.map_err(database)?;
        uses.into_iter().for_each(Uses::keep);
        Ok(())
    };
    core.tasks().complete(work).await
}

fn busy() -> Error {
    Error::Conflict("this file is being uploaded just now".to_owned())
}

/// The turn at an upload that gives way, or begins.
pub(super) async fn take_turn(core: &Core, id: &str) -> Result<Turn> {
    let turn = match core.0.turns.take(id, core.clock(), Purpose::Bring).await {
        Err(Error::Busy) => return Err(busy()),
        other => other?,
    };
    // Another protocol may go on with it.
    if core.0.names.is_running(id) { Err(busy()) } else { Ok(turn) }
}
