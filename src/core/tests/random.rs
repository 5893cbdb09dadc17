//! Random sequences of operations with faults: whatever happens, ledger, database and storage agree at the end.

use bytes::Bytes;
use entrepot_storage::{ErrorKind, memory::Operation as StorageCall};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::{
    client::{PUT, RESUME, path, usage},
    fixture::{Fixture, Remains},
};
use crate::{OpenWrite, Upload, UserFs, quota::Usage};

const NAMES: [&str; 6] = ["/a", "/b", "/d/a", "/d/b", "/v/a", "/v/b"];
const DIRECTORIES: [&str; 3] = ["/d", "/e", "/v/d"];
const CALLS: [StorageCall; 10] = [
    StorageCall::Stat,
    StorageCall::Stage,
    StorageCall::Write,
    StorageCall::Commit,
    StorageCall::Remove,
    StorageCall::Rename,
    StorageCall::Copy,
    StorageCall::SetAttributes,
    StorageCall::OpenInPlace,
    StorageCall::List,
];

/// Files and bytes that are really stored.
fn stored(fixture: &Fixture, root: &str) -> Usage {
    let storage = fixture.storages.memory(root);
    let mut sum = Usage::default();
    for name in storage.paths() {
        if let Some(data) = storage.get(&path(&String::from_utf8_lossy(&name))) {
            sum = usage(sum.files + 1, sum.size + i64::try_from(data.len()).expect("size"));
        }
    }
    sum
}

async fn step(fs: &UserFs, random: &mut StdRng, open: &mut Vec<Upload>) {
    let name = path(NAMES[random.random_range(0..NAMES.len())]);
    let other = path(NAMES[random.random_range(0..NAMES.len())]);
    let directory = path(DIRECTORIES[random.random_range(0..DIRECTORIES.len())]);
    let directory2 = path(DIRECTORIES[random.random_range(0..DIRECTORIES.len())]);
    let kind = random.random_range(0..14);
    match kind {
        0..=2 => {
            let size = random.random_bool(0.3).then(|| random.random_range(0..60));
            let how = OpenWrite { size, append: random.random_bool(0.2), ..if random.random_bool(0.5) { PUT } else { RESUME } };
            open.extend(fs.open_write(&name, how).await.ok());
        }
        3..=5 => {
            if let Some(upload) = open.last() {
                let data = Bytes::from(vec![1; random.random_range(0..30)]);
                let offset = upload.size().saturating_sub(random.random_range(0..5));
                let _ = upload.write_at(offset, data).await;
            }
        }
        6 | 7 => {
            if !open.is_empty() {
                let upload = open.swap_remove(random.random_range(0..open.len()));
                let _ = upload.commit().await;
            }
        }
        8 => {
            if !open.is_empty() {
                drop(open.swap_remove(random.random_range(0..open.len())));
            }
        }
        9 => drop(fs.remove_file(&name).await),
        10 => drop(fs.rename(&name, &other).await),
        11 => drop(fs.copy(&name, &other).await),
        12 => drop(fs.truncate(&name, random.random_range(0..50)).await),
        _ => {
            let _ = match random.random_range(0..4) {
                0 => fs.create_directory(&directory).await,
                1 => fs.remove_directory(&directory).await,
                2 => fs.copy(&directory, &directory2).await,
                _ => fs.rename(&directory, &directory2).await,
            };
        }
    }
}

async fn restart(fixture: Fixture) -> Fixture {
    for root in ["/memory/alice", "/memory/folder"] {
        fixture.storages.memory(root).faults().clear();
    }
    let fixture =
        Remains { store: fixture.store.clone(), storages: fixture.storages.clone(), folder: fixture.folder }.start().await;
    // The ledger learns what is stored when the account is loaded.
    drop(fixture.session("alice").await);
    fixture
}

async fn run(seed: u64, faults: bool) {
    let mut random = StdRng::seed_from_u64(seed);
    let fixture = Fixture::with(|settings| settings.common.upload_mode = u32::try_from(seed % 3).expect("mode")).await;
    fixture.folder("folder", "/memory/folder").await;
    let mount = json!([{ "name": "folder", "virtual_path": "/v", "quota_size": 300, "quota_files": 0 }]);
    fixture.user("alice", json!({ "quota_size": 200, "quota_files": 8, "virtual_folders": mount })).await;
    let mut session = fixture.session("alice").await;
    session.fs().create_directory(&path("/d")).await.expect("directory");
    let mut open = Vec::new();
    for number in 0..150 {
        if faults && random.random_bool(0.15) {
            let root = if random.random_bool(0.7) { "/memory/alice" } else { "/memory/folder" };
            let call = CALLS[random.random_range(0..CALLS.len())];
            fixture.storages.memory(root).faults().fail(call, random.random_range(1..3), ErrorKind::Io);
        }
        if random.random_bool(0.02) {
            open.clear();
            drop(session);
            session = fixture.session("alice").await;
        }
        step(&session.fs(), &mut random, &mut open).await;
        let (own, folder) = (fixture.used("alice").await, fixture.used_by_folder("folder").await);
        assert!(own.size <= 200 && own.files <= 8 && folder.size <= 300, "seed {seed}, step {number}: {own:?} {folder:?}");
    }
    open.clear();
    fixture.quiet().await;
    // What could not be ended is left to the next start, and nothing else.
    let (partials, unfinished) = fixture.rows("alice").await;
    for root in ["/memory/alice", "/memory/folder"] {
        assert_eq!(fixture.storages.memory(root).faults().open_handles(), 0, "seed {seed}");
    }
    assert!(session.status().active_transfers.is_empty(), "seed {seed}");
    assert_eq!(unfinished, [], "seed {seed}");
    let fixture = if faults { restart(fixture).await } else { fixture };
    assert_eq!(fixture.used("alice").await, stored(&fixture, "/memory/alice"), "seed {seed}: {partials:?}");
    assert_eq!(fixture.used_by_folder("folder").await, stored(&fixture, "/memory/folder"), "seed {seed}: {partials:?}");
}

// Quota sum == disk
#[tokio::test]
async fn quota_is_the_sum_of_what_is_stored() {
    for seed in 0..60 {
        run(seed, false).await;
    }
}

#[tokio::test]
async fn quota_is_the_sum_of_what_is_stored_with_faults() {
    for seed in 1000..1060 {
        run(seed, true).await;
    }
}
