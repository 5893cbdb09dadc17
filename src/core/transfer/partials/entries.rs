//! The partials in memory, found by name and by id.

use std::collections::HashMap;

use entrepot_store::UploadIntent;

use super::{Key, key_of};

/// Partials by their names, and their names by their ids.
#[derive(Default)]
pub(super) struct Entries {
    by_name: HashMap<Key, UploadIntent>,
    names: HashMap<String, Key>,
}

impl Entries {
    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(super) fn get(&self, name: &Key) -> Option<&UploadIntent> {
        self.by_name.get(name)
    }

    pub(super) fn of_id(&self, id: &str) -> Option<&UploadIntent> {
        self.by_name.get(self.names.get(id)?)
    }

    /// Enters a partial; the one that had its name goes.
    pub(super) fn insert(&mut self, intent: UploadIntent) -> Option<UploadIntent> {
        let name = key_of(&intent);
        let old = self.remove(&name);
        self.names.insert(intent.id.clone(), name.clone());
        self.by_name.insert(name, intent);
        old
    }

    pub(super) fn remove(&mut self, name: &Key) -> Option<UploadIntent> {
        let gone = self.by_name.remove(name)?;
        if self.names.get(&gone.id) == Some(name) {
            self.names.remove(&gone.id);
        }
        Some(gone)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &UploadIntent> {
        self.by_name.values()
    }

    /// The names of those that `is_meant` picks.
    pub(super) fn names_of(&self, is_meant: impl Fn(&UploadIntent) -> bool) -> Vec<Key> {
        self.by_name.iter().filter(|(_, intent)| is_meant(intent)).map(|(name, _)| name.clone()).collect()
    }
}
