//! Taking in a piece.

use std::sync::Arc;

use bytes::Bytes;
use entrepot_storage::{Attributes, Timestamp};
use entrepot_store::ResumableUpload;
use futures_util::StreamExt;

use super::{
    Appended, Body, Checksum, Chunk, LIFETIME, Progress, Purpose, Turn, Uploader,
    create::{has_bytes, take_turn},
    database, find, of, path, through_share, unsigned,
};
use crate::{
    Core, Upload,
    error::{Error, Result},
    fs::Hasher,
    registry::stopped_by_administrator,
    transfer::Continued,
};

/// Bytes that wait in memory for their checksum, on storage that takes nothing back.
const HELD: usize = 16 << 20;
/// A piece may take longer to arrive than an upload waits for the next one: it puts the end off every hour.
const PUT_OFF: i64 = 3_600_000;

/// Takes in a piece of an upload. The last one gives the file its name: then quota, permissions, hooks and patterns are asked
/// once more, and one event tells of the whole upload.
///
/// Dropping the future keeps what has arrived.
///
/// # Errors
/// `NotFound`; `Denied` if the upload is of somebody else; `Conflict` if the piece does not belong where the upload is;
/// `Busy` while another piece arrives; `TooLarge` beyond the announced length; the error of the body; else as
/// [`crate::UserFs::open_write`] and [`Upload::commit`].
pub async fn append<S: Body>(core: &Core, who: &Uploader, id: &str, chunk: Chunk<S>) -> Result<Appended> {
    let ends = core.0.turns.ends();
    let found = match core.0.turns.left(id).filter(|_| stands_at(core, who, id) == Some(chunk.offset)) {
        Some(left) => of(core, who, left)?,
        None => find(core, who, id).await?,
    };
    let turn = Arc::new(core.0.turns.take(id, core.clock(), Purpose::Bring).await?);
    let _attending = turn.attend();
    // Whoever had the turn meanwhile may have ended it.
    let upload = if core.0.turns.ends() == ends { found } else { find(core, who, id).await? };
    let length = unsigned(upload.length);
    if upload.completed {
        let is_at_end = chunk.offset == length && chunk.length.unwrap_or(0) == 0;
        return if is_at_end { Ok(Appended::Stored(Progress::of(&upload, length))) } else { Err(elsewhere(length)) };
    }
    if core.0.names.is_running(id) {
        return Err(Error::Busy);
    }
    let at = stands_at(core, who, id).unwrap_or(0);
    if chunk.offset != at {
        return Err(elsewhere(at));
    }
    if at == 0 && length > 0 && chunk.length == Some(0) {
        return Ok(Appended::Stored(Progress { expires_at: put_off(core, &upload), ..Progress::of(&upload, 0) }));
    }
    // Nothing of a request is taken that says itself that it has too much.
    if chunk.length.is_some_and(|more| more > length - at.min(length)) {
        return Err(Error::TooLarge);
    }
    let (displaced, _turns) = displace(core, &upload, at).await?;
    let file = open(core, who, &upload, &turn).await?;
    for older in displaced {
        core.0.store.resumable_uploads().delete(&older.id).await.map_err(database)?;
    }
    if file.size() != chunk.offset {
        let at = file.size();
        file.suspend().await;
        return Err(elsewhere(at));
    }
    receive(core, who, &upload, file, &turn, chunk).await
}

/// The other uploads of the name of which something is there: with its first bytes this one takes their place (API-157).
async fn displace(core: &Core, upload: &ResumableUpload, at: u64) -> Result<(Vec<ResumableUpload>, Vec<Turn>)> {
    let (mut displaced, mut turns) = (Vec::new(), Vec::new());
    if at > 0 || upload.share.is_some() {
        return Ok((displaced, turns));
    }
    let others = core.0.store.resumable_uploads().unfinished(&upload.username, &upload.virtual_path).await.map_err(database)?;
    for other in others.into_iter().filter(|other| other.id != upload.id) {
        turns.push(take_turn(core, &other.id).await?);
        if has_bytes(core, &other) {
            displaced.push(other);
        }
    }
    Ok((displaced, turns))
}

