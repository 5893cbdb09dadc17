//! Uploads of a file in several requests: announced once, brought in pieces, finished by the last of them.
//!
//! The bytes are the partial of the core (`transfer::partials`) under the id of the upload. So they lie where the file will
//! be, the end is one rename, a restart finds them, and whoever may go on with a partial (SFTP `reput`) goes on with this one,
//! and the other way round. What is kept here is what the partial does not tell: whose upload it is, how long the file will
//! be, when it is given up.
//!
//! An upload belongs to the user who announced it, or to the share through which it was announced; nobody else may touch it.

mod chunk;
mod create;
mod expire;
mod status;
mod terminate;
mod turns;

use bytes::Bytes;
use entrepot_model::VirtualPath;
use entrepot_store::{ResumableUpload, UploadIntent};
use futures_util::Stream;

use crate::{
    Core, UserFs,
    error::{Error, Result},
    fs::{HashAlgorithm, Hasher},
    place::Place,
    policy::Denial,
    registry::stopped_by_administrator,
    shares::Uses,
    transfer::waiting,
};

pub use chunk::append;
pub use create::create;
#[cfg(test)]
pub(crate) use expire::expire_now;
pub(crate) use expire::{end, end_of_share, end_stopped, expire, failed_event, of_share, of_user};
pub use status::status;
pub use terminate::terminate;
pub(crate) use turns::{Purpose, Turn, Turns};

/// How long an upload waits for its next piece (API-158).
const LIFETIME: i64 = 24 * 3_600_000;

/// Who uploads.
#[derive(Clone)]
pub struct Uploader {
    fs: UserFs,
    share: Option<String>,
}

impl Uploader {
    /// The user whose files these are.
    pub fn user(fs: UserFs) -> Self {
        Self { fs, share: None }
    }

    /// Somebody who came through a share; `fs` are the files of its owner.
    pub fn visitor(fs: UserFs, share: impl Into<String>) -> Self {
        Self { fs, share: Some(share.into()) }
    }

    fn username(&self) -> &str {
        self.fs.username()
    }

    /// Whether an administrator stopped the upload of this turn.
    fn was_stopped(&self, turn: &Turn) -> bool {
        self.fs.session().core.0.registry.was_stopped(turn.id())
    }

    /// Largest file that may be announced, in bytes; `None` = any (`Tus-Max-Size`).
    pub fn largest(&self) -> Option<u64> {
        let user = &self.fs.session().account.user.user;
        u64::try_from(user.filters.base.max_upload_file_size).ok().filter(|most| *most > 0)
    }
}

/// A file that is announced.
pub struct NewUpload {
    /// Its name.
    pub path: VirtualPath,
    /// Its bytes.
    pub length: u64,
    /// What the client says of it, to be repeated to it.
    pub metadata: String,
    /// Modification time that it shall have, in Unix milliseconds.
    pub modified_at: Option<i64>,
    /// Directories that are missing are made.
    pub makes_parents: bool,
    /// Goes on with what an unfinished upload of this name left, over whatever protocol. Otherwise that gives way.
    pub resumes: bool,
    /// What it costs the share: kept from now on, and given back if the upload comes to nothing (API-159).
    pub uses: Option<Uses>,
}

/// What one request brings.
pub struct Chunk<S> {
    /// Where it belongs.
    pub offset: u64,
    /// Its length, where it is told.
    pub length: Option<u64>,
    /// What it must be, where it is told.
    pub checksum: Option<Checksum>,
    /// The bytes. An error of the body ends the request; what came before it is kept.
    pub body: S,
}

/// A body in pieces.
pub trait Body: Stream<Item = Result<Bytes>> + Unpin {}

impl<S: Stream<Item = Result<Bytes>> + Unpin> Body for S {}

/// A checksum that a chunk must have.
#[derive(Debug, Clone)]
pub struct Checksum {
    /// How it is computed.
    pub algorithm: HashAlgorithm,
    /// Its bytes.
    pub value: Vec<u8>,
}

