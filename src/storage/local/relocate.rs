//! Renames between file systems that are mounted in one root: copy, rename, delete (LOC-007).
//!
//! The copy grows under a hidden name beside the target, so the target appears at once and complete; only then is the
//! source removed, if it is still what was copied. A crash leaves the source and at most a hidden entry.

mod seen;

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{AtFlags, Dir, Mode, OFlags, fstat, mkdirat, openat, readlinkat, statat, symlinkat, unlinkat},
    io::Errno,
};

use super::{
    HIDDEN_PREFIX, Held, Inner, copy,
    rename::{check, look, move_entry},
};
use seen::{Seen, below};

use crate::{
    Error, ErrorKind, FileKind, Metadata, Owner, Result,
    system::{chmod, chown, create_file, metadata, set_times},
};

/// Directories that are open at once on each side.
const MAX_DEPTH: usize = 256;

const ENTER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Renames by one call if possible, else by copying.
pub(super) fn across(inner: &Inner, root: &Arc<Held>, from: &[u8], to: &[u8], replace: bool) -> Result<()> {
    let (source, name) = inner.parent(root, from)?;
    let (target, new_name) = inner.parent(root, to)?;
    let moved = metadata(&statat(&source, name, AtFlags::SYMLINK_NOFOLLOW)?);
    let replace = check(&moved, look(&target, new_name)?.as_ref(), replace)?;
    match move_entry(&source, name, &target, new_name, replace) {
        Err(Errno::XDEV) => by_copy(source.as_fd(), name, target.as_fd(), new_name, replace),
        other => Ok(other?),
    }
}

/// Moves one entry with all that is in it.
fn by_copy(source: BorrowedFd<'_>, name: &[u8], target: BorrowedFd<'_>, new_name: &[u8], replace: bool) -> Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let started = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
    let hidden = format!("{HIDDEN_PREFIX}move-{process}-{number}-{started:x}").into_bytes();
    let copied = copy_tree(source, name, target, &hidden).and_then(|seen| {
        seen.check(source, name)?;
        move_entry(target, &hidden, target, new_name, replace)?;
        Ok(seen)
    });
    let seen = copied.inspect_err(|_| {
        if let Err(error) = remove_tree(target, &hidden) {
            tracing::warn!(%error, "cannot remove what a failed move left");
        }
    })?;
    remove_source(source, name, &hidden, &seen)
}

/// Removes the source, if it is still what was copied: under a hidden name, where nobody opens or replaces anything any more.
///
/// # Errors
/// `Busy` when it changed: it has its name again.
fn remove_source(source: BorrowedFd<'_>, name: &[u8], hidden: &[u8], seen: &Seen) -> Result<()> {
    match move_entry(source, name, source, hidden, false) {
        // Somebody else removed it.
        Err(Errno::NOENT) => return Ok(()),
        moved => moved?,
    }
    seen.check(source, hidden).inspect_err(|_| {
        if let Err(error) = move_entry(source, hidden, source, name, false) {
            let hidden = String::from_utf8_lossy(hidden);
            tracing::error!(%error, %hidden, "what changed while it was moved could not get its name back and stays hidden");
        }
    })?;
    remove_tree(source, hidden)
}

/// A directory being copied.
struct Copying {
    entries: Dir,
    source: OwnedFd,
    target: OwnedFd,
    found: Metadata,
    path: Vec<u8>,
}

/// Answers what was there.
fn copy_tree(source: BorrowedFd<'_>, name: &[u8], target: BorrowedFd<'_>, new_name: &[u8]) -> Result<Seen> {
    let (mut seen, mut open) = (Seen::default(), Vec::new());
    open.extend(copy_entry(source, name, target, new_name, (Vec::new(), &mut seen))?);
    while let Some(mut here) = open.pop() {
        let Some(entry) = here.entries.next() else {
            keep_attributes(&here.target, &here.found)?;
            continue;
        };
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name == b"." || name == b".." {
            open.push(here);
            continue;
        }
        let path = below(&here.path, name);
        let inner = copy_entry(here.source.as_fd(), name, here.target.as_fd(), name, (path, &mut seen))?;
        open.push(here);
        open.extend(inner);
        if open.len() > MAX_DEPTH {
            return Err(ErrorKind::TooLarge.into());
        }
    }
    Ok(seen)
}

