//! Copies within this machine: shared blocks where the file system can, else within the kernel, else by hand.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustix::{
    fd::{AsFd, BorrowedFd},
    fs::{OFlags, copy_file_range, ioctl_ficlone},
    io::Errno,
};

use super::{Inner, file::LocalFile, staged::LocalStaged};
use crate::{
    ErrorKind, Result, StageOptions, StagedFile, VirtualPath, Wait,
    system::{fill, write_all},
};

/// Bytes per call: after each one it is seen whether anybody still wants the copy.
const PIECE: usize = 64 << 20;
/// Bytes per read where they pass through us.
const BUFFER: usize = 1 << 20;

/// Tells the job when the future that waits for it is dropped.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A finished copy on its way to the one who asked. If he is gone, the hidden file goes, too.
struct Delivery(Option<LocalStaged>);

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(staged) = self.0.take() {
            staged.remove();
        }
    }
}

/// Copies the content of `from` into a new staged file.
pub(super) fn staged(
    inner: &Arc<Inner>,
    from: VirtualPath,
    target: VirtualPath,
    options: StageOptions,
) -> Wait<'_, Arc<dyn StagedFile>> {
    let wanted = Arc::new(AtomicBool::new(true));
    let (inner, seen) = (Arc::clone(inner), Arc::clone(&wanted));
    let pool = inner.options.pool.clone();
    let run = pool.run(move || {
        if options.resume.is_some() {
            return Err(ErrorKind::Unsupported.into());
        }
        inner.root.with(|root| {
            let source = inner.open_file(root, from.as_bytes(), OFlags::RDONLY)?;
            let delivery = Delivery(Some(LocalStaged::begin(&inner, root, target.as_bytes(), &options)?));
            if let Some(staged) = &delivery.0 {
                fill_from(&source, staged.file(), &seen)?;
            }
            Ok(delivery)
        })
    });
    Box::pin(async move {
        let _wanted = Wanted(wanted);
        let mut delivery = run.await??;
        let staged = delivery.0.take().ok_or(ErrorKind::Io)?;
        Ok(Arc::new(staged) as Arc<dyn StagedFile>)
    })
}

fn fill_from(source: &LocalFile, target: &LocalFile, wanted: &AtomicBool) -> Result<()> {
    let size = content(source.fd(), target.fd(), wanted)?;
    target.resume_at(size)
}

/// Copies all content from one open file to another, empty one and answers its size.
pub(super) fn content(source: BorrowedFd<'_>, target: BorrowedFd<'_>, wanted: &AtomicBool) -> Result<u64> {
    if ioctl_ficlone(target, source).is_ok() {
        return Ok(crate::system::metadata(&rustix::fs::fstat(target)?).size);
    }
    let mut done = 0;
    loop {
        if !wanted.load(Ordering::Relaxed) {
            return Err(ErrorKind::Timeout.into());
        }
        let (mut from, mut to) = (done, done);
        match copy_file_range(source, Some(&mut from), target, Some(&mut to), PIECE) {
            // Some virtual file systems answer 0 to the first call although there is content.
            Ok(0) if done > 0 => return Ok(done),
            Ok(0) => return by_hand(source, target, done, wanted),
            Ok(count) => done += count as u64,
            Err(Errno::INTR) => {}
            Err(Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => {
                return by_hand(source, target, done, wanted);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn by_hand(source: impl AsFd, target: impl AsFd, mut done: u64, wanted: &AtomicBool) -> Result<u64> {
    let mut buffer = vec![0; BUFFER];
    loop {
        if !wanted.load(Ordering::Relaxed) {
            return Err(ErrorKind::Timeout.into());
        }
        let count = fill(&source, &mut buffer, done)?;
        write_all(&target, &buffer[..count], done).map_err(|(_, error)| error)?;
        done += count as u64;
        if count < BUFFER {
            return Ok(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_by_hand_and_by_the_kernel_are_the_same() {
        let (source, by_kernel, by_us) =
            (tempfile::tempfile().expect("file"), tempfile::tempfile().expect("file"), tempfile::tempfile().expect("file"));
        let data: Vec<u8> = (0..2_500_000_u32).map(|number| (number % 251) as u8).collect();
        write_all(&source, &data, 0).expect("write");
        let wanted = AtomicBool::new(true);
        assert_eq!(content(source.as_fd(), by_kernel.as_fd(), &wanted).expect("copy"), 2_500_000);
        assert_eq!(by_hand(&source, &by_us, 0, &wanted).expect("copy"), 2_500_000);
        for copy in [by_kernel, by_us] {
            assert!(crate::system::read_up_to(&copy, 0, 3_000_000).expect("read") == data);
        }
    }

    #[test]
    fn copy_that_nobody_wants_stops() {
        let (source, target) = (tempfile::tempfile().expect("file"), tempfile::tempfile().expect("file"));
        write_all(&source, &[1; 10], 0).expect("write");
        assert!(by_hand(&source, &target, 0, &AtomicBool::new(false)).is_err());
    }
}
