//! Somebody renames while paths are resolved.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Subject, confinement::both_ways, get, local, path, staging};
use crate::local::Resolution;

/// Rounds of each test: enough to meet the moment many times, few enough to end soon.
const ROUNDS: usize = 3000;
/// Rounds after which a moment that was never met counts as impossible.
const MOST_ROUNDS: usize = 1_000_000;

both_ways!(directory_swapped_for_a_link_leads_nowhere, upload_into_a_swapped_directory_stays_inside);

/// Swaps `root/dir` between a directory and a link to the outside, until it is told to stop.
fn swap(root: &Path, stop: &AtomicBool) {
    let (dir, aside, link) = (root.join("dir"), root.join("aside"), root.join("link"));
    while !stop.load(Ordering::Relaxed) {
        fs::rename(&dir, &aside).expect("move the directory away");
        symlink("../outside", &link).expect("link");
        fs::rename(&link, &dir).expect("put the link in its place");
        fs::remove_file(&dir).expect("remove the link");
        fs::rename(&aside, &dir).expect("put the directory back");
    }
}

/// Makes `root/dir` and `outside`, each with a file of the same name.
fn scene(subject: &Subject) {
    for (folder, content) in [("root/dir", "inside"), ("outside", "outside")] {
        let folder = subject.folder.path().join(folder);
        fs::create_dir(&folder).expect("directory");
        fs::write(folder.join("file"), content).expect("write");
    }
}

/// Calls `meanwhile` while another thread swaps, until it has met both a success (`true`) and a refusal, and then some.
async fn while_swapping(subject: &Subject, mut meanwhile: impl AsyncFnMut(usize) -> bool) {
    scene(subject);
    let stop = Arc::new(AtomicBool::new(false));
    let swapper = {
        let (root, stop) = (subject.root(), Arc::clone(&stop));
        std::thread::spawn(move || swap(&root, &stop))
    };
    let (mut succeeded, mut refused, mut round) = (0, 0, 0);
    while round < ROUNDS || (round < MOST_ROUNDS && (succeeded == 0 || refused == 0)) {
        if meanwhile(round).await {
            succeeded += 1
        } else {
            refused += 1
        }
        round += 1;
        // On a busy machine the other thread may wait for its turn.
        std::thread::yield_now();
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().expect("the swapping thread");
    // Both must have happened, or the test has shown nothing.
    assert!(succeeded > 0 && refused > 0, "{succeeded} succeeded, {refused} refused");
}

// LOC-004
async fn directory_swapped_for_a_link_leads_nowhere(subject: &Subject) {
    let backend = &*subject.backend;
    while_swapping(subject, async |_| match get(backend, "/dir/file").await {
        Ok(content) => {
            assert_eq!(content, b"inside");
            true
        }
        Err(_) => false,
    })
    .await;
}

// LOC-004
async fn upload_into_a_swapped_directory_stays_inside(subject: &Subject) {
    let backend = &*subject.backend;
    while_swapping(subject, async |round| {
        let target = path(format!("/dir/new{}", round % 10));
        let Ok(file) = backend.stage(&target, staging(&format!("race-{round}"))).await else { return false };
        let committed = file.commit(&target, super::replacing()).await.is_ok();
        file.abandon(false).await.expect("abandon");
        committed
    })
    .await;
    let outside: Vec<_> = fs::read_dir(subject.folder.path().join("outside")).expect("list").collect();
    assert_eq!(outside.len(), 1);
}
