//! Reading and writing at offsets.

use std::io::IoSliceMut;

use rustix::{
    buffer::spare_capacity,
    fd::{AsFd, BorrowedFd},
    fs::{SeekFrom, seek},
    io::{Errno, ReadWriteFlags, Result, pread, preadv2, pwrite, retry_on_intr},
};

/// Reads what the page cache holds: `Some(n)` as `read` would answer (0 = end of the file), `None` = it would have to
/// wait. `OPNOTSUPP` = this file system cannot tell.
pub(crate) fn read_cached(fd: BorrowedFd<'_>, buffer: &mut [u8], offset: u64) -> Result<Option<usize>> {
    let ask = |buffer: &mut [u8], offset| match retry_on_intr(|| {
        preadv2(fd, &mut [IoSliceMut::new(buffer)], offset, ReadWriteFlags::NOWAIT)
    }) {
        Err(Errno::AGAIN) => Ok(None),
        other => other.map(Some),
    };
    let wanted = buffer.len();
    match ask(buffer, offset)? {
        // Short: the end of the file, or is the rest not cached? One byte more tells.
        Some(count) if 0 < count && count < wanted && ask(&mut [0], offset.saturating_add(count as u64))? != Some(0) => Ok(None),
        other => Ok(other),
    }
}

/// Reads until `buffer` is full or the file ends.
pub(crate) fn fill(fd: impl AsFd, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match retry_on_intr(|| pread(&fd, &mut buffer[done..], offset.saturating_add(done as u64)))? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}

/// Reads up to `length` bytes; fewer only at the end of the file.
pub(crate) fn read_up_to(fd: impl AsFd, offset: u64, length: usize) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(length).map_err(|_| Errno::NOMEM)?;
    while buffer.len() < length {
        let at = offset.saturating_add(buffer.len() as u64);
        if retry_on_intr(|| pread(&fd, spare_capacity(&mut buffer), at))? == 0 {
            break;
        }
    }
    buffer.truncate(length);
    Ok(buffer)
}

/// Writes all of `data`, going on after short writes. The error comes with the number of bytes that were written.
pub(crate) fn write_all(fd: impl AsFd, data: &[u8], offset: u64) -> std::result::Result<(), (usize, Errno)> {
    let mut done = 0;
    while done < data.len() {
        match retry_on_intr(|| pwrite(&fd, &data[done..], offset.saturating_add(done as u64))) {
            Ok(0) => return Err((done, Errno::IO)),
            Ok(count) => done += count,
            Err(error) => return Err((done, error)),
        }
    }
    Ok(())
}

/// Where the data of a file of `size` bytes surely has no gap before: its size, or less if the file has a hole after its
/// first `known` bytes, which have none. Whole blocks are what a file system remembers, so the last block before a hole
/// does not count.
pub(crate) fn first_gap(fd: impl AsFd, known: u64, size: u64, block: u64) -> u64 {
    match seek(&fd, SeekFrom::Hole(known)) {
        Ok(hole) if hole < size => hole.saturating_sub(block.max(1)).max(known),
        _ => size,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn short_read_only_at_the_end() {
        let mut file = tempfile::tempfile().expect("file");
        file.write_all(&[7; 10_000]).expect("write");
        assert_eq!(read_up_to(&file, 9_990, 100).expect("read"), vec![7; 10]);
        assert_eq!(read_up_to(&file, 10_000, 100).expect("read"), Vec::<u8>::new());
        assert_eq!(read_up_to(&file, 0, 0).expect("read"), Vec::<u8>::new());
        assert_eq!(read_up_to(&file, 10, 4_096).expect("read").len(), 4_096);
    }

    #[test]
    fn cached_read_tells_the_end_from_a_miss() {
        let mut file = tempfile::tempfile().expect("file");
        file.write_all(&[7; 5_000]).expect("write");
        let mut buffer = [0; 8_192];
        match read_cached(file.as_fd(), &mut buffer, 0) {
            // Just written, so it is in the page cache: all of it, and the end is known as such.
            Ok(answer) => assert_eq!(answer, Some(5_000)),
            Err(error) => assert_eq!(error, Errno::OPNOTSUPP),
        }
    }

    #[test]
    fn gap_ends_what_counts_as_written() {
        let file = tempfile::tempfile().expect("file");
        write_all(&file, &[1; 8_192], 0).expect("write");
        assert_eq!(first_gap(&file, 0, 8_192, 4_096), 8_192);
        write_all(&file, &[1; 8_192], 1 << 20).expect("write");
        let size = (1 << 20) + 8_192;
        // File systems without holes answer the size, which is all that they know.
        assert!([4_096, size].contains(&first_gap(&file, 0, size, 4_096)));
    }
}
