//! An upload: where bytes go until the client says that it is done.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use bytes::Bytes;
use entrepot_storage::{Attributes, Metadata, StagedFile, Timestamp, WriteFile};
use entrepot_store::UploadIntent;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{
    error::{Error, Result},
    live::Outcome,
    operation::Operation,
    place::Place,
    policy,
    quota::{Reservation, Usage},
    registry::Running,
    session::{Direction, SessionState},
    transfer::{Continued, digest::Digest, names::Edit, settlement::TransferAllowance},
};

/// What an upload writes to.
pub(crate) enum Target {
    /// A file that gets its name at the end.
    Staged {
        /// The open file.
        file: Arc<dyn StagedFile>,
        /// Its row in the database.
        intent: Box<UploadIntent>,
    },
    /// An existing file that is changed in place.
    InPlace {
        /// The open file.
        file: Arc<dyn WriteFile>,
        /// What quota knows of it.
        edit: Arc<Edit>,
    },
}

/// What does not change while an upload runs.
pub(crate) struct UploadFacts {
    pub session: Arc<SessionState>,
    pub target: Target,
    pub operation: Operation,
    pub running: Running,
    pub allowance: TransferAllowance,
    /// Bytes and files that quota counts already: a resumed partial, a file changed in place.
    pub charged: Usage,
    /// Whether there was a file that the commit would replace.
    pub replaces: bool,
    /// Offsets below are refused.
    pub minimum: u64,
    /// Most bytes that the file may have (ACC-291); 0 = no limit.
    pub most: u64,
    pub readable: bool,
    /// A file that has the name when it ends stays, and the new one gets a name beside it.
    pub beside: bool,
    /// One of several requests that make the upload.
    pub continued: Option<Continued>,
}

impl UploadFacts {
    /// When the upload began, in milliseconds since the epoch.
    pub(crate) fn began(&self) -> i64 {
        self.continued.as_ref().map_or_else(|| self.running.started_at(), |continued| continued.began)
    }
}

pub(crate) struct UploadState {
    pub facts: UploadFacts,
    pub reservation: Mutex<Option<Reservation>>,
    pub place: Mutex<Place>,
    /// The file may grow up to here before quota is asked again.
    allowed: AtomicU64,
    in_flight: AtomicUsize,
    idle: Notify,
    broken: AtomicBool,
    failed: Mutex<Option<Error>>,
    times: Mutex<Option<(Timestamp, Timestamp)>>,
    ended: AtomicBool,
    moved: AtomicU64,
    /// What lies beyond is not kept if the upload is given up.
    pub(super) trusted: AtomicU64,
    pub(super) digest: Digest,
}

impl UploadState {
    pub(crate) fn new(facts: UploadFacts, place: Place, reservation: Reservation) -> Arc<Self> {
        let digest = match &facts.target {
            Target::Staged { file, intent } => Digest::of(&facts.session, &place, &intent.id, file.size()),
            Target::InPlace { .. } => Digest::default(),
        };
        let allowed = unsigned(facts.charged.size).saturating_add(reservation.granted());
        Arc::new_cyclic(|this| {
            facts.running.is_of(this.clone());
            Self {
                facts,
                reservation: Mutex::new(Some(reservation)),
                place: Mutex::new(place),
                allowed: AtomicU64::new(allowed),
                in_flight: AtomicUsize::new(0),
                idle: Notify::new(),
                broken: AtomicBool::new(false),
                failed: Mutex::new(None),
                times: Mutex::new(None),
                ended: AtomicBool::new(false),
                moved: AtomicU64::new(0),
                trusted: AtomicU64::new(u64::MAX),
                digest,
            }
        })
    }

    /// The file being written.
    pub(crate) fn file(&self) -> &dyn WriteFile {
        match &self.facts.target {
            Target::Staged { file, .. } => file.as_ref() as &dyn WriteFile,
            Target::InPlace { file, .. } => file.as_ref(),
        }
    }

    /// Whether it was committed, aborted or abandoned.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// Marks it as ended; `false` if it was already.
    pub(crate) fn end(&self) -> bool {
        !self.ended.swap(true, Ordering::SeqCst)
    }

