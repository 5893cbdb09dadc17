//! What a quota scan remembers of the directories it counted: bounded, however large the tree.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, Hash, RandomState},
};

use super::Usage;

/// Directories whose figures are remembered: about 10 MB at the most.
const REMEMBERED: usize = 200_000;

/// The sum of what was counted, with what each directory holds itself, by the hash of its place: what is looked at again
/// replaces what it was.
///
/// A tree with more directories than can be remembered is counted all the same. Should one that was forgotten change, the
/// count starts again and remembers that one in any case: what changed will change again.
pub(super) struct Tally {
    hasher: RandomState,
    capacity: usize,
    directories: HashMap<u64, Usage>,
    /// Those that must be remembered.
    wanted: HashSet<u64>,
    has_forgotten: bool,
    total: Usage,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self::with_capacity(REMEMBERED)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            capacity,
            directories: HashMap::new(),
            wanted: HashSet::new(),
            has_forgotten: false,
            total: Usage::default(),
        }
    }

    /// Forgets what was counted, and keeps in mind what must be remembered.
    pub(super) fn restart(&mut self) {
        self.directories.clear();
        self.has_forgotten = false;
        self.total = Usage::default();
    }

    /// A directory was looked at for the first time.
    pub(super) fn enter(&mut self, place: impl Hash, usage: Usage) {
        let key = self.hasher.hash_one(place);
        let before = self.directories.get(&key).copied();
        let is_wanted = before.is_some() || self.wanted.contains(&key);
        // Nearly every tree has directories without files of their own; an absent one holds nothing.
        if is_wanted || (usage != Usage::default() && self.directories.len() < self.capacity) {
            self.directories.insert(key, usage);
        } else {
            self.has_forgotten |= self.directories.len() >= self.capacity;
        }
        self.replace(before.unwrap_or_default(), usage);
    }

    /// A directory was looked at again; false if nobody knows what it held before, so that it cannot be replaced.
    pub(super) fn correct(&mut self, place: impl Hash, usage: Usage) -> bool {
        let key = self.hasher.hash_one(place);
        let known = self.directories.get(&key).copied();
        if known.is_none() && self.has_forgotten {
            if self.wanted.len() < self.capacity {
                self.wanted.insert(key);
            }
            return false;
        }
        self.directories.insert(key, usage);
        self.replace(known.unwrap_or_default(), usage);
        true
    }

    fn replace(&mut self, before: Usage, now: Usage) {
        self.total = self.total.plus(now).plus(Usage { files: -before.files, size: -before.size });
    }

    /// All files that were counted.
    pub(super) fn total(&self) -> Usage {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(files: i64) -> Usage {
        Usage { files, size: files * 10 }
    }

    // QTA-009
    #[test]
    fn directories_that_are_looked_at_again_count_once() {
        let mut tally = Tally::with_capacity(10);
        tally.enter("/a", usage(1));
        tally.enter("/empty", usage(0));
        assert!(tally.correct("/a", usage(3)) && tally.correct("/empty", usage(2)) && tally.correct("/new", usage(1)));
        assert_eq!(tally.total(), usage(6));
        assert!(tally.correct("/a", usage(0)) && tally.correct("/a", usage(1)));
        assert_eq!(tally.total(), usage(4));
    }

    // QTA-009: no tree is too large for the memory, and none is counted wrong for it.
    #[test]
    fn trees_that_are_too_large_to_be_remembered_are_counted() {
        let mut tally = Tally::with_capacity(10);
        let walk = |tally: &mut Tally| (0..100).for_each(|number| tally.enter(number, usage(1)));
        walk(&mut tally);
        assert_eq!((tally.total(), tally.directories.len()), (usage(100), 10));
        assert!(tally.correct(3, usage(2)), "one that is remembered");
        assert!(!tally.correct(50, usage(2)), "one that is not: nobody knows what to take away");
        tally.restart();
        walk(&mut tally);
        assert!(tally.correct(50, usage(2)), "the next count remembers what changed");
        assert_eq!((tally.total(), tally.directories.len()), (usage(101), 11));
    }
}
