//! Where a database may lie: an existing folder on a local file system, used by one server at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// What a file system type number of the kernel (statfs, `f_type`) means for a database.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    Doubtful(&'static str),
    Network(&'static str),
}

/// The numbers are those of `linux/magic.h` and the file systems' own headers.
fn judge(magic: u64) -> Verdict {
    match magic {
        0x6969 => Verdict::Network("NFS"),
        0x517B => Verdict::Network("SMB"),
        0xFF53_4D42 => Verdict::Network("CIFS"),
        0xFE53_4D42 => Verdict::Network("SMB2"),
        0x0102_1997 => Verdict::Network("9p"),
        0x5346_414F | 0x6B41_4653 => Verdict::Network("AFS"),
        // It may be sshfs or a local disk: the kernel does not tell.
        0x6573_5546 => Verdict::Doubtful("FUSE"),
        _ => Verdict::Good,
    }
}

/// Checks that the folder exists and that its file system keeps the promises a database needs.
pub(crate) fn check_directory(directory: &Path) -> Result<(), StoreError> {
    let unusable = |detail: String| StoreError::Directory { path: directory.to_path_buf(), detail };
    let metadata = std::fs::metadata(directory).map_err(|error| unusable(format!("{error}; create the data folder first")))?;
    if !metadata.is_dir() {
        return Err(unusable("it is not a folder".into()));
    }
    let facts = rustix::fs::statfs(directory).map_err(|error| unusable(error.to_string()))?;
    // The type of `f_type` differs between platforms; only its 32 low bits count.
    match judge((facts.f_type as u64) & 0xFFFF_FFFF) {
        Verdict::Good => Ok(()),
        Verdict::Doubtful(file_system) => {
            tracing::warn!(
                path = %directory.display(),
                file_system,
                "the data folder lies on a FUSE file system: if it is a remote one, move it to a local disk"
            );
            Ok(())
        }
        Verdict::Network(file_system) => Err(StoreError::NetworkFileSystem { path: directory.to_path_buf(), file_system }),
    }
}

/// Why a file of the data folder cannot be used, with what to do about it.
pub(crate) fn unusable(path: &Path, error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    let detail = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => return StoreError::Full,
        ErrorKind::PermissionDenied => {
            let own = rustix::process::geteuid().as_raw();
            format!(
                "{error}; everything in the data folder must belong to account {own}, as which this runs: chown -R {own} the folder"
            )
        }
        ErrorKind::ReadOnlyFilesystem => format!("{error}; mount it writable, or choose another data folder"),
        _ => error.to_string(),
    };
    StoreError::Directory { path: path.to_path_buf(), detail }
}

/// Takes the lock beside the database; it is released when the file is dropped, or by the kernel when the
/// process ends.
pub(crate) fn take_lock(database: &Path) -> Result<File, StoreError> {
    let path = with_suffix(database, ".lock");
    let unusable = |error: std::io::Error| unusable(&path, &error);
    // A link that lies there leads to a file of somebody else, which root would empty below.
    let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true).mode(0o600).custom_flags(no_link);
    let mut file = options.open(&path).map_err(unusable)?;
    let found = file.metadata().map_err(unusable)?;
    if !found.is_file() || found.nlink() != 1 {
        let detail = "it is no file of its own, as a lock must be: remove it".into();
        return Err(StoreError::Directory { path, detail });
    }
    give_to_owner(&file, &path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(locked(database, file)),
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    file.set_len(0).map_err(unusable)?;
    file.rewind().map_err(unusable)?;
    writeln!(file, "{}", std::process::id()).map_err(unusable)?;
    Ok(file)
}

/// Keeps others from taking the lock, if there is a file for it that this account can read; nothing is made, and nothing is
/// changed.
pub(crate) fn share_lock(database: &Path) -> Result<Option<File>, StoreError> {
    let Ok(file) = OpenOptions::new().read(true).open(with_suffix(database, ".lock")) else { return Ok(None) };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(locked(database, file)),
        _ => Ok(Some(file)),
    }
}

fn locked(database: &Path, lock: File) -> StoreError {
    let mut holder = String::new();
    // Only for the message.
    let _ = lock.take(32).read_to_string(&mut holder);
    let holder = match holder.trim() {
        "" => "process unknown".to_string(),
        number => format!("process {number}"),
    };
    StoreError::Locked { path: database.to_path_buf(), holder }
}

/// Root that works in the folder of another account leaves files there that this account can open.
///
/// # Errors
/// Those of the system.
pub(crate) fn give_to_owner(file: &File, path: &Path) -> std::io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let folder = std::fs::metadata(path.parent().unwrap_or(path))?;
    let found = file.metadata()?;
    // Only what is root's own: a second name would be that of a file elsewhere.
    if found.uid() != 0 || folder.uid() == 0 || found.nlink() != 1 {
        return Ok(());
    }
    std::os::unix::fs::fchown(file, Some(folder.uid()), Some(folder.gid()))
}

/// The path with `suffix` added to its last component.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "files of the tests")]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_refused_and_fuse_is_doubted() {
        for (magic, name) in [(0x6969, "NFS"), (0xFF53_4D42, "CIFS"), (0xFE53_4D42, "SMB2"), (0x0102_1997, "9p")] {
            assert_eq!(judge(magic), Verdict::Network(name));
        }
        assert_eq!(judge(0x5346_414F), Verdict::Network("AFS"));
        assert_eq!(judge(0x6573_5546), Verdict::Doubtful("FUSE"));
        // ext4, XFS, Btrfs, tmpfs, overlay, ZFS
        for magic in [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0x2FC1_2FC1] {
            assert_eq!(judge(magic), Verdict::Good);
        }
    }

    // BKP-007
    #[test]
    fn lock_that_is_a_link_is_refused_and_its_target_kept() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let (database, target) = (folder.path().join("x.db"), folder.path().join("passwd"));
        std::fs::write(&target, "root").expect("written");
        std::os::unix::fs::symlink(&target, with_suffix(&database, ".lock")).expect("linked");
        take_lock(&database).expect_err("it is a link");
        assert_eq!(std::fs::read_to_string(&target).expect("readable"), "root");
    }

    // BKP-007
    #[test]
    fn root_leaves_files_of_the_account_of_the_folder() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().expect("temporary folder");
        std::os::unix::fs::chown(folder.path(), Some(4242), Some(4243)).expect("given away");
        let lock = take_lock(&folder.path().join("x.db")).expect("locked");
        let found = lock.metadata().expect("there");
        assert_eq!((found.uid(), found.gid()), (4242, 4243));
        let (foreign, second) = (folder.path().join("foreign"), folder.path().join("y.db.lock"));
        std::fs::write(&foreign, "root").expect("written");
        std::fs::hard_link(&foreign, &second).expect("a second name");
        take_lock(&folder.path().join("y.db")).expect_err("it is somebody's file");
        assert_eq!(std::fs::read_to_string(&foreign).expect("readable"), "root");
    }

    #[test]
    fn missing_directory_is_refused_with_its_cure() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let error = check_directory(&folder.path().join("none")).expect_err("must be refused");
        assert!(error.to_string().contains("create the data folder"), "{error}");
    }
}
