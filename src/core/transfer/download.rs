//! A download: counted, throttled, recorded when it ends.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use entrepot_storage::{Metadata, ReadFile};
use parking_lot::Mutex;

use crate::{
    audit::{FsDetails, Status},
    error::{Error, Result},
    live::Outcome,
    place::Place,
    registry::Running,
    session::{Direction, SessionState},
    transfer::settlement::TransferAllowance,
};

/// A file that is being read. Reads may run side by side; dropping it records the download.
pub struct Download {
    session: Arc<SessionState>,
    file: Arc<dyn ReadFile>,
    place: Place,
    running: Running,
    allowance: TransferAllowance,
    moved: AtomicU64,
    failed: Mutex<Option<Error>>,
}

impl Download {
    pub(crate) fn new(
        session: Arc<SessionState>,
        file: Arc<dyn ReadFile>,
        place: Place,
        running: Running,
        allowance: TransferAllowance,
    ) -> Self {
        Self { session, file, place, running, allowance, moved: AtomicU64::new(0), failed: Mutex::new(None) }
    }

    /// Reads what is there without waiting; `None` = use [`Download::read_at`]. `Some(0)` = at or past the end.
    ///
    /// # Errors
    /// `Cancelled` when the session was ended, `Denied` when an administrator stopped the download, `TransferQuota` when its
    /// volume is used up, or what the storage says.
    pub fn try_read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.check()?;
        if !self.session.is_ready(Direction::Download) {
            return Ok(None);
        }
        let read = self.file.try_read_at(offset, buffer).map_err(|error| self.fail(error.into()))?;
        if let Some(count) = read {
            self.count(offset, count)?;
        }
        Ok(read)
    }

    /// Reads up to `length` bytes, fewer only at the end of the file. Dropping the future abandons the answer.
    ///
    /// # Errors
    /// As [`Download::try_read_at`].
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Bytes> {
        self.check()?;
        tokio::select! {
            biased;
            () = self.session.throttle(Direction::Download) => {}
            () = self.session.kill.cancelled() => return Err(Error::Cancelled),
            error = self.running.stopped() => return Err(self.fail(error)),
        }
        let data = self.file.read_at(offset, length).await.map_err(|error| self.fail(error.into()))?;
        self.count(offset, data.len())?;
        Ok(data)
    }

    /// Metadata of the open file.
    ///
    /// # Errors
    /// What the storage says.
    pub async fn metadata(&self) -> Result<Metadata> {
        Ok(self.file.metadata().await?)
    }

    /// This many bytes are all that will be read.
    pub fn expect(&self, bytes: u64) {
        self.running.expect(bytes);
    }

    /// Bytes given out so far.
    pub fn bytes(&self) -> u64 {
        self.moved.load(Ordering::Relaxed)
    }

    /// Notes that the client went away before it had all that it asked for: the download failed, if it had not already.
    pub fn break_off(&self) {
        self.fail(Error::Disconnected);
    }

    /// Ends the download and records it; dropping does the same.
    pub fn close(self) {}

    fn check(&self) -> Result<()> {
        if self.session.kill.is_cancelled() {
            return Err(self.fail(Error::Cancelled));
        }
        if let Some(error) = self.running.stop() {
            return Err(self.fail(error));
        }
        if self.allowance.is_exceeded() {
            return Err(self.fail(Error::TransferQuota));
        }
        Ok(())
    }

    fn count(&self, offset: u64, count: usize) -> Result<()> {
        self.session.take(Direction::Download, count);
        let total = self.moved.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        if total == count as u64 {
            // It goes on where an earlier one stopped.
            self.running.goes_on_at(offset);
        }
        self.running.bytes.store(total, Ordering::Relaxed);
        self.allowance.spend(count as u64);
        self.session.touch();
        Ok(())
    }

    fn fail(&self, error: Error) -> Error {
        self.failed.lock().get_or_insert_with(|| error.clone());
        error
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        let core = &self.session.core.0;
        // A file that was still open when its session ended was not read to its end, whoever ended it.
        let broken = || self.running.stop().or_else(|| self.session.kill.is_cancelled().then_some(Error::Cancelled));
        let failed = self.failed.lock().take().or_else(broken);
        let status = failed.as_ref().map_or(Status::Ok, Status::of);
        self.running.end(Outcome::of(failed.as_ref()));
        let size = self.bytes();
        self.session.count_transfer(Direction::Download, &self.place, status == Status::Ok, size);
        let error = failed.as_ref();
        let command = self.running.stopped_by().unwrap_or_default();
        let details = FsDetails { size, started_at: self.running.started_at(), error, command, ..FsDetails::default() };
        let event = core.audit.fs_event(&self.session, "download", &self.place, status, &details);
        let is_first = status == Status::Ok && size > 0 && self.session.account.first_transfer_pending(Direction::Download);
        let first =
            is_first.then(|| core.audit.fs_event(&self.session, "first-download", &self.place, status, &details)).flatten();
        crate::transfer::settlement::after_download(&self.session, event, size, first);
    }
}
