//! Partials: unfinished uploads, seen by their owner, resumed by whoever he is over any protocol.

use bytes::Bytes;
use entrepot_storage::{ErrorKind, memory::Operation};
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, give_up, names, path, put, size, usage},
    fixture::Fixture,
};
use crate::{
    Denial, Error, OpenWrite,
    admin::{AdminSession, users},
};

async fn partial(data: &[u8]) -> Fixture {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    session.fs().create_directory(&path("/d")).await.expect("directory");
    give_up(&session.fs(), "/d/f", data).await;
    drop(session);
    fixture.settled().await;
    fixture
}

#[tokio::test]
async fn dropped_upload_is_a_partial_that_its_owner_sees_and_nobody_lists() {
    let fixture = partial(b"0123").await;
    fixture.user("bob", json!({ "home_dir": "/memory/alice" })).await;
    let fs = fixture.session("alice").await.fs();
    assert_eq!(fs.stat(&path("/d/f"), true).await.err(), Some(Error::Cancelled), "that session is over already");
    let session = fixture.session("alice").await;
    let fs = session.fs();
    assert_eq!(size(&fs, "/d/f").await, Some(4));
    assert_eq!(names(&fs, "/d").await.expect("list"), Vec::<String>::new());
    assert_eq!(get(&fs, "/d/f").await.err(), Some(Error::NotFound));
    let bob = fixture.session("bob").await;
    assert_eq!(size(&bob.fs(), "/d/f").await, None);
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(fixture.actions().await.last(), Some(&("upload".to_owned(), "/d/f".to_owned(), 2)));
}

#[tokio::test]
async fn partial_is_gone_on_with_and_charged_once() {
    let fixture = partial(b"0123").await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/d/f"), RESUME).await.expect("resume");
    assert_eq!(upload.size(), 4);
    upload.write_at(4, Bytes::from_static(b"4567")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(get(&fs, "/d/f").await.expect("read"), b"01234567");
    assert_eq!(fixture.used("alice").await, usage(1, 8));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert_eq!(fixture.memory("alice").paths().len(), 2);
}

#[tokio::test]
async fn resumed_upload_that_breaks_again_is_a_longer_partial() {
    let fixture = partial(b"0123").await;
    let session = fixture.session("alice").await;
    let upload = session.fs().open_write(&path("/d/f"), RESUME).await.expect("resume");
    upload.write_at(4, Bytes::from_static(b"45")).await.expect("write");
    drop(upload);
    fixture.settled().await;
    assert_eq!(size(&session.fs(), "/d/f").await, Some(6));
    assert_eq!(fixture.used("alice").await, usage(1, 6));
    assert_eq!(fixture.rows("alice").await.0.len(), 1);
}

#[tokio::test]
async fn truncating_open_starts_over() {
    let fixture = partial(b"0123").await;
    let session = fixture.session("alice").await;
    let upload = session.fs().open_write(&path("/d/f"), PUT).await.expect("open");
    assert_eq!(upload.size(), 0);
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    drop(upload);
    fixture.settled().await;
    assert_eq!(size(&session.fs(), "/d/f").await, None);
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert_eq!(fixture.memory("alice").paths(), [b"/d".to_vec()]);
}

// A resume that comes while the upload is being given up waits for its end.
#[tokio::test]
async fn resume_and_stat_wait_for_the_end_of_the_upload_before() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    give_up(&fs, "/f", b"0123").await;
    assert_eq!(size(&fs, "/f").await, Some(4));
    give_up(&fs, "/g", b"0123").await;
    let upload = fs.open_write(&path("/g"), RESUME).await.expect("resume");
    assert_eq!(upload.size(), 4);
    drop(upload);
    fixture.settled().await;
}

#[tokio::test]
async fn known_size_reserves_only_what_is_missing() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 10 })).await;
    let fs = session.fs();
    give_up(&fs, "/f", b"01234567").await;
    fixture.settled().await;
    let open = OpenWrite { size: Some(10), ..RESUME };
    let upload = fs.open_write(&path("/f"), open).await.expect("two more fit");
    upload.write_at(8, Bytes::from_static(b"89")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(1, 10));
}

#[tokio::test]
async fn without_create_a_partial_can_be_gone_on_with_and_nothing_made() {
    let fixture = partial(b"0123").await;
    let session = fixture.session("alice").await;
    let open = OpenWrite { create: false, ..RESUME };
    assert_eq!(session.fs().open_write(&path("/d/g"), open).await.err(), Some(Error::NotFound));
    let upload = session.fs().open_write(&path("/d/f"), open).await.expect("resume");
    assert_eq!(upload.size(), 4);
    upload.commit().await.expect("commit");
    assert_eq!(size(&session.fs(), "/d/f").await, Some(4));
}

