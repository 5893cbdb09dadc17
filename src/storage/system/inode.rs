//! Metadata of one inode, reached by a descriptor (which may be `O_PATH`).

use rustix::{
    fd::{AsFd, AsRawFd, OwnedFd},
    fs::{
        self, AtFlags, CWD, FileType, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid, chmodat, chownat, fchmod, fchown,
        fstat, mkdirat, openat, utimensat,
    },
    io::{Errno, Result},
};

use crate::{FileKind, Identity, Metadata, Owner, Special, Timestamp};

/// Kind of an entry from the type that the system names.
pub(crate) fn kind_of(kind: FileType) -> FileKind {
    match kind {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Symlink,
        FileType::Fifo => FileKind::Other(Special::Pipe),
        FileType::Socket => FileKind::Other(Special::Socket),
        FileType::BlockDevice => FileKind::Other(Special::BlockDevice),
        FileType::CharacterDevice => FileKind::Other(Special::CharacterDevice),
        FileType::Unknown => FileKind::Other(Special::Unknown),
    }
}

/// Metadata from what `stat` answered.
// Widths and signs of the fields differ between architectures.
#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, clippy::cast_possible_truncation)]
pub(crate) fn metadata(stat: &Stat) -> Metadata {
    let time = |seconds: i64, nanoseconds: u64| Timestamp { seconds, nanoseconds: nanoseconds as u32 };
    Metadata {
        kind: kind_of(FileType::from_raw_mode(stat.st_mode)),
        size: stat.st_size as u64,
        mode: stat.st_mode as u32 & 0o7777,
        uid: stat.st_uid as u32,
        gid: stat.st_gid as u32,
        links: stat.st_nlink as u64,
        modified: time(stat.st_mtime as i64, stat.st_mtime_nsec as u64),
        changed: time(stat.st_ctime as i64, stat.st_ctime_nsec as u64),
        accessed: time(stat.st_atime as i64, stat.st_atime_nsec as u64),
        identity: Some(Identity { device: stat.st_dev as u64, inode: stat.st_ino as u64 }),
    }
}

/// The name of an open descriptor in `/proc`: what calls without a variant for `O_PATH` descriptors take.
fn proc_name(fd: impl AsFd) -> String {
    format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())
}

/// Where `/proc` is not mounted the call is not possible; "not found" would be taken for the file's absence.
fn without_proc(error: Errno) -> Errno {
    if error == Errno::NOENT { Errno::OPNOTSUPP } else { error }
}

/// Sets permission bits. Works with `O_PATH` descriptors, by way of `/proc`: `fchmodat2` is younger than many kernels.
pub(crate) fn chmod(fd: impl AsFd, mode: u32) -> Result<()> {
    let mode = Mode::from_raw_mode(mode & 0o7777);
    match fchmod(&fd, mode) {
        Err(Errno::BADF) => chmodat(CWD, proc_name(&fd), mode, AtFlags::empty()).map_err(without_proc),
        other => other,
    }
}

/// Sets owner and group of the very inode, links included.
pub(crate) fn chown(fd: impl AsFd, owner: Owner) -> Result<()> {
    let (uid, gid) = (owner.uid.map(Uid::from_raw), owner.gid.map(Gid::from_raw));
    match fchown(&fd, uid, gid) {
        Err(Errno::BADF) => chownat(&fd, "", uid, gid, AtFlags::EMPTY_PATH),
        other => other,
    }
}

/// Sets access and modification time of the very inode, links included.
pub(crate) fn set_times(fd: impl AsFd, accessed: Timestamp, modified: Timestamp) -> Result<()> {
    // The nanoseconds are below 10^9, but the kernel would take two larger values as "now" and "leave".
    let spec = |time: Timestamp| Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds.min(999_999_999).into() };
    let times = Timestamps { last_access: spec(accessed), last_modification: spec(modified) };
    match fs::futimens(&fd, &times) {
        Err(Errno::BADF) => {}
        other => return other,
    }
    match utimensat(&fd, "", &times, AtFlags::EMPTY_PATH) {
        // Before Linux 5.8 the flag is not known here.
        Err(Errno::INVAL | Errno::NOENT) => utimensat(CWD, proc_name(&fd), &times, AtFlags::empty()).map_err(without_proc),
        other => other,
    }
}

/// Sets the size of the regular file behind an `O_PATH` descriptor or a writable one.
pub(crate) fn truncate(fd: impl AsFd, size: u64) -> Result<()> {
    match fs::ftruncate(&fd, size) {
        Err(Errno::BADF | Errno::INVAL) => {
            let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            fs::ftruncate(openat(CWD, proc_name(&fd), flags, Mode::empty()).map_err(without_proc)?, size)
        }
        other => other,
    }
}

