//! The body of a download: read as the client takes it.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use actix_web::{
    body::{BodySize, MessageBody},
    web::Bytes,
};
use entrepot_core::{Download, Error, UserFs};

use super::buffers::Buffers;

/// Bytes per read: what is read is sent while it is still in the cache of the processor.
const CHUNK: usize = 64 << 10;

type Reading = Pin<Box<dyn Future<Output = Result<Bytes, Error>> + Send>>;

/// A part of a file. If the file is shorter than it was, or cannot be read, the connection breaks off: nobody takes less for
/// the whole (API-135).
pub(super) struct FileBody {
    download: Arc<Download>,
    /// The session stays until the last byte.
    _fs: UserFs,
    next: u64,
    end: u64,
    reading: Option<Reading>,
    buffers: Buffers,
}

impl FileBody {
    pub(super) fn new(download: Download, fs: UserFs, range: std::ops::Range<u64>) -> Self {
        let (next, end) = (range.start, range.end);
        let buffers = Buffers::new(usize::try_from(end - next).unwrap_or(CHUNK).min(CHUNK));
        Self { download: Arc::new(download), _fs: fs, next, end, reading: None, buffers }
    }

    fn take(&mut self, data: Bytes) -> Result<Bytes, Error> {
        if data.is_empty() {
            tracing::warn!(next = self.next, end = self.end, "a file became shorter while it was sent");
            return Err(Error::Corrupt);
        }
        self.next += data.len() as u64;
        Ok(data)
    }
}

impl MessageBody for FileBody {
    type Error = Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.end - self.next)
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Error>>> {
        let body = self.get_mut();
        if body.next >= body.end {
            return Poll::Ready(None);
        }
        if body.reading.is_none() {
            let length = usize::try_from(body.end - body.next).unwrap_or(CHUNK).min(CHUNK);
            let mut buffer = body.buffers.take();
            match body.download.try_read_at(body.next, &mut buffer[..length]) {
                Ok(Some(count)) => {
                    let data = body.buffers.filled(buffer, count);
                    return Poll::Ready(Some(body.take(data)));
                }
                Ok(None) => body.buffers.put(buffer),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
            let (download, offset) = (body.download.clone(), body.next);
            body.reading = Some(Box::pin(async move { download.read_at(offset, length).await }));
        }
        let Some(reading) = body.reading.as_mut() else { return Poll::Pending };
        let read = ready!(reading.as_mut().poll(context));
        body.reading = None;
        Poll::Ready(Some(read.and_then(|data| body.take(data))))
    }
}

impl Drop for FileBody {
    fn drop(&mut self) {
        if self.next < self.end {
            self.download.break_off();
        }
    }
}