impl Checksum {
    fn is_of(&self, hasher: Hasher) -> bool {
        hasher.finish() == self.value
    }
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Its id: not to be guessed, and the last part of its address.
    pub id: String,
    /// Bytes that are there and will be after a restart.
    pub offset: u64,
    /// Bytes of the whole file.
    pub length: u64,
    /// What the client said of it.
    pub metadata: String,
    /// When it is forgotten unless more comes, in Unix milliseconds.
    pub expires_at: i64,
}

impl Progress {
    fn of(upload: &ResumableUpload, offset: u64) -> Self {
        Self {
            id: upload.id.clone(),
            offset,
            length: unsigned(upload.length),
            metadata: upload.metadata.clone(),
            expires_at: upload.expires_at,
        }
    }

    /// Whether the file has its name.
    pub fn is_complete(&self) -> bool {
        self.offset == self.length
    }
}

/// What became of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// It is there.
    Stored(Progress),
    /// It is not what its checksum says, and nothing of it was kept.
    Mismatch(Progress),
}

/// The upload of that id, if there is one and it is of whoever asks.
async fn find(core: &Core, who: &Uploader, id: &str) -> Result<ResumableUpload> {
    if core.0.registry.was_stopped(id) {
        return Err(stopped_by_administrator());
    }
    // What was finished or put off a moment ago is in the database before it is read.
    core.0.store.transfers().barrier().await.map_err(database)?;
    let found = core.0.store.resumable_uploads().get(id).await.map_err(database)?;
    of(core, who, found.ok_or(Error::NotFound)?)
}

/// The upload, if it lives and is of whoever asks.
fn of(core: &Core, who: &Uploader, upload: ResumableUpload) -> Result<ResumableUpload> {
    if core.0.registry.was_stopped(&upload.id) {
        return Err(stopped_by_administrator());
    }
    if upload.expires_at < core.clock().millis() {
        return Err(Error::NotFound);
    }
    if upload.username != who.username() || upload.share != who.share {
        return Err(Denial::new("owner", "the upload is of somebody else").into());
    }
    Ok(upload)
}

/// Where the file will be: directories may have got other names since it was announced.
fn path(core: &Core, upload: &ResumableUpload) -> Result<VirtualPath> {
    let parse = |path: &[u8]| VirtualPath::parse(path).map_err(|error| Error::internal("path of an upload", error));
    let announced = parse(&upload.virtual_path)?;
    let Some(partial) = core.0.partials.of_id(&upload.username, &upload.id) else { return Ok(announced) };
    let found = parse(&partial.virtual_path)?;
    match (through_share(upload), found.parent()) {
        // It waits under another name.
        (Some(name), Some(directory)) => directory.child(name).map_err(|error| Error::internal("path of an upload", error)),
        _ => Ok(found),
    }
}

/// The name of a file that comes through a share.
fn through_share(upload: &ResumableUpload) -> Option<&[u8]> {
    upload.share.as_ref()?;
    upload.virtual_path.rsplit(|byte| *byte == b'/').next()
}

/// What to call the place of a partial.
fn shown(upload: &ResumableUpload, place: &Place) -> Place {
    match through_share(upload) {
        Some(name) => waiting::shown(place.clone(), name),
        None => place.clone(),
    }
}

/// Where the file will be of which a crash left something at `place`, if a visitor may go on with it.
pub(crate) async fn visited(core: &Core, intent: &UploadIntent, place: &Place) -> Result<Option<Place>> {
    let upload = core.0.store.resumable_uploads().get(&intent.id).await.map_err(database)?;
    upload.as_ref().and_then(through_share).map(|name| place.named(name)).transpose()
}

/// The share through which an upload comes: who goes on with it has to be let in there first.
///
/// # Errors
/// `NotFound`; `Denied` for one of a user.
pub async fn share_of(core: &Core, id: &str) -> Result<String> {
    let found = core.0.store.resumable_uploads().get(id).await.map_err(database)?;
    let upload = found.filter(|upload| upload.expires_at >= core.clock().millis()).ok_or(Error::NotFound)?;
    upload.share.ok_or_else(|| Denial::new("owner", "the upload is of a user").into())
}

fn database(error: entrepot_store::StoreError) -> Error {
    match error {
        // The account was deleted meanwhile.
        entrepot_store::StoreError::Reference { .. } => Denial::new("account", "the account is gone").into(),
        other => Error::of_store("resumable uploads", other),
    }
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
