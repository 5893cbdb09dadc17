//! Names whose files are being changed.
//!
//! Two things about a name must not be decided twice at once: what a change replaces, and how much of a file that is
//! open for changes in place quota knows already.

mod changes;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use entrepot_model::VirtualPath;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

use super::UploadState;
pub(crate) use changes::Watch;
use changes::{Changes, Changing};

use crate::{
    place::Place,
    quota::{QuotaOwner, Usage},
    session::SessionState,
};

/// A storage and a path in it, whoever looks at it.
type Key = (String, Vec<u8>);

/// The names that are being changed now, over all accounts.
#[derive(Default)]
pub(crate) struct Names {
    turns: Mutex<HashMap<Key, Weak<tokio::sync::Mutex<()>>>>,
    edits: Mutex<HashMap<Key, Weak<Edit>>>,
    /// Staged uploads in flight, by their ids.
    uploads: Mutex<HashMap<String, Weak<UploadState>>>,
    changes: Changes,
}

/// A file that bytes are on their way into, as the account that asks calls it.
#[derive(Debug)]
pub(crate) enum Busy {
    /// It is open for changes in place.
    Changing(VirtualPath),
    /// It will be there when its upload ends.
    Uploading(VirtualPath),
}

/// A file that is open for changes in place, by however many handles.
#[derive(Debug)]
pub(crate) struct Edit {
    /// Its size as quota knows it; `None` = the file lost its name, and what it grows by counts for nobody.
    accounted: Mutex<Option<u64>>,
}

impl Edit {
    /// The file has `size` bytes now: what quota does not know yet of it.
    pub(crate) fn settle(&self, size: u64) -> i64 {
        let mut accounted = self.accounted.lock();
        let Some(known) = accounted.as_mut() else { return 0 };
        let before = std::mem::replace(known, size);
        signed(size) - signed(before)
    }
}

/// The right to change what is under a name. It spans the look at what is there and the change itself, nothing more:
/// no hook, no settlement.
pub(crate) struct Turn<'a> {
    names: &'a Names,
    key: Key,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.guard.take();
        let mut turns = self.names.turns.lock();
        if turns.get(&self.key).is_some_and(|turn| turn.strong_count() == 0) {
            turns.remove(&self.key);
        }
    }
}