    /// The first error of a write.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failed.lock().clone()
    }

    /// Remembers the first error; everything after it fails alike.
    pub(crate) fn fail(&self, error: Error) -> Error {
        let first = self.failed.lock().get_or_insert(error).clone();
        self.broken.store(true, Ordering::SeqCst);
        first
    }

    /// The file gets another name at its end.
    pub(crate) fn move_to(self: &Arc<Self>, place: Place) {
        let virtual_path = place.virtual_path.clone();
        let old = std::mem::replace(&mut *self.place.lock(), place);
        let overlay = &self.facts.session.overlay;
        if overlay.remove(&old.virtual_path, self) {
            overlay.insert(virtual_path, self);
        }
    }

    /// Bytes written by this upload.
    pub(crate) fn moved(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// Times that the finished file shall have (SFTP-051).
    pub(crate) fn remembered_times(&self) -> Option<(Timestamp, Timestamp)> {
        *self.times.lock()
    }

    /// Waits until no write is under way.
    pub(crate) async fn quiet(&self) {
        loop {
            let notified = self.idle.notified();
            if self.in_flight.load(Ordering::SeqCst) == 0 {
                return;
            }
            notified.await;
        }
    }

    fn admit(&self, offset: u64, length: usize) -> Result<()> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(self.failure().unwrap_or(Error::Cancelled));
        }
        if let Some(error) = self.facts.running.stop() {
            return Err(self.fail(error));
        }
        if self.is_ended() || self.facts.session.kill.is_cancelled() {
            return Err(self.fail(Error::Cancelled));
        }
        if offset < self.facts.minimum {
            return Err(self.fail(Error::Unsupported));
        }
        let end = offset.checked_add(length as u64).ok_or(Error::TooLarge)?;
        self.allow_size(end)?;
        if !self.facts.allowance.allows(length) {
            return Err(self.fail(Error::TransferQuota));
        }
        Ok(())
    }

    /// Makes sure that the file may be `size` bytes long.
    pub(crate) fn allow_size(&self, size: u64) -> Result<()> {
        if size <= self.allowed.load(Ordering::Relaxed) && (self.facts.most == 0 || size <= self.facts.most) {
            return Ok(());
        }
        if self.facts.most > 0 && size > self.facts.most {
            return Err(self.fail(Error::Quota));
        }
        let base = unsigned(self.facts.charged.size);
        let reservation = self.reservation.lock();
        let Some(reservation) = reservation.as_ref() else { return Err(Error::Cancelled) };
        match reservation.extend(size.saturating_sub(base), false) {
            Ok(lease) => {
                self.allowed.store(base.saturating_add(lease), Ordering::Relaxed);
                Ok(())
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Makes sure that there is room for what the upload comes to: `files` files and `size` bytes of which `credit` replace
    /// others. What it was to replace may have gone since its opening.
    pub(crate) fn still_fits(&self, files: i64, size: u64, credit: u64) -> Result<()> {
        let charged = self.facts.charged;
        let mut reservation = self.reservation.lock();
        let Some(reservation) = reservation.as_mut() else { return Err(Error::Cancelled) };
        reservation.rebase(files - charged.files, size.saturating_sub(unsigned(charged.size)), credit)
    }

    fn count(&self, length: usize) {
        let session = &self.facts.session;
        session.take(Direction::Upload, length);
        let moved = self.moved.fetch_add(length as u64, Ordering::Relaxed) + length as u64;
        self.facts.running.bytes.store(moved, Ordering::Relaxed);
        self.facts.allowance.spend(length as u64);
        session.touch();
    }
}

/// A lease on an upload. Dropped without [`Upload::commit`] it becomes a partial that a later upload can go on with.
pub struct Upload(pub(crate) Arc<UploadState>);

impl Upload {
    /// Writes all of `data` if that needs no waiting; `false` = nothing was written, use [`Upload::write_at`].
    ///
    /// # Errors
    /// `Quota`, `TransferQuota`, `Cancelled`, `Denied` once an administrator stopped it, or what the storage says. After an
    /// error every write fails alike, and the commit reports it.
    pub fn try_write_at(&self, offset: u64, data: &[u8]) -> Result<bool> {
        let state = &self.0;
        if !state.facts.session.is_ready(Direction::Upload) {
            return Ok(false);
        }
        state.admit(offset, data.len())?;
        let written = state.file().try_write_at(offset, data).map_err(|error| state.fail(error.into()))?;
        if written {
            state.digest.take(offset, data);
            state.count(data.len());
        }
        Ok(written)
    }

    /// Writes all of `data`. Dropping the future abandons the answer; the bytes may still be written.
    ///
    /// # Errors
    /// As [`Upload::try_write_at`].
    pub async fn write_at(&self, offset: u64, data: Bytes) -> Result<()> {
        let state = &self.0;
        tokio::select! {
            biased;
            () = state.facts.session.throttle(Direction::Upload) => {}
            () = state.facts.session.kill.cancelled() => return Err(state.fail(Error::Cancelled)),
            error = state.facts.running.stopped() => return Err(state.fail(error)),
        }
        let core = state.facts.session.core.clone();
        // The write belongs to the upload, not to the caller: whoever ends the upload waits for it.
        let (state, writing) = (state.clone(), InFlight::new(state));
        let write = async move {
            let _writing = writing;
            state.admit(offset, data.len())?;
            // Before the write: writes may end in another order than they were asked for.
            state.digest.take(offset, &data);
            let length = data.len();
            state.file().write_at(offset, data).await.map_err(|error| state.fail(error.into()))?;
            state.count(length);
            Ok(())
        };
        core.tasks().complete(write).await
    }

    /// Reads from the file being written, if it was opened for that.
    ///
    /// # Errors
    /// `Denied` without the permission to download, `Unsupported` where the storage cannot.
    pub fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>> {
        Ok(self.reader()?.try_read_at(offset, buffer)?)
    }

    /// As [`Upload::try_read_at`], waiting where that is needed.
    ///
    /// # Errors
    /// As [`Upload::try_read_at`].
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        Ok(self.reader()?.read_at(offset, length).await?)
    }

    fn reader(&self) -> Result<&dyn entrepot_storage::ReadFile> {
        if !self.0.facts.readable {
            return Err(
                policy::Denial::new("open_mode", "the file was not opened for reading, or download is not granted").into()
            );
        }
        self.0.file().reader().ok_or(Error::Unsupported)
    }

    /// Whether a rate holds for it: what is written may wait for long.
    pub fn is_throttled(&self) -> bool {
        self.0.facts.session.is_limited(Direction::Upload)
    }

    /// Size of the file as written so far.
    pub fn size(&self) -> u64 {
        self.0.file().size()
    }

    /// Path as the client named it; renames in flight are followed.
    pub fn path(&self) -> entrepot_model::VirtualPath {
        let Place { virtual_path, .. } = self.0.shown_place();
        virtual_path
    }

    /// Metadata of the file as written so far.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn metadata(&self) -> Result<Metadata> {
        self.0.metadata().await
    }

    /// Changes attributes of the file being written, with the permissions of its path. Times are remembered, so that the
    /// finished file has them.
    ///
    /// # Errors
    /// `Denied`, `Quota` when growing, or what the storage says.
    pub async fn set_attributes(&self, attributes: &Attributes) -> Result<()> {
        self.0.set_attributes(attributes).await
    }

    /// All of it was written, and it waits for others before it gets its name: it is no running transfer any more.
    pub fn rest(&self) {
        self.0.facts.running.end(Outcome::Done);
    }

    /// Brings what was written to stable storage (SFTP-005).
    ///
    /// # Errors
    /// What the storage says.
    pub async fn sync(&self) -> Result<()> {
        Ok(self.0.file().sync().await?)
    }
}

impl UploadState {
    /// Metadata of the file as written so far.
    pub(crate) async fn metadata(&self) -> Result<Metadata> {
        Ok(self.file().metadata().await?)
    }

    /// See [`Upload::set_attributes`].
    pub(crate) async fn set_attributes(&self, attributes: &Attributes) -> Result<()> {
        let path = self.shown_place().virtual_path;
        let session = &self.facts.session;
        let allowed = crate::fs::attributes::permitted(session, &path, attributes, self.facts.operation)?;
        if let Some(size) = allowed.size {
            self.allow_size(size)?;
            self.digest.resize(size);
        }
        if let Some(times) = allowed.times {
            *self.times.lock() = Some(times);
        }
        let place = self.place.lock().clone();
        crate::fs::attributes::tolerant(session, &place, self.file().set_attributes(&allowed).await)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.0.end() {
            self.0.facts.session.core.0.reaper.abandon(self.0.clone());
        }
    }
}

/// A write that is under way.
struct InFlight(Arc<UploadState>);

impl InFlight {
    fn new(state: &Arc<UploadState>) -> Self {
        state.in_flight.fetch_add(1, Ordering::SeqCst);
        Self(state.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