/// Bytes of the upload that wait for the next piece.
fn stands_at(core: &Core, who: &Uploader, id: &str) -> Option<u64> {
    core.0.partials.of_id(who.username(), id).map(|partial| unsigned(partial.size))
}

fn elsewhere(at: u64) -> Error {
    Error::Conflict(format!("the upload is at offset {at}"))
}

/// Opens the file of an upload where it stands.
pub(super) async fn open(core: &Core, who: &Uploader, upload: &ResumableUpload, turn: &Arc<Turn>) -> Result<Upload> {
    let name = through_share(upload).map(<[u8]>::to_vec);
    let continued = Continued { id: upload.id.clone(), began: upload.created_at, is_first: false, name, turn: turn.clone() };
    who.fs.open_part(&path(core, upload)?, unsigned(upload.length), continued).await
}

/// Writes what comes, and ends the request.
pub(super) async fn receive<S: Body>(
    core: &Core,
    who: &Uploader,
    upload: &ResumableUpload,
    file: Upload,
    turn: &Turn,
    chunk: Chunk<S>,
) -> Result<Appended> {
    let from = file.size();
    let received = match may_advance(file.part_size(), unsigned(upload.length), chunk.length, from) {
        Ok(()) => write(core, who, upload, &file, turn, chunk).await,
        Err(error) => Err(error),
    };
    match received {
        Ok(Some(to)) => {
            let to = end(core, who, upload, file, to).await?;
            let expires_at = put_off(core, upload);
            if to > 0 && to < unsigned(upload.length) {
                turn.leave(ResumableUpload { expires_at, ..upload.clone() });
            }
            Ok(Appended::Stored(Progress { expires_at, ..Progress::of(upload, to) }))
        }
        Ok(None) => {
            file.suspend().await;
            let kept = stands_at(core, who, &upload.id).unwrap_or(0);
            Ok(Appended::Mismatch(Progress::of(upload, kept)))
        }
        Err(error) => {
            file.suspend().await;
            put_off(core, upload);
            forget_if_lost(core, upload, &error).await;
            Err(error)
        }
    }
}

/// A piece that makes nothing durable would be sent again for ever.
pub(super) fn may_advance(part: Option<u64>, length: u64, more: Option<u64>, from: u64) -> Result<()> {
    let (Some(part), Some(more)) = (part, more) else { return Ok(()) };
    let to = from.saturating_add(more);
    if more == 0 || to >= length || to / part > from / part {
        return Ok(());
    }
    let message = if part == u64::MAX {
        "this storage takes a file in one piece only".to_owned()
    } else {
        format!("pieces for this storage must have at least {part} bytes")
    };
    Err(Error::invalid("Content-Length", message))
}

/// Writes the body. Answers where the upload is then; `None` = it is not what its checksum says, and nothing of it is kept.
/// Nor is anything of one that breaks off before its checksum could be judged.
async fn write<S: Body>(
    core: &Core,
    who: &Uploader,
    upload: &ResumableUpload,
    file: &Upload,
    turn: &Turn,
    chunk: Chunk<S>,
) -> Result<Option<u64>> {
    let (length, from) = (unsigned(upload.length), file.size());
    let Chunk { mut body, checksum, .. } = chunk;
    let mut hasher = checksum.as_ref().map(|checksum| Hasher::new(checksum.algorithm));
    let mut held = (checksum.is_some() && file.part_size().is_some()).then(Vec::new);
    let mut at = from;
    if hasher.is_some() {
        file.doubt(from);
    }
    let mut put_off_at = core.clock().millis().saturating_add(PUT_OFF);
    while let Some(piece) = next(who, turn, &mut body).await? {
        if piece.len() as u64 > length - at {
            return Err(Error::TooLarge);
        }
        if let Some(hasher) = &mut hasher {
            hasher.update(&piece);
        }
        match &mut held {
            Some(held) if held.len() + piece.len() > HELD => return Err(Error::TooLarge),
            Some(held) => held.extend_from_slice(&piece),
            None => put(file, at, &piece).await?,
        }
        at += piece.len() as u64;
        let now = core.clock().millis();
        turn.reach(if hasher.is_some() { from } else { at }, now);
        if now >= put_off_at {
            put_off(core, upload);
            put_off_at = now.saturating_add(PUT_OFF);
        }
    }
    if checksum.zip(hasher).is_some_and(|(checksum, hasher): (Checksum, Hasher)| !checksum.is_of(hasher)) {
        return Ok(None);
    }
    file.trust();
    if let Some(held) = held {
        put(file, from, &Bytes::from(held)).await?;
    }
    Ok(Some(at))
}