/// Gives a new file or directory to its owner. Ids outside 1…2^31-1 mean "leave"; a failure is logged and no more
/// (LOC-002).
pub(crate) fn give(fd: impl AsFd, owner: Owner) {
    let valid = |id: Option<u32>| id.filter(|id| (1..=i32::MAX.unsigned_abs()).contains(id));
    let owner = Owner { uid: valid(owner.uid), gid: valid(owner.gid) };
    if owner == Owner::default() {
        return;
    }
    if let Err(error) = chown(fd, owner) {
        tracing::warn!(%error, uid = owner.uid, gid = owner.gid, "cannot change the owner of a new file");
    }
}

/// Bits of a new entry, and whether they must be set once more because the umask of the process takes others away.
fn initial_mode(all: u32, umask: Option<u32>) -> Mode {
    Mode::from_raw_mode(all & !umask.unwrap_or(0))
}

/// Makes a regular file that did not exist, mode 0666 less `umask` (LOC-001, UPL-010).
pub(crate) fn create_file(parent: impl AsFd, name: &[u8], readable: bool, umask: Option<u32>) -> Result<OwnedFd> {
    let access = if readable { OFlags::RDWR } else { OFlags::WRONLY };
    let flags = access | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mode = initial_mode(0o666, umask);
    let fd = openat(parent, name, flags, mode)?;
    if umask.is_some() && fstat(&fd)?.st_mode & 0o7777 != mode.as_raw_mode() {
        fchmod(&fd, mode)?;
    }
    Ok(fd)
}

/// Makes a directory, mode 0777 less `umask` (LOC-001, UPL-010), and gives it to `owner`.
pub(crate) fn make_directory(parent: impl AsFd, name: &[u8], owner: Owner, umask: Option<u32>) -> Result<()> {
    let mode = initial_mode(0o777, umask);
    mkdirat(&parent, name, mode)?;
    if umask.is_none() && owner == Owner::default() {
        return Ok(());
    }
    let fd = openat(&parent, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
    if umask.is_some() && fstat(&fd)?.st_mode & 0o777 != mode.as_raw_mode() {
        chmod(&fd, mode.as_raw_mode())?;
    }
    give(&fd, owner);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the tests look at the files behind the calls")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn opened(path: &std::path::Path, flags: OFlags) -> OwnedFd {
        openat(CWD, path, flags | OFlags::CLOEXEC, Mode::empty()).expect("open")
    }

    #[test]
    fn attributes_are_set_through_path_only_descriptors() {
        let folder = tempfile::tempdir().expect("folder");
        let name = folder.path().join("file");
        std::fs::write(&name, b"0123456789").expect("write");
        let fd = opened(&name, OFlags::PATH | OFlags::NOFOLLOW);
        chmod(&fd, 0o100_640).expect("chmod");
        truncate(&fd, 4).expect("truncate");
        set_times(&fd, Timestamp::from_seconds(1_000), Timestamp { seconds: -5, nanoseconds: 7 }).expect("times");
        let found = metadata(&fstat(&fd).expect("stat"));
        // SFTP-028: only the permission bits of what the client sends count.
        assert_eq!((found.mode, found.size, found.kind), (0o640, 4, FileKind::File));
        assert_eq!(found.accessed, Timestamp::from_seconds(1_000));
        assert_eq!(found.modified, Timestamp { seconds: -5, nanoseconds: 7 });
    }

    #[test]
    fn times_of_a_link_are_its_own() {
        let folder = tempfile::tempdir().expect("folder");
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).expect("link");
        let fd = opened(&folder.path().join("link"), OFlags::PATH | OFlags::NOFOLLOW);
        set_times(&fd, Timestamp::from_seconds(3), Timestamp::from_seconds(4)).expect("times");
        let found = metadata(&fstat(&fd).expect("stat"));
        assert_eq!((found.kind, found.modified), (FileKind::Symlink, Timestamp::from_seconds(4)));
    }

    #[test]
    fn umask_decides_the_mode_of_new_entries() {
        // LOC-001, UPL-010
        let folder = tempfile::tempdir().expect("folder");
        let parent = opened(folder.path(), OFlags::PATH | OFlags::DIRECTORY);
        create_file(&parent, b"wide", false, Some(0)).expect("file");
        create_file(&parent, b"narrow", false, Some(0o077)).expect("file");
        make_directory(&parent, b"dir", Owner::default(), Some(0o007)).expect("directory");
        let mode = |name: &str| std::fs::metadata(folder.path().join(name)).expect("stat").permissions().mode() & 0o777;
        assert_eq!((mode("wide"), mode("narrow"), mode("dir")), (0o666, 0o600, 0o770));
        assert_eq!(create_file(&parent, b"wide", false, None).expect_err("exists"), Errno::EXIST);
    }

    #[test]
    fn ids_out_of_range_are_left_alone() {
        // LOC-002: 0 and values past 2^31-1 mean "leave".
        let folder = tempfile::tempdir().expect("folder");
        let before = metadata(&fstat(opened(folder.path(), OFlags::PATH)).expect("stat"));
        give(opened(folder.path(), OFlags::PATH), Owner { uid: Some(0), gid: Some(u32::MAX) });
        let after = metadata(&fstat(opened(folder.path(), OFlags::PATH)).expect("stat"));
        assert_eq!((before.uid, before.gid), (after.uid, after.gid));
    }
}