/// Copies one entry, and notes what it was; of a directory only the entry itself, and answers it opened on both sides.
fn copy_entry(
    source: BorrowedFd<'_>,
    name: &[u8],
    target: BorrowedFd<'_>,
    new_name: &[u8],
    (path, seen): (Vec<u8>, &mut Seen),
) -> Result<Option<Copying>> {
    let found = metadata(&statat(source, name, AtFlags::SYMLINK_NOFOLLOW)?);
    seen.note(path.clone(), found.clone());
    match found.kind {
        FileKind::Directory => {
            let source = openat(source, name, ENTER, Mode::empty())?;
            mkdirat(target, new_name, Mode::RWXU)?;
            let target = openat(target, new_name, ENTER, Mode::empty())?;
            Ok(Some(Copying { entries: Dir::read_from(&source)?, source, target, found, path }))
        }
        FileKind::File => {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let source = openat(source, name, flags, Mode::empty())?;
            if !metadata(&fstat(&source)?).is_file() {
                return Err(ErrorKind::Unsupported.into());
            }
            let target = create_file(target, new_name, false, Some(0o077))?;
            copy::content(source.as_fd(), target.as_fd(), &AtomicBool::new(true))?;
            keep_attributes(&target, &found)?;
            Ok(None)
        }
        FileKind::Symlink => {
            symlinkat(readlinkat(source, name, Vec::new())?, target, new_name)?;
            Ok(None)
        }
        FileKind::Other(_) => Err(Error::new(ErrorKind::Unsupported, "a special file cannot be moved to another file system")),
    }
}

/// Gives a copy the attributes of its source. Owners only as far as the process may.
fn keep_attributes(target: &OwnedFd, found: &Metadata) -> Result<()> {
    let kept = chown(target, Owner { uid: Some(found.uid), gid: Some(found.gid) });
    // The special bits must not come to another owner.
    chmod(target, if kept.is_ok() { found.mode } else { found.mode & 0o777 })?;
    set_times(target, found.accessed, found.modified)?;
    Ok(())
}

/// Removes the entries of a directory whose names no virtual path can have, with all that is in them.
pub(super) fn remove_unnameable(directory: OwnedFd) -> Result<()> {
    for entry in Dir::read_from(&directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name.contains(&b'\\') {
            remove_tree(directory.as_fd(), name)?;
        }
    }
    Ok(())
}

/// Removes an entry with all that is in it.
fn remove_tree(parent: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    let enter = |parent: BorrowedFd<'_>, name: &[u8]| -> Result<(Vec<u8>, OwnedFd, Dir)> {
        let fd = openat(parent, name, ENTER, Mode::empty())?;
        let entries = Dir::read_from(&fd)?;
        Ok((name.to_vec(), fd, entries))
    };
    let mut open = vec![enter(parent, name)?];
    while let Some((own_name, fd, mut entries)) = open.pop() {
        let Some(entry) = entries.next() else {
            let above = open.last().map_or(parent, |(_, fd, _)| fd.as_fd());
            unlinkat(above, &own_name, AtFlags::REMOVEDIR)?;
            continue;
        };
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        let inner = match name {
            b"." | b".." => None,
            _ => match unlinkat(&fd, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => None,
                Err(Errno::ISDIR | Errno::PERM) => Some(enter(fd.as_fd(), name)?),
                Err(error) => return Err(error.into()),
            },
        };
        open.push((own_name, fd, entries));
        open.extend(inner);
        if open.len() > MAX_DEPTH {
            return Err(ErrorKind::TooLarge.into());
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "the tests look at the files behind the calls")]
mod tests {
    use std::{
        fs::{self, File},
        os::unix::fs::{PermissionsExt, symlink},
        path::Path,
    };

    use super::*;

    /// A folder on another file system than the usual temporary one, where the machine has such a place.
    fn elsewhere() -> tempfile::TempDir {
        if Path::new("/dev/shm").is_dir() { tempfile::tempdir_in("/dev/shm") } else { tempfile::tempdir() }.expect("folder")
    }

