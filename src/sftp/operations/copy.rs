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
}

/// Copies; limits and quota are those of the reads and writes it is made of.
pub async fn copy_data(id: u32, source: Arc<OpenFile>, target: Arc<OpenFile>, range: CopyRange) -> Outcome {
    if Arc::ptr_eq(&source, &target) && range.overlaps() {
        return Err(Failure::new(StatusCode::Failure, "source and target overlap"));
    }
    let mut done = 0_u64;
    loop {
        // Each step may be ready at once: without this the lane, or worse the session, would do nothing else.
        tokio::task::yield_now().await;
        let wanted = match range.length {
            0 => MAX_DATA,
            length if done == length => break,
            length => usize::try_from(length - done).unwrap_or(MAX_DATA).min(MAX_DATA),
        };
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
}
