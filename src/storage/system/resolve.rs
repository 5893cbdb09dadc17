//! From a path to a descriptor, beneath a root and never outside of it (LOC-004).
//!
//! `openat2` answers for paths without links in one call. Where it does not exist (Linux before 5.6, some seccomp
//! profiles), or where a link lies on the way, the path is walked component by component: every directory is opened
//! without following links, link texts are read by hand, and `..` goes back to a directory that is still held open. So a
//! directory that somebody swaps for a link meanwhile leads nowhere, and the rules for links are the same in both cases:
//! at most ten of them (LOC-005), no absolute ones (SFTP-041), none that climb above the root.

use std::sync::OnceLock;

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, readlinkat},
    io::{Errno, Result},
};

/// How paths are resolved beneath the root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resolution {
    /// `openat2` where the system has it.
    #[default]
    Auto,
    /// `openat2`; without it every call fails.
    Openat2,
    /// Component by component.
    Components,
}

/// Links that are followed on the way of one path.
const MAX_LINKS: usize = 10;
/// Directories that a walk holds open: bounds the descriptors that one path can cost.
const MAX_DEPTH: usize = 256;
/// How often a call is repeated that lost a race against somebody who renames.
const RETRIES: usize = 16;

/// Resolves paths in one of the two ways.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolver {
    kernel: bool,
}

impl Resolver {
    /// A resolver of the wanted kind.
    pub(crate) fn new(resolution: Resolution) -> Self {
        Self { kernel: resolution == Resolution::Openat2 || (resolution == Resolution::Auto && has_openat2()) }
    }

    /// Opens `path` (absolute, `/` is the root) beneath `root`. `follow` = a link at its end is followed.
    pub(crate) fn open(self, root: BorrowedFd<'_>, path: &[u8], flags: OFlags, follow: bool) -> Result<OwnedFd> {
        if self.kernel {
            match open_without_links(root, path, if follow { flags } else { flags | OFlags::NOFOLLOW }) {
                Err(Errno::LOOP) => {}
                other => return other,
            }
        }
        Walk::new(root, path).open(flags, follow)
    }

    /// The path with all links resolved. The last component need not exist, not even behind a link.
    pub(crate) fn resolve(self, root: BorrowedFd<'_>, path: &[u8]) -> Result<Vec<u8>> {
        if self.kernel && open_without_links(root, path, OFlags::PATH).is_ok() {
            return Ok(path.to_vec());
        }
        Walk::new(root, path).resolve()
    }
}

/// Whether the system answers `openat2`: `NOSYS` from old kernels, `PERM` from filters that do not know it.
fn has_openat2() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| openat2(CWD, ".", OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::BENEATH).is_ok())
}

/// One `openat2`; `LOOP` = a link lies on the way.
fn open_without_links(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let relative = match path {
        b"" | b"/" => b".",
        [b'/', rest @ ..] => rest,
        rest => rest,
    };
    let rules = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
    for _ in 0..RETRIES {
        match openat2(root, relative, flags | OFlags::CLOEXEC, Mode::empty(), rules) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return other,
        }
    }
    Err(Errno::AGAIN)
}

/// Directory and last component of an absolute path; `None` for the root.
pub(crate) fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = path.iter().rposition(|&byte| byte == b'/')?;
    let name = &path[slash + 1..];
    (!name.is_empty()).then_some((if slash == 0 { b"/" } else { &path[..slash] }, name))
}

/// A path being walked.
struct Walk<'r> {
    root: BorrowedFd<'r>,
    /// Directories entered beneath the root, with their names.
    entered: Vec<(Vec<u8>, OwnedFd)>,
    /// Components to come, the next one last.
    ahead: Vec<Vec<u8>>,
    links: usize,
}

impl<'r> Walk<'r> {
    fn new(root: BorrowedFd<'r>, path: &[u8]) -> Self {
        let mut walk = Self { root, entered: Vec::new(), ahead: Vec::new(), links: 0 };
        walk.prepend(path);
        walk
    }