#[tokio::test]
async fn removing_a_partial_gives_its_room_back() {
    let fixture = partial(b"0123").await;
    let session = fixture.session("alice").await;
    session.fs().remove_file(&path("/d/f")).await.expect("removed");
    assert_eq!(size(&session.fs(), "/d/f").await, None);
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert_eq!(session.fs().remove_file(&path("/d/f")).await.err(), Some(Error::NotFound));
}

#[tokio::test]
async fn directory_with_nothing_but_partials_is_empty() {
    let fixture = partial(b"0123").await;
    fixture.user("bob", json!({ "home_dir": "/memory/alice", "quota_size": 100 })).await;
    let session = fixture.session("alice").await;
    session.fs().remove_directory(&path("/d")).await.expect("removed");
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert_eq!(fixture.memory("alice").paths(), Vec::<Vec<u8>>::new());
    session.fs().create_directory(&path("/d")).await.expect("directory");
    give_up(&session.fs(), "/d/f", b"01").await;
    put(&session.fs(), "/d/real", b"x").await.expect("file");
    fixture.settled().await;
    assert_eq!(session.fs().remove_directory(&path("/d")).await.err(), Some(Error::NotEmpty));
    assert_eq!(size(&session.fs(), "/d/f").await, Some(2), "a refused removal removes nothing");
}

