//! Files that settings or administrators name. Whoever names one may name anything: a pipe must not hold the thread until
//! somebody writes to it, and what has no end must not be read to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, OFlags, accessat};
use rustix::io::Errno;

/// Opens a regular file for reading.
///
/// # Errors
/// Those of the system; `InvalidInput` for what is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// Those of the system; `FileTooLarge`; `InvalidInput` for what is no regular file.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(content)
}

/// The same as text.
///
/// # Errors
/// As [`read`]; `InvalidData` for what is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read(path, limit)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Whether this account could make the file, with the folders above it that are missing; nothing is made.
///
/// # Errors
/// What would be in the way.
pub fn could_make(path: &Path) -> io::Result<()> {
    for folder in path.ancestors().skip(1) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        match fs::metadata(folder) {
            Ok(found) if !found.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
            Ok(_) => {
                return match accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS) {
                    // Old kernels cannot say it.
                    Ok(()) | Err(Errno::NOSYS | Errno::INVAL) => Ok(()),
                    Err(errno) => Err(errno.into()),
                };
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "test files")]
mod tests {
    use super::*;

    // API-091
    #[test]
    fn only_regular_files_up_to_the_limit_are_read() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("x");
        fs::write(&path, b"12345").expect("written");
        assert_eq!(read(&path, 5).expect("readable"), b"12345");
        assert_eq!(read_text(&path, 5).expect("readable"), "12345");
        let kind = |path: &Path, limit| read(path, limit).map_err(|error| error.kind());
        assert_eq!(kind(&path, 4), Err(io::ErrorKind::FileTooLarge));
        assert!(read(folder.path(), 5).is_err());
        assert_eq!(kind(Path::new("/dev/zero"), 5), Err(io::ErrorKind::InvalidInput));
        assert_eq!(kind(&folder.path().join("y"), 5), Err(io::ErrorKind::NotFound));
        // Nobody writes to it.
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("made");
        assert_eq!(kind(&pipe, 5), Err(io::ErrorKind::InvalidInput));
    }

    // SSH-032
    #[test]
    fn a_file_can_be_made_in_the_nearest_folder_that_is_there() {
        let folder = tempfile::tempdir().expect("folder");
        could_make(&folder.path().join("a/b/c")).expect("folders can be made");
        fs::write(folder.path().join("file"), b"x").expect("written");
        let below = could_make(&folder.path().join("file/x")).map_err(|error| error.kind());
        assert_eq!(below, Err(io::ErrorKind::NotADirectory));
        // Not even root makes files there.
        could_make(Path::new("/proc/sys/entrepot/x")).expect_err("no folder for files");
    }
}
