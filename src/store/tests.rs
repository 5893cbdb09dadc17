//! Tests of the whole store: on real files where that matters, in memory elsewhere.

#![allow(clippy::disallowed_methods, reason = "the tests look at the files of the databases")]

mod accounts;
mod checksums;
mod document_users;
mod engine;
mod event_rules;
mod events;
mod gates;
mod host_keys;
mod invitations;
mod opening;
mod relations;
mod resumable;
mod settings;
mod shares;
mod transfers;

use entrepot_model::{Admin, BaseVirtualFolder, Group, GroupMapping, Role, User, VirtualFolder};
use tempfile::TempDir;

use crate::{Store, StoreOptions};

/// A time, in Unix milliseconds.
const NOW: i64 = 1_800_000_000_000;

fn on_disk() -> (TempDir, Store) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = Store::open(StoreOptions::new(folder.path())).expect("store opens");
    (folder, store)
}

fn user(name: &str) -> User {
    User { username: name.into(), status: 1, home_dir: format!("/srv/{name}"), ..User::default() }
}

fn group(name: &str) -> Group {
    Group { name: name.into(), ..Group::default() }
}

fn folder(name: &str) -> BaseVirtualFolder {
    BaseVirtualFolder { name: name.into(), mapped_path: format!("/mnt/{name}"), ..BaseVirtualFolder::default() }
}

fn role(name: &str) -> Role {
    Role { name: name.into(), ..Role::default() }
}

fn admin(name: &str) -> Admin {
    Admin { username: name.into(), status: 1, ..Admin::default() }
}

fn member(group: &str, kind: i64) -> GroupMapping {
    GroupMapping { name: group.into(), kind }
}

fn mount(name: &str, path: &str) -> VirtualFolder {
    VirtualFolder {
        folder: BaseVirtualFolder { name: name.into(), ..BaseVirtualFolder::default() },
        virtual_path: path.into(),
        quota_size: -1,
        quota_files: -1,
        ..VirtualFolder::default()
    }
}