    fn tree(folder: &Path) {
        fs::create_dir_all(folder.join("tree/inner/deep")).expect("directories");
        fs::write(folder.join("tree/inner/file"), vec![9; 100_000]).expect("write");
        fs::write(folder.join("tree/inner/deep/empty"), "").expect("write");
        symlink("../inner/file", folder.join("tree/inner/link")).expect("link");
        fs::set_permissions(folder.join("tree/inner"), fs::Permissions::from_mode(0o750)).expect("mode");
        let file = File::options().write(true).open(folder.join("tree/inner/file")).expect("open");
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(77)).expect("time");
    }

    #[test]
    fn directory_moves_to_another_file_system_with_all_that_is_in_it() {
        // LOC-007
        let (here, there) = (tempfile::tempdir().expect("folder"), elsewhere());
        tree(here.path());
        let (source, target) = (File::open(here.path()).expect("open"), File::open(there.path()).expect("open"));
        by_copy(source.as_fd(), b"tree", target.as_fd(), b"moved", false).expect("move");
        let moved = there.path().join("moved/inner");
        assert_eq!(fs::read(moved.join("file")).expect("read"), vec![9; 100_000]);
        assert_eq!(fs::read_link(moved.join("link")).expect("link"), Path::new("../inner/file"));
        assert_eq!(fs::metadata(&moved).expect("stat").permissions().mode() & 0o777, 0o750);
        let modified = fs::metadata(moved.join("file")).expect("stat").modified().expect("time");
        assert_eq!(modified.duration_since(std::time::UNIX_EPOCH).expect("time").as_secs(), 77);
        assert!(moved.join("deep/empty").is_file());
        assert_eq!(fs::read_dir(here.path()).expect("list").count(), 0);
        assert_eq!(fs::read_dir(there.path()).expect("list").count(), 1);
    }

    #[test]
    fn move_that_cannot_end_leaves_the_source_and_nothing_else() {
        // LOC-007, LOC-012
        let (here, there) = (tempfile::tempdir().expect("folder"), elsewhere());
        tree(here.path());
        let _socket = std::os::unix::net::UnixListener::bind(here.path().join("tree/inner/socket")).expect("socket");
        let (source, target) = (File::open(here.path()).expect("open"), File::open(there.path()).expect("open"));
        let error = by_copy(source.as_fd(), b"tree", target.as_fd(), b"moved", false).expect_err("special file");
        assert!(error.is(ErrorKind::Unsupported));
        assert!(here.path().join("tree/inner/file").is_file());
        assert_eq!(fs::read_dir(there.path()).expect("list").count(), 0);
    }

    #[test]
    fn source_that_changed_meanwhile_stays() {
        // LOC-007
        type Change = fn(&Path);
        let changes: [Change; 4] = [
            |tree| fs::write(tree.join("inner/new"), "new").expect("write"),
            |tree| fs::remove_file(tree.join("inner/link")).expect("remove"),
            |tree| {
                fs::write(tree.join("staged"), vec![8; 100_000]).expect("write");
                fs::rename(tree.join("staged"), tree.join("inner/file")).expect("rename");
            },
            |tree| fs::write(tree.join("inner/deep/empty"), "no more").expect("write"),
        ];
        for change in changes {
            let (here, there) = (tempfile::tempdir().expect("folder"), elsewhere());
            tree(here.path());
            let (source, target) = (File::open(here.path()).expect("open"), File::open(there.path()).expect("open"));
            let seen = copy_tree(source.as_fd(), b"tree", target.as_fd(), b"copy").expect("copy");
            seen.check(source.as_fd(), b"tree").expect("unchanged");
            change(&here.path().join("tree"));
            let error = remove_source(source.as_fd(), b"tree", b".hidden", &seen).expect_err("changed");
            assert!(error.is(ErrorKind::Busy));
            assert!(here.path().join("tree/inner").is_dir());
            assert_eq!(fs::read_dir(here.path()).expect("list").count(), 1, "nothing is hidden");
        }
    }

    #[test]
    fn moved_file_takes_a_name_only_if_it_may() {
        let (here, there) = (tempfile::tempdir().expect("folder"), elsewhere());
        fs::write(here.path().join("new"), "new").expect("write");
        fs::write(there.path().join("old"), "old").expect("write");
        let (source, target) = (File::open(here.path()).expect("open"), File::open(there.path()).expect("open"));
        let error = by_copy(source.as_fd(), b"new", target.as_fd(), b"old", false).expect_err("taken");
        assert!(error.is(ErrorKind::Exists));
        assert_eq!(fs::read(there.path().join("old")).expect("read"), b"old");
        by_copy(source.as_fd(), b"new", target.as_fd(), b"old", true).expect("move");
        assert_eq!(fs::read(there.path().join("old")).expect("read"), b"new");
        assert!(!here.path().join("new").exists());
    }
}
