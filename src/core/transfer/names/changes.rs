//! Changes that are going on: what a quota scan has to know to count each file once.
//!
//! A change of files is announced before the storage is touched and lasts until the ledger knows it. A scan watches: it
//! looks again at directories in which something changed, and its result holds only at a moment at which no change is
//! half done.

use std::collections::{HashMap, HashSet};

use entrepot_model::VirtualPath;
use parking_lot::Mutex;

/// Directories that a watch notes one by one; should more change before it looks, everything has to be counted again.
const MOST_NOTED: usize = 100_000;

/// A storage, and a directory in it.
pub(crate) type Directory = (String, VirtualPath);

/// The changes of all accounts.
#[derive(Default)]
pub(crate) struct Changes(Mutex<State>);

#[derive(Default)]
struct State {
    /// How many changes have begun and are not settled, by storage.
    running: HashMap<String, usize>,
    watches: HashMap<u64, Seen>,
    next: u64,
}

/// What a watch has seen.
struct Seen {
    storages: Vec<String>,
    directories: HashSet<Directory>,
    /// A whole tree got another name: what was counted of it may be counted twice, or not at all.
    is_stale: bool,
}

/// A change that is going on, until this is dropped.
pub(crate) struct Changing<'a> {
    changes: &'a Changes,
    directory: Directory,
    is_tree: bool,
}

/// Sees what changes in some storages, until it is dropped.
pub(crate) struct Watch<'a> {
    changes: &'a Changes,
    id: u64,
}

impl Changes {
    /// A change in a directory begins; with `is_tree`, one of everything below it, too.
    pub(crate) fn begin(&self, directory: Directory, is_tree: bool) -> Changing<'_> {
        let mut state = self.0.lock();
        match state.running.get_mut(&directory.0) {
            Some(count) => *count += 1,
            None => drop(state.running.insert(directory.0.clone(), 1)),
        }
        state.note(&directory, is_tree);
        Changing { changes: self, directory, is_tree }
    }

    /// Sees from now on what changes in `storages`.
    pub(crate) fn watch(&self, storages: Vec<String>) -> Watch<'_> {
        let mut state = self.0.lock();
        let id = state.next;
        state.next += 1;
        state.watches.insert(id, Seen { storages, directories: HashSet::new(), is_stale: false });
        Watch { changes: self, id }
    }
}

impl State {
    fn note(&mut self, directory: &Directory, is_tree: bool) {
        for watch in self.watches.values_mut().filter(|watch| watch.storages.contains(&directory.0)) {
            watch.is_stale |= is_tree;
            if watch.directories.len() < MOST_NOTED {
                watch.directories.insert(directory.clone());
            } else {
                watch.is_stale |= !watch.directories.contains(directory);
            }
        }
    }
}

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        let mut state = self.changes.0.lock();
        // It may have begun before somebody watched.
        state.note(&self.directory, self.is_tree);
        if let Some(count) = state.running.get_mut(&self.directory.0) {
            *count -= 1;
            if *count == 0 {
                state.running.remove(&self.directory.0);
            }
        }
    }
}

impl Watch<'_> {
    /// The directories in which something changed since the last question.
    pub(crate) fn take(&self) -> HashSet<Directory> {
        let mut state = self.changes.0.lock();
        state.watches.get_mut(&self.id).map(|seen| std::mem::take(&mut seen.directories)).unwrap_or_default()
    }

    /// Whether a whole tree was renamed since the last question: all must be counted again.
    pub(crate) fn take_stale(&self) -> bool {
        let mut state = self.changes.0.lock();
        state.watches.get_mut(&self.id).is_some_and(|seen| std::mem::take(&mut seen.is_stale))
    }

    /// Runs `settle`, with every change held up, if nothing changed since the last [`Watch::take`] and nothing is half done.
    pub(crate) fn when_quiet<T>(&self, settle: impl FnOnce() -> T) -> Option<T> {
        let state = self.changes.0.lock();
        let seen = state.watches.get(&self.id)?;
        let is_quiet = seen.directories.is_empty()
            && !seen.is_stale
            && !seen.storages.iter().any(|storage| state.running.contains_key(storage));
        is_quiet.then(settle)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.changes.0.lock().watches.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(path: &str) -> Directory {
        ("local:/a".to_owned(), VirtualPath::parse(path.as_bytes()).expect("path"))
    }

    // QTA-009: a change that is half done belongs to neither side.
    #[test]
    fn watch_is_quiet_only_between_changes() {
        let changes = Changes::default();
        let early = changes.begin(directory("/x"), false);
        let watch = changes.watch(vec!["local:/a".to_owned()]);
        assert!(watch.take().is_empty() && watch.when_quiet(|| ()).is_none(), "one is going on");
        drop(early);
        assert!(watch.when_quiet(|| ()).is_none(), "its directory was not looked at again");
        assert_eq!(watch.take(), HashSet::from([directory("/x")]));
        assert_eq!(watch.when_quiet(|| 7), Some(7));
        drop(changes.begin(("local:/b".to_owned(), VirtualPath::root()), false));
        assert!(watch.when_quiet(|| ()).is_some(), "another storage");
        drop(changes.begin(directory("/y"), true));
        assert_eq!(watch.take().len(), 1);
        assert!(watch.when_quiet(|| ()).is_none() && watch.take_stale() && !watch.take_stale());
        assert!(watch.when_quiet(|| ()).is_some());
    }
}