impl Names {
    /// Waits until nobody else changes what is under the name of `place`. Cancelling it takes no turn.
    pub(crate) async fn turn(&self, session: &SessionState, place: &Place) -> Turn<'_> {
        let key = key(session, place);
        let turn = {
            let mut turns = self.turns.lock();
            let slot = turns.entry(key.clone()).or_default();
            slot.upgrade().unwrap_or_else(|| {
                let turn = Arc::default();
                *slot = Arc::downgrade(&turn);
                turn
            })
        };
        let mut waiting = Turn { names: self, key, guard: None };
        waiting.guard = Some(turn.lock_owned().await);
        waiting
    }

    /// How many have the turn of the name, or wait for it.
    #[cfg(test)]
    pub(crate) fn waiting(&self, session: &SessionState, place: &Place) -> usize {
        self.turns.lock().get(&key(session, place)).map_or(0, Weak::strong_count)
    }

    /// A file of that name changes, until the answer is dropped: quota scans wait for its end and look again.
    pub(crate) fn changing(&self, session: &SessionState, place: &Place) -> Changing<'_> {
        let directory = place.path.parent().unwrap_or_else(VirtualPath::root);
        self.changes.begin((resource(session, place), directory), false)
    }

    /// As [`Names::changing`], of everything below the name.
    pub(crate) fn changing_tree(&self, session: &SessionState, place: &Place) -> Changing<'_> {
        self.changes.begin((resource(session, place), place.path.clone()), true)
    }

    /// Sees from now on what changes in these storages.
    pub(crate) fn watch(&self, storages: Vec<String>) -> Watch<'_> {
        self.changes.watch(storages)
    }

    /// The size of a file as quota knows it, if it is open for changes in place.
    pub(crate) fn accounted(&self, storage: &str, path: &VirtualPath) -> Option<u64> {
        let edits = self.edits.lock();
        if edits.is_empty() {
            return None;
        }
        let edit = edits.get(&(storage.to_owned(), path.as_bytes().to_vec())).and_then(Weak::upgrade)?;
        *edit.accounted.lock()
    }

    /// What quota counts of uploads that go on with a partial, for `owner`.
    pub(crate) fn charged(&self, owner: &QuotaOwner) -> Usage {
        let uploads: Vec<_> = self.uploads.lock().values().filter_map(Weak::upgrade).collect();
        let charged = uploads.iter().filter(|upload| {
            let place = upload.place.lock().clone();
            upload.facts.session.quota_of(&place).0 == *owner
        });
        charged.fold(Usage::default(), |sum, upload| sum.plus(upload.facts.charged))
    }

    /// A handle for changes in place of a file of `size` bytes.
    pub(crate) fn edit(&self, session: &SessionState, place: &Place, size: u64) -> Arc<Edit> {
        let mut edits = self.edits.lock();
        edits.retain(|_, edit| edit.strong_count() > 0);
        let slot = edits.entry(key(session, place)).or_default();
        slot.upgrade().unwrap_or_else(|| {
            let edit = Arc::new(Edit { accounted: Mutex::new(Some(size)) });
            *slot = Arc::downgrade(&edit);
            edit
        })
    }

    /// The file under the name got another size by its path: how quota changes, if it had `before` bytes.
    pub(crate) fn resized(&self, session: &SessionState, place: &Place, before: u64, size: u64) -> i64 {
        match self.open_edit(session, place) {
            Some(edit) => edit.settle(size),
            None => signed(size) - signed(before),
        }
    }

    /// The file under the name goes, or is replaced: its size as quota knows it, if it has `size` bytes.
    pub(crate) fn gone(&self, session: &SessionState, place: &Place, size: u64) -> u64 {
        let edit = self.open_edit(session, place);
        if edit.is_some() {
            self.edits.lock().remove(&key(session, place));
        }
        edit.and_then(|edit| edit.accounted.lock().take()).unwrap_or(size)
    }

    /// Whether the file is open for changes in place.
    pub(crate) fn is_open_in_place(&self, session: &SessionState, place: &Place) -> bool {
        self.open_edit(session, place).is_some()
    }

    /// What bytes are on their way into of what has the name: the file itself, or any name below it.
    pub(crate) fn busy_below(&self, session: &SessionState, place: &Place) -> Option<Busy> {
        let resource = resource(session, place);
        let named = |path: &VirtualPath| place.to_virtual(path).unwrap_or_else(|| place.virtual_path.clone());
        let edited = |(key, edit): (&Key, &Weak<Edit>)| {
            let path = VirtualPath::parse(&key.1).ok().filter(|path| path.starts_with(&place.path))?;
            (edit.strong_count() > 0 && key.0 == resource).then(|| Busy::Changing(named(&path)))
        };
        if let Some(busy) = self.edits.lock().iter().find_map(edited) {
            return Some(busy);
        }
        let uploads: Vec<_> = self.uploads.lock().values().filter_map(Weak::upgrade).collect();
        uploads.iter().find_map(|upload| {
            let target = upload.place.lock().clone();
            // One that will have the very name is another file.
            let is_below = target.path != place.path && target.path.starts_with(&place.path);
            let is_meant = is_below && key(&upload.facts.session, &target).0 == resource;
            is_meant.then(|| Busy::Uploading(named(&upload.shown_place().path)))
        })
    }

    /// A staged upload begins.
    pub(crate) fn begun(&self, id: &str, upload: &Arc<UploadState>) {
        self.uploads.lock().insert(id.to_owned(), Arc::downgrade(upload));
    }

    /// Whether a staged upload of that id is in flight.
    pub(crate) fn is_running(&self, id: &str) -> bool {
        self.uploads.lock().get(id).is_some_and(|upload| upload.strong_count() > 0)
    }

    /// It ended.
    pub(crate) fn ended(&self, id: &str) {
        self.uploads.lock().remove(id);
    }

    /// What is called `from`, and everything below it, is called `to` now: files that are open follow.
    pub(crate) fn moved(&self, session: &SessionState, from: &Place, to: &Place) {
        let (resource, _) = key(session, from);
        let mut edits = self.edits.lock();
        let below =
            |path: &[u8]| VirtualPath::parse(path).ok().and_then(|path| path.rebase(&from.path, &to.path)).and_then(Result::ok);
        let moved: Vec<(Key, Key)> = edits
            .keys()
            .filter(|key| key.0 == resource)
            .filter_map(|key| Some((key.clone(), (resource.clone(), below(&key.1)?.as_bytes().to_vec()))))
            .collect();
        for (old, new) in moved {
            if let Some(edit) = edits.remove(&old) {
                edits.insert(new, edit);
            }
        }
        drop(edits);
        let uploads: Vec<_> = self.uploads.lock().values().filter_map(Weak::upgrade).collect();
        for upload in uploads {
            let place = upload.place.lock().clone();
            // An upload to the very name is another file than the one that was renamed.
            if place.path == from.path || key(&upload.facts.session, &place).0 != resource {
                continue;
            }
            let Some(path) = below(place.path.as_bytes()) else { continue };
            let virtual_path = place.to_virtual(&path).unwrap_or_else(|| place.virtual_path.clone());
            upload.move_to(Place { path, virtual_path, ..place });
        }
    }

    fn open_edit(&self, session: &SessionState, place: &Place) -> Option<Arc<Edit>> {
        let edits = self.edits.lock();
        if edits.is_empty() {
            return None;
        }
        edits.get(&key(session, place)).and_then(Weak::upgrade)
    }
}

fn key(session: &SessionState, place: &Place) -> Key {
    (resource(session, place), place.path.as_bytes().to_vec())
}

fn resource(session: &SessionState, place: &Place) -> String {
    session.account.door.origin(place.storage).resource.clone()
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