    fn prepend(&mut self, text: &[u8]) {
        self.ahead.extend(text.split(|&byte| byte == b'/').rev().map(<[u8]>::to_vec));
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.entered.last().map_or(self.root, |(_, fd)| fd.as_fd())
    }

    fn open(mut self, flags: OFlags, follow: bool) -> Result<OwnedFd> {
        let flags = flags | OFlags::CLOEXEC;
        let mut lost = 0;
        loop {
            let Some(name) = self.descend()? else {
                return openat(self.here(), ".", flags, Mode::empty());
            };
            match openat(self.here(), &name, flags | OFlags::NOFOLLOW, Mode::empty()) {
                Ok(fd) if follow && flags.contains(OFlags::PATH) && is_link(&fd)? => {
                    self.expand(readlinkat(&fd, "", Vec::new())?.as_bytes())?;
                }
                Err(error @ (Errno::LOOP | Errno::NOTDIR)) => match self.link_text(&name)? {
                    Some(text) if follow => self.expand(&text)?,
                    None if error == Errno::LOOP && lost < RETRIES => {
                        lost += 1;
                        self.ahead.push(name);
                    }
                    _ => return Err(error),
                },
                other => return other,
            }
        }
    }

    fn resolve(mut self) -> Result<Vec<u8>> {
        loop {
            let Some(name) = self.descend()? else {
                return Ok(self.position(None));
            };
            match self.link_text(&name) {
                Ok(Some(text)) => self.expand(&text)?,
                Ok(None) | Err(Errno::NOENT) => return Ok(self.position(Some(&name))),
                Err(error) => return Err(error),
            }
        }
    }

    /// Path of where the walk is, with `name` at its end.
    fn position(&self, name: Option<&[u8]>) -> Vec<u8> {
        let mut path = Vec::new();
        for part in self.entered.iter().map(|(name, _)| name.as_slice()).chain(name) {
            path.push(b'/');
            path.extend_from_slice(part);
        }
        if path.is_empty() { b"/".to_vec() } else { path }
    }

    /// Goes down to the directory of the last component and answers that; `None` = the path ends where the walk is.
    fn descend(&mut self) -> Result<Option<Vec<u8>>> {
        while let Some(name) = self.ahead.pop() {
            match name.as_slice() {
                b"" | b"." => {}
                b".." => {
                    self.entered.pop().ok_or(Errno::XDEV)?;
                }
                _ if self.ahead.is_empty() => return Ok(Some(name)),
                _ => self.enter(name)?,
            }
        }
        Ok(None)
    }

    /// Enters a directory, or puts the text of a link in its place.
    fn enter(&mut self, name: Vec<u8>) -> Result<()> {
        if self.entered.len() >= MAX_DEPTH {
            return Err(Errno::NAMETOOLONG);
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Not a directory and not a link: a file, or it changed in between. Files do not change, so two tries tell.
        for _ in 0..2 {
            match openat(self.here(), &name, flags, Mode::empty()) {
                Ok(fd) => {
                    self.entered.push((name, fd));
                    return Ok(());
                }
                Err(Errno::NOTDIR | Errno::LOOP) => {
                    if let Some(text) = self.link_text(&name)? {
                        return self.expand(&text);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(Errno::NOTDIR)
    }

    /// Text of a link in the current directory; `None` = it is none.
    fn link_text(&self, name: &[u8]) -> Result<Option<Vec<u8>>> {
        match readlinkat(self.here(), name, Vec::new()) {
            Ok(text) => Ok(Some(text.into_bytes())),
            Err(Errno::INVAL) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn expand(&mut self, text: &[u8]) -> Result<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::LOOP);
        }
        match text.first() {
            None => Err(Errno::NOENT),
            Some(b'/') => Err(Errno::XDEV),
            Some(_) => {
                self.prepend(text);
                Ok(())
            }
        }
    }
}

fn is_link(fd: impl AsFd) -> Result<bool> {
    Ok(FileType::from_raw_mode(fstat(fd)?.st_mode) == FileType::Symlink)
}
