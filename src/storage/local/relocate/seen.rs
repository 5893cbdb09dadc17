//! What was copied of a tree, to tell whether it is still there as it was.

use std::collections::HashMap;

use rustix::{
    fd::BorrowedFd,
    fs::{AtFlags, Dir, Mode, openat, statat},
};

use super::ENTER;
use crate::{Error, ErrorKind, Metadata, Result, system::metadata};

/// Entries by their path below the one that moves, which has the empty path.
#[derive(Default)]
pub(super) struct Seen(HashMap<Vec<u8>, Metadata>);

impl Seen {
    /// An entry, as it was before it was copied.
    pub(super) fn note(&mut self, path: Vec<u8>, found: Metadata) {
        self.0.insert(path, found);
    }

    /// That the tree has the very entries that were seen, none of them changed since. Only their inner entries tell of
    /// directories.
    ///
    /// # Errors
    /// `Busy`.
    pub(super) fn check(&self, parent: BorrowedFd<'_>, name: &[u8]) -> Result<()> {
        let mut open = Vec::new();
        let mut count = 0;
        let mut look = |parent: BorrowedFd<'_>, name: &[u8], path: &[u8]| -> Result<Option<Dir>> {
            let found = metadata(&statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)?);
            count += 1;
            if !self.0.get(path).is_some_and(|seen| is_same(&found, seen, path.is_empty())) {
                return Err(changed());
            }
            if !found.is_directory() {
                return Ok(None);
            }
            Ok(Some(Dir::new(openat(parent, name, ENTER, Mode::empty())?)?))
        };
        open.extend(look(parent, name, b"")?.map(|entries| (Vec::new(), entries)));
        while let Some((path, mut entries)) = open.pop() {
            let Some(entry) = entries.next() else { continue };
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let inner = match name {
                b"." | b".." => None,
                _ => {
                    let inner = below(&path, name);
                    look(entries.fd()?, name, &inner)?.map(|entries| (inner, entries))
                }
            };
            open.push((path, entries));
            open.extend(inner);
        }
        if count == self.0.len() { Ok(()) } else { Err(changed()) }
    }
}

/// The path of an entry.
pub(super) fn below(path: &[u8], name: &[u8]) -> Vec<u8> {
    [path, b"/", name].concat()
}

/// A new name of its own changes an entry, too: it says nothing about the one that moves.
fn is_same(found: &Metadata, seen: &Metadata, is_root: bool) -> bool {
    let is_content = (found.kind, found.identity) == (seen.kind, seen.identity);
    let is_untouched = (found.size, found.modified) == (seen.size, seen.modified) && (is_root || found.changed == seen.changed);
    is_content && (found.is_directory() || is_untouched)
}

fn changed() -> Error {
    Error::new(ErrorKind::Busy, "the source was changed while it was moved; what changed stays there")
}