#[tokio::test]
async fn partials_go_with_a_directory_that_is_renamed() {
    let fixture = partial(b"0123").await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    fs.rename(&path("/d"), &path("/e")).await.expect("renamed");
    assert_eq!(size(&fs, "/e/f").await, Some(4));
    let upload = fs.open_write(&path("/e/f"), RESUME).await.expect("resume");
    assert_eq!(upload.size(), 4);
    upload.commit().await.expect("commit");
    assert_eq!(fixture.memory("alice").paths(), [b"/e".to_vec(), b"/e/f".to_vec()]);
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// Somebody was at the storage: what is there counts, not what was noted.
#[tokio::test]
async fn partial_is_what_the_storage_has() {
    let fixture = partial(b"0123456789").await;
    let memory = fixture.memory("alice");
    let hidden = memory.paths().into_iter().find(|name| name.starts_with(b"/d/.")).expect("hidden file");
    memory.put(&path(&String::from_utf8_lossy(&hidden)), b"01234");
    let session = fixture.session("alice").await;
    assert_eq!(size(&session.fs(), "/d/f").await, Some(5));
    let upload = session.fs().open_write(&path("/d/f"), RESUME).await.expect("resume");
    assert_eq!(upload.size(), 5);
    upload.write_at(5, Bytes::from_static(b"5")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(get(&session.fs(), "/d/f").await.expect("read"), b"012345");
    assert_eq!(fixture.used("alice").await, usage(1, 6));
}

#[tokio::test]
async fn partial_that_vanished_is_charged_no_more() {
    let fixture = partial(b"0123456789").await;
    let memory = fixture.memory("alice");
    let hidden = memory.paths().into_iter().find(|name| name.starts_with(b"/d/.")).expect("hidden file");
    {
        use entrepot_storage::Backend;
        memory.remove_file(&path(&String::from_utf8_lossy(&hidden))).await.expect("removed");
    }
    let session = fixture.session("alice").await;
    let upload = session.fs().open_write(&path("/d/f"), RESUME).await.expect("open");
    assert_eq!(upload.size(), 0);
    upload.write_at(0, Bytes::from_static(b"new")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(1, 3));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// A resume that fails leaves the partial as it was.
#[tokio::test]
async fn resume_that_fails_keeps_the_partial() {
    let fixture = partial(b"0123").await;
    let session = fixture.session("alice").await;
    fixture.memory("alice").faults().fail(Operation::Stage, 1, ErrorKind::Io);
    let failed = session.fs().open_write(&path("/d/f"), RESUME).await;
    assert!(matches!(failed.err(), Some(Error::Io(_))));
    assert_eq!(size(&session.fs(), "/d/f").await, Some(4));
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert!(session.status().active_transfers.is_empty());
}

#[tokio::test]
async fn partials_that_nobody_went_on_with_expire() {
    let fixture = partial(b"0123").await;
    crate::transfer::partials::expire_now(&fixture.core).await;
    assert_eq!(fixture.used("alice").await, usage(1, 4), "it is young");
    fixture.clock.advance_millis(169 * 3_600_000);
    fixture.memory("alice").faults().fail(Operation::Partial, 1, ErrorKind::Io);
    crate::transfer::partials::expire_now(&fixture.core).await;
    assert_eq!(fixture.rows("alice").await.0.len(), 1, "the storage was away");
    crate::transfer::partials::expire_now(&fixture.core).await;
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert_eq!(fixture.memory("alice").paths(), [b"/d".to_vec()]);
}

#[tokio::test]
async fn rows_of_a_user_who_is_gone_expire_too() {
    let fixture = partial(b"0123").await;
    fixture.store.users().delete("alice").await.expect("deleted");
    fixture.core.0.accounts.invalidate("alice");
    fixture.clock.advance_millis(169 * 3_600_000);
    crate::transfer::partials::expire_now(&fixture.core).await;
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// ACC-067, QTA-009: nobody has its folder mounted any more, and it does not stay there for ever.
#[tokio::test]
async fn partial_in_a_folder_that_is_nobodys_any_more_goes_and_the_folder_is_counted_anew() {
    let fixture = Fixture::new().await;
    fixture.folder("shared", "/memory/shared").await;
    let mount = json!([{ "name": "shared", "virtual_path": "/shared", "quota_size": 0, "quota_files": 0 }]);
    fixture.user("alice", json!({ "virtual_folders": mount })).await;
    let session = fixture.session("alice").await;
    put(&session.fs(), "/shared/kept", b"kept").await.expect("put");
    give_up(&session.fs(), "/shared/begun", b"0123").await;
    fixture.settled().await;
    drop(session);
    assert_eq!(fixture.used_by_folder("shared").await, usage(2, 8));
    fixture.store.users().delete("alice").await.expect("deleted");
    fixture.core.0.accounts.invalidate("alice");
    fixture.clock.advance_millis(169 * 3_600_000);
    let shared = fixture.storages.memory("/memory/shared");
    shared.faults().fail(Operation::Partial, 1, ErrorKind::Io);
    crate::transfer::partials::expire_now(&fixture.core).await;
    assert_eq!(fixture.rows("alice").await.0.len(), 1, "the storage was away");
    crate::transfer::partials::expire_now(&fixture.core).await;
    fixture.quiet().await;
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert_eq!(shared.paths(), [b"/kept".to_vec()]);
    assert_eq!(fixture.used_by_folder("shared").await, usage(1, 4));
}

// API-205
#[tokio::test]
async fn upload_that_is_discarded_leaves_nothing_to_go_on_with() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    put(&fs, "/f", b"before").await.expect("put");
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"after")).await.expect("write");
    upload.discard(Denial::new("lock", "locked meanwhile")).await;
    assert_eq!(fixture.memory("alice").paths(), [b"/f".to_vec()]);
    assert_eq!(get(&fs, "/f").await.expect("read"), b"before");
    assert_eq!((fixture.rows("alice").await, fixture.used("alice").await), ((vec![], vec![]), usage(1, 6)));
    let actions = fixture.actions().await;
    assert!(actions.iter().any(|(action, _, status)| action == "upload" && *status != 1), "{actions:?}");
}

// ACC-067
#[tokio::test]
async fn what_a_deleted_user_left_unfinished_goes_with_it_and_its_files_stay() {
    let fixture = Fixture::new().await;
    fixture.folder("shared", "/memory/shared").await;
    let mount = json!([{ "name": "shared", "virtual_path": "/shared", "quota_size": 0, "quota_files": 0 }]);
    for name in ["alice", "bob"] {
        fixture.user(name, json!({ "virtual_folders": mount, "quota_size": 1000 })).await;
    }
    let session = fixture.session("alice").await;
    let fs = session.fs();
    put(&fs, "/kept", b"file").await.expect("put");
    give_up(&fs, "/begun", b"0123").await;
    give_up(&fs, "/shared/begun", b"0123").await;
    let bob = fixture.session("bob").await;
    give_up(&bob.fs(), "/shared/of-bob", b"01").await;
    fixture.settled().await;
    // One that runs while its user is deleted.
    let running = fs.open_write(&path("/running"), PUT).await.expect("open");
    running.write_at(0, Bytes::from_static(b"01")).await.expect("write");
    assert_eq!(fixture.rows("alice").await.0.len(), 2);
    users::delete(&fixture.core, &AdminSession::system(), "alice").await.expect("deleted");
    drop((running, session));
    fixture.quiet().await;
    assert_eq!(fixture.memory("alice").paths(), [b"/kept".to_vec()]);
    let left = fixture.storages.memory("/memory/shared").paths();
    assert_eq!(left.len(), 1, "that of another user stays: {left:?}");
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert_eq!(fixture.rows("bob").await.0.len(), 1);
    let folder = fixture.store.folders().get("shared").await.expect("read").expect("folder");
    assert_eq!((folder.used_quota_files, folder.used_quota_size), (1, 2), "the folder counts what is left");
    // Whoever gets the name next begins with nothing.
    fixture.user("alice", json!({ "quota_size": 1000 })).await;
    let session = fixture.session("alice").await;
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert_eq!(size(&session.fs(), "/begun").await, None);
}

// The storage cannot end it: what lies there is a partial, so that it is charged, found and expired.
#[tokio::test]
async fn upload_that_cannot_be_ended_is_a_partial() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    fixture.memory("alice").faults().fail(Operation::Abandon, 1, ErrorKind::Io);
    give_up(&session.fs(), "/f", b"0123").await;
    fixture.settled().await;
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(fixture.rows("alice").await.1, []);
    session.fs().remove_file(&path("/f")).await.expect("removed");
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert_eq!(fixture.memory("alice").paths(), Vec::<Vec<u8>>::new());
}
