//! What is at and below selected paths: parents before what is in them.

use std::collections::VecDeque;

use entrepot_core::{Core, DirectoryEntry, Error, FileKind, Metadata, Result, UserFs, fs::Listing};
use entrepot_model::VirtualPath;
use serde::Serialize;

use super::readable::look_at;

/// Entries that are read at a time.
const PAGE: usize = 128;
/// Deepest nesting that is followed.
const DEPTH: usize = 1000;

/// Something that is there.
#[derive(Debug)]
pub(super) struct Found {
    pub path: VirtualPath,
    /// Its name: relative to what all selected paths have in common (API-137), with a slash at the end if it is a
    /// directory.
    pub name: Vec<u8>,
    pub metadata: Metadata,
}

/// The selected paths and what is below them. Memory stays bounded whatever a directory holds.
pub(super) struct Tree {
    fs: UserFs,
    base: VirtualPath,
    selected: VecDeque<VirtualPath>,
    open: Vec<Directory>,
}

struct Directory {
    listing: Listing,
    entries: VecDeque<DirectoryEntry>,
}

impl Tree {
    pub(super) fn new(fs: UserFs, paths: Vec<VirtualPath>) -> Self {
        let selected = without_nested(paths);
        Self { fs, base: common_parent(&selected), selected: selected.into(), open: Vec::new() }
    }

    /// The next entry; `None` at the end. Links and special files are left out, as is what went since it was listed.
    pub(super) async fn next(&mut self) -> Result<Option<Found>> {
        loop {
            let Some((path, metadata)) = self.next_entry().await? else { return Ok(None) };
            let mut name = path.strip_prefix(&self.base).unwrap_or_default().to_vec();
            match metadata.kind {
                FileKind::Symlink | FileKind::Other(_) => {}
                FileKind::File => return Ok(Some(Found { path, name, metadata })),
                FileKind::Directory => {
                    if !self.enter(&path).await? || name.is_empty() {
                        continue;
                    }
                    name.push(b'/');
                    return Ok(Some(Found { path, name, metadata }));
                }
            }
        }
    }

    async fn next_entry(&mut self) -> Result<Option<(VirtualPath, Metadata)>> {
        while let Some(directory) = self.open.last_mut() {
            if directory.entries.is_empty() {
                directory.entries = directory.listing.next(PAGE).await?.into();
            }
            let Some(entry) = directory.entries.pop_front() else {
                self.open.pop();
                continue;
            };
            // What has a separator in its name cannot be named by any client.
            if let Ok(path) = directory.listing.directory().child(&entry.name) {
                return Ok(Some((path, entry.metadata)));
            }
        }
        let Some(path) = self.selected.pop_front() else { return Ok(None) };
        let metadata = look_at(&self.fs, &path).await?;
        Ok(Some((path, metadata)))
    }

    /// Goes into a directory; `false` if it is not there any more.
    async fn enter(&mut self, path: &VirtualPath) -> Result<bool> {
        if self.open.len() >= DEPTH {
            return Err(Error::TooLarge);
        }
        match self.fs.list(path).await {
            Ok(listing) => {
                self.open.push(Directory { listing, entries: VecDeque::new() });
                Ok(true)
            }
            Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What is at and below paths.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Weight {
    /// What is no directory, and links are none that are followed.
    pub files: usize,
    pub folders: usize,
    pub bytes: i64,
    /// False where counting was given up: there is more than that.
    pub whole: bool,
}

/// Counts what is below a directory, for at most that many entries and until that moment, in milliseconds since the epoch.
///
/// # Errors
/// What listing comes to.
pub(crate) async fn weigh(core: &Core, fs: &UserFs, directory: &VirtualPath, most: usize, until: i64) -> Result<Weight> {
    let mut weight = Weight::default();
    let mut left = vec![directory.clone()];
    while let Some(path) = left.pop() {
        let mut listing = fs.list(&path).await?;
        loop {
            let entries = listing.next(PAGE).await?;
            if entries.is_empty() {
                break;
            }
            if weight.files + weight.folders >= most || core.clock().millis() >= until {
                return Ok(weight);
            }
            for entry in entries {
                if !entry.metadata.is_directory() {
                    weight.files += 1;
                    let size = if entry.metadata.is_file() { entry.metadata.size } else { 0 };
                    weight.bytes = weight.bytes.saturating_add_unsigned(size);
                    continue;
                }
                weight.folders += 1;
                left.extend(path.child(&entry.name).ok());
            }
        }
    }
    Ok(Weight { whole: true, ..weight })
}

/// What is named twice, or lies in a directory that is named as well, comes once.
fn without_nested(mut paths: Vec<VirtualPath>) -> Vec<VirtualPath> {
    paths.sort_by(|one, other| one.components().cmp(other.components()));
    let mut kept: Vec<VirtualPath> = Vec::with_capacity(paths.len());
    for path in paths {
        if !kept.last().is_some_and(|last| path.starts_with(last)) {
            kept.push(path);
        }
    }
    kept
}

fn common_parent(paths: &[VirtualPath]) -> VirtualPath {
    let mut parents = paths.iter().map(|path| path.parent().unwrap_or_else(VirtualPath::root));
    let Some(mut common) = parents.next() else { return VirtualPath::root() };
    for parent in parents {
        while !parent.starts_with(&common) {
            common = common.parent().unwrap_or_else(VirtualPath::root);
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<VirtualPath> {
        names.iter().map(|name| VirtualPath::parse(name.as_bytes()).unwrap()).collect()
    }

    // API-137
    #[test]
    fn names_are_relative_to_what_is_common() {
        for (names, wanted) in [
            (&["/a/b"][..], "/a"),
            (&["/a"], "/"),
            (&["/"], "/"),
            (&["/a/b", "/a/c"], "/a"),
            (&["/a/b/c", "/a/d"], "/a"),
            (&["/a/b", "/ab/c"], "/"),
        ] {
            assert_eq!(common_parent(&paths(names)), paths(&[wanted])[0], "{names:?}");
        }
    }

    #[test]
    fn nothing_comes_twice() {
        let kept = without_nested(paths(&["/b", "/a/x", "/a", "/a-b", "/b", "/a/x/y"]));
        assert_eq!(kept, paths(&["/a", "/a-b", "/b"]));
        assert_eq!(without_nested(paths(&["/", "/a"])), paths(&["/"]));
    }
}
