//! The overlay: what a connection is writing, under the names it gave.
//!
//! A file in flight is not under its name yet, but the client that writes it expects to find it there: sshfs stats,
//! renames and sets times before it closes (SFTP-013, SFTP-045, SFTP-051, SFTP-056).

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use entrepot_model::VirtualPath;
use parking_lot::Mutex;

use super::UploadState;

/// Uploads in flight of one connection, by virtual path.
#[derive(Default)]
pub(crate) struct Overlay(Mutex<HashMap<VirtualPath, Weak<UploadState>>>);

impl Overlay {
    /// Enters an upload; the newest one of a name wins.
    pub(crate) fn insert(&self, path: VirtualPath, upload: &Arc<UploadState>) {
        self.0.lock().insert(path, Arc::downgrade(upload));
    }

    /// The staged upload in flight under that name.
    pub(crate) fn get(&self, path: &VirtualPath) -> Option<Arc<UploadState>> {
        let mut uploads = self.0.lock();
        let found = uploads.get(path)?.upgrade().filter(|upload| !upload.is_ended());
        if found.is_none() {
            uploads.remove(path);
        }
        found
    }

    /// Takes an upload out, if it is the one under that name.
    pub(crate) fn remove(&self, path: &VirtualPath, upload: &UploadState) {
        let mut uploads = self.0.lock();
        if uploads.get(path).is_some_and(|found| std::ptr::eq(found.as_ptr(), upload)) {
            uploads.remove(path);
        }
    }
}
