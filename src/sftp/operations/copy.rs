//! `copy-data`: from one open file to another, without the detour over the client (SFTP-006).

use std::sync::Arc;

use super::{Outcome, success};
use crate::{
    handles::OpenFile,
    lane::ReadSource,
    packet::{MAX_DATA, StatusCode},
    status::Failure,
};

/// What is to be copied where. A length of 0 means: to the end of the file.
#[derive(Debug, Clone, Copy)]
pub struct CopyRange {
    /// Where reading begins.
    pub from: u64,
    /// Bytes; 0 = all that follow.
    pub length: u64,
    /// Where writing begins.
    pub to: u64,
}

impl CopyRange {
    /// Whether source and target would overlap within one file.
    fn overlaps(&self) -> bool {
        self.length == 0 || self.from.abs_diff(self.to) < self.length
    }

    /// Bytes to copy from a source of `size` bytes. It is settled before the first of them: a file that is copied to its
    /// own end under another handle, or another name, would grow without end.
    fn within(&self, size: u64) -> u64 {
        let most = size.saturating_sub(self.from);
        if self.length == 0 { most } else { self.length.min(most) }
    }
}

/// Copies; limits and quota are those of the reads and writes it is made of.
pub async fn copy_data(id: u32, source: Arc<OpenFile>, target: Arc<OpenFile>, range: CopyRange) -> Outcome {
    if Arc::ptr_eq(&source, &target) && range.overlaps() {
        return Err(Failure::new(StatusCode::Failure, "source and target overlap"));
    }
    let (length, mut done) = (range.within(source.metadata().await?.size), 0);
    while done < length {
        // Each step may be ready at once: without this the lane, or worse the session, would do nothing else.
        tokio::task::yield_now().await;
        let wanted = usize::try_from(length - done).unwrap_or(MAX_DATA).min(MAX_DATA);
        let at = |start: u64| start.checked_add(done).ok_or_else(|| Failure::plain(StatusCode::Failure));
        let data = source.clone().read(at(range.from)?, wanted).await?;
        if data.is_empty() {
            break;
        }
        let count = data.len() as u64;
        target.write(at(range.to)?, data).await?;
        done += count;
    }
    Ok(success(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_seen() {
        let overlaps = |from, length, to| CopyRange { from, length, to }.overlaps();
        assert!(overlaps(0, 10, 9) && overlaps(9, 10, 0) && overlaps(0, 0, 1000) && overlaps(5, 1, 5));
        assert!(!overlaps(0, 10, 10) && !overlaps(10, 10, 0));
    }

    #[test]
    fn copy_ends_where_its_source_ended_when_it_began() {
        let within = |from, length| CopyRange { from, length, to: 0 }.within(1000);
        assert_eq!((within(0, 0), within(300, 0), within(1000, 0), within(u64::MAX, 0)), (1000, 700, 0, 0));
        assert_eq!((within(0, 10), within(995, 10), within(2000, 10), within(0, u64::MAX)), (10, 5, 0, 1000));
    }
}
