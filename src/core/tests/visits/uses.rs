//! How the uses of a share are counted: once for what came of them, also over the end of the process.

use bytes::Bytes;
use serde_json::json;

use super::{ID, house, read, refused};
use crate::{
    shares::VisitError,
    tests::{
        client::{PUT, names, path},
        fixture::{Fixture, Remains},
    },
};

async fn used(fixture: &Fixture) -> i64 {
    fixture.quiet().await;
    fixture.store.shares().get(ID).await.expect("get").expect("share").used_tokens
}

// API-190, API-192
#[tokio::test]
async fn uses_are_counted_and_given_back() {
    let fixture = house(json!({}), json!({"max_tokens": 5})).await;
    let visit = read(&fixture).await.expect("in");
    let used = async || {
        fixture.quiet().await;
        fixture.store.shares().get(ID).await.expect("get").expect("share").used_tokens
    };
    visit.spend(1).await.expect("one").keep();
    assert_eq!(used().await, 1);
    drop(visit.spend(3).await.expect("three"));
    assert_eq!(used().await, 1);
    assert_eq!(visit.spend(5).await.err(), Some(VisitError::UsedUp));
    visit.spend(4).await.expect("four").keep();
    assert_eq!(used().await, 5);
    refused(read(&fixture).await, &VisitError::UsedUp);
}

// API-182, API-190: as many as there are, however many ask at once.
#[tokio::test(flavor = "multi_thread")]
async fn no_more_uses_than_there_are() {
    let fixture = house(json!({}), json!({"max_tokens": 7})).await;
    let visit = std::sync::Arc::new(read(&fixture).await.expect("in"));
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let visit = visit.clone();
        tries.spawn(async move { visit.spend(1).await.map(crate::shares::Uses::keep).is_ok() });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|used| *used).count(), 7);
}

// API-190: the one that was broken off gives its use back, with what is settled of it.
#[tokio::test]
async fn uploads_of_a_visit_hold_a_use_each() {
    let fixture = house(json!({}), json!({"max_tokens": 5})).await;
    let visit = read(&fixture).await.expect("in");
    let fs = visit.fs();
    let uses = visit.spend(2).await.expect("two");
    let (kept, broken) = (path("/in/kept"), path("/in/broken"));
    let (kept, broken) = (fs.open_write(&kept, PUT).await.expect("open"), fs.open_write(&broken, PUT).await.expect("open"));
    assert_eq!(used(&fixture).await, 2);
    let rows = fixture.rows("alice").await.1;
    assert_eq!(rows.iter().filter(|row| row.share.as_deref() == Some(ID)).count(), 2, "{rows:?}");
    kept.commit().await.expect("commit");
    drop((broken, uses));
    assert_eq!(used(&fixture).await, 1);
    assert_eq!(names(&fs, "/in").await.expect("list"), ["f", "kept"]);
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// API-190: the visitor had gone, and the process ended before that was settled.
#[tokio::test]
async fn a_use_is_given_back_once_over_the_end_of_the_process() {
    let fixture = house(json!({}), json!({"max_tokens": 5})).await;
    let visit = read(&fixture).await.expect("in");
    visit.spend(1).await.expect("one").keep();
    let uses = visit.spend(1).await.expect("one");
    let upload = visit.fs().open_write(&path("/in/new"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"half")).await.expect("write");
    std::mem::forget(upload);
    drop(uses);
    fixture.quiet().await;
    let (store, storages) = (fixture.store.clone(), fixture.storages.clone());
    let again = Remains { store, storages, ..Remains::new() }.start().await;
    assert_eq!(used(&again).await, 1, "that of what was kept");
    assert_eq!(again.rows("alice").await, (vec![], vec![]));
}