async fn put(file: &Upload, at: u64, piece: &Bytes) -> Result<()> {
    if file.try_write_at(at, piece)? { Ok(()) } else { file.write_at(at, piece.clone()).await }
}

/// The next piece of the body, unless somebody ends this.
async fn next<S: Body>(who: &Uploader, turn: &Turn, body: &mut S) -> Result<Option<Bytes>> {
    tokio::select! {
        biased;
        () = who.fs.session().kill.cancelled() => Err(Error::Cancelled),
        () = turn.asked_to_end() => Err(if who.was_stopped(turn) { stopped_by_administrator() } else { Error::Busy }),
        piece = body.next() => piece.transpose(),
    }
}

/// Ends a request at `to`: the file gets its name if it is all there. Answers where the upload is for the next one.
pub(super) async fn end(core: &Core, who: &Uploader, upload: &ResumableUpload, file: Upload, to: u64) -> Result<u64> {
    if to == unsigned(upload.length) {
        return commit(core, upload, file).await.map(|()| to);
    }
    let is_random = file.part_size().is_none();
    file.suspend().await;
    let kept = stands_at(core, who, &upload.id).unwrap_or(0);
    if !is_random || kept >= to {
        return Ok(kept);
    }
    // Another upload of the name has taken its place meanwhile, or it may not stay between requests (too many files): then it
    // cannot be brought in several.
    match core.0.store.resumable_uploads().get(&upload.id).await.map_err(database)? {
        Some(_) => Err(Error::Quota),
        None => Err(Error::NotFound),
    }
}

/// Gives the file its name.
pub(super) async fn commit(core: &Core, upload: &ResumableUpload, file: Upload) -> Result<()> {
    if let Some(modified) = upload.modified_at {
        let nanoseconds = u32::try_from(modified.rem_euclid(1000)).unwrap_or(0) * 1_000_000;
        let time = Timestamp { seconds: modified.div_euclid(1000), nanoseconds };
        let times = Attributes { times: Some((time, time)), ..Attributes::default() };
        // API-143: a time that cannot be set is no reason to refuse the file.
        if let Err(error) = file.set_attributes(&times).await {
            tracing::debug!(%error, "the time of an upload was not set");
        }
    }
    match file.commit().await {
        Ok(_) => Ok(()),
        Err(error) => {
            forget_if_lost(core, upload, &error).await;
            Err(error)
        }
    }
}

/// An upload of which nothing may remain has ended.
async fn forget_if_lost(core: &Core, upload: &ResumableUpload, error: &Error) {
    if !matches!(error, Error::Quota | Error::FileQuota | Error::Denied(_)) {
        return;
    }
    if let Err(error) = core.0.store.resumable_uploads().delete(&upload.id).await.map_err(database) {
        tracing::warn!(%error, "forgetting an upload");
    }
}

/// The upload lives on from now. Answers until when.
fn put_off(core: &Core, upload: &ResumableUpload) -> i64 {
    let expires_at = core.clock().millis().saturating_add(LIFETIME);
    if let Err(error) = core.0.store.resumable_uploads().submit_expiry(upload.id.clone(), expires_at) {
        tracing::warn!(%error, "putting the expiry of an upload off");
    }
    expires_at
}
