//! Moves between storages while others use what is moved: what they were told is stored survives.

use std::time::Duration;

use bytes::Bytes;
use entrepot_storage::{ErrorKind, memory::Operation};
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, names, path, put, size, usage},
    fixture::Fixture,
};
use crate::{Error, Session, UserFs, place::Place};

type Result = crate::Result<()>;

/// A home with a directory, and a folder at `/v`, on two storages.
async fn house() -> (Fixture, Session) {
    let fixture = Fixture::new().await;
    fixture.folder("other", "/memory/other").await;
    let mount = json!({ "quota_size": 100, "virtual_folders": [{ "name": "other", "virtual_path": "/v" }] });
    fixture.user("alice", mount).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    put(&fs, "/d/a", b"12345").await.expect("file");
    put(&fs, "/d/b", b"123").await.expect("file");
    (fixture, session)
}

/// Moves, and does `meanwhile` when the copy that shall be called `held` is complete and has no name yet.
async fn moved(
    fixture: &Fixture,
    fs: &UserFs,
    (from, to): (&str, &str),
    held: &str,
    meanwhile: impl Future<Output = ()>,
) -> Result {
    let place = Place::of(&fs.session().account.user, &path(held));
    let turn = fixture.core.0.names.turn(fs.session(), &place).await;
    let reads = |fixture: &Fixture| fixture.memory("alice").faults().calls(Operation::Read);
    let (before, data) = (reads(fixture), if from == "/d" { 4 } else { 2 });
    let (mover, from, to) = (fs.clone(), path(from), path(to));
    let moving = fixture.core.tasks().spawn(async move { mover.rename(&from, &to).await });
    while reads(fixture) < before + data {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    meanwhile.await;
    drop(turn);
    moving.await.expect("task")
}

/// Refused, with the file that is in the way and what to do about it.
#[track_caller]
fn in_the_way(result: Result, file: &str, cure: &str) {
    let Err(Error::Conflict(message)) = result else { panic!("{result:?}") };
    assert!(message.starts_with(file) && message.contains(cure), "{message}");
}

#[track_caller]
fn conflict(result: Result) {
    assert!(matches!(&result, Err(Error::Conflict(_))), "{result:?}");
}

// XFS-002: a file is replaced while it is copied.
#[tokio::test]
async fn file_that_is_uploaded_again_while_it_moves_stays() {
    let (fixture, session) = house().await;
    let fs = session.fs();
    let again = async {
        put(&fs, "/d/a", b"new").await.expect("acknowledged");
    };
    conflict(moved(&fixture, &fs, ("/d/a", "/v/a"), "/v/a", again).await);
    assert_eq!(get(&fs, "/d/a").await.expect("read"), b"new");
    assert_eq!(names(&fs, "/v").await.expect("list"), Vec::<String>::new());
    assert_eq!((fixture.used("alice").await, fixture.used_by_folder("other").await), (usage(2, 6), usage(0, 0)));
    fs.rename(&path("/d/a"), &path("/v/a")).await.expect("moved");
    assert_eq!(get(&fs, "/v/a").await.expect("read"), b"new");
}

// XFS-002: changed in place by a handle that was opened meanwhile, or one that is open.
#[tokio::test]
async fn file_that_is_changed_in_place_while_it_moves_stays() {
    let (fixture, session) = house().await;
    let fs = session.fs();
    let change = async {
        let upload = fs.open_write(&path("/d/a"), RESUME).await.expect("open");
        upload.write_at(0, Bytes::from_static(b"xx")).await.expect("acknowledged");
        upload.commit().await.expect("commit");
    };
    conflict(moved(&fixture, &fs, ("/d/a", "/v/a"), "/v/a", change).await);
    assert_eq!(get(&fs, "/d/a").await.expect("read"), b"xx345");
    let mut open = None;
    let opening = async { open = Some(fs.open_write(&path("/d/a"), RESUME).await.expect("open")) };
    conflict(moved(&fixture, &fs, ("/d/a", "/v/a"), "/v/a", opening).await);
    in_the_way(fs.rename(&path("/d/a"), &path("/v/a")).await, "/d/a ", "when it is closed");
    in_the_way(fs.rename(&path("/d"), &path("/v/d")).await, "/d/a ", "when it is closed");
    open.expect("opened").commit().await.expect("commit");
    assert_eq!(names(&fs, "/v").await.expect("list"), Vec::<String>::new());
}

// XFS-002: of a directory nothing goes if anything in it is another file than was copied, or came later.
#[tokio::test]
async fn directory_in_which_something_changes_while_it_moves_stays() {
    for (name, all) in [("/d/a", vec!["a", "b"]), ("/d/c", vec!["a", "b", "c"])] {
        let (fixture, session) = house().await;
        let fs = session.fs();
        let change = async {
            put(&fs, name, b"new").await.expect("acknowledged");
        };
        conflict(moved(&fixture, &fs, ("/d", "/v/d"), "/v/d/b", change).await);
        assert_eq!(get(&fs, name).await.expect("read"), b"new");
        assert_eq!(names(&fs, "/d").await.expect("list"), all);
        assert_eq!(names(&fs, "/v").await.expect("list"), Vec::<String>::new());
        assert_eq!(fixture.used_by_folder("other").await, usage(0, 0));
    }
}

// XFS-002: what was uploaded over a copy is not removed with it when the move is given up.
#[tokio::test]
async fn upload_over_a_copy_outlives_a_move_that_fails() {
    let (fixture, session) = house().await;
    let fs = session.fs();
    let both = async {
        put(&fs, "/v/d/a", b"over it").await.expect("acknowledged");
        put(&fs, "/d/c", b"new").await.expect("acknowledged");
    };
    conflict(moved(&fixture, &fs, ("/d", "/v/d"), "/v/d/b", both).await);
    assert_eq!(names(&fs, "/v/d").await.expect("list"), ["a"]);
    assert_eq!(get(&fs, "/v/d/a").await.expect("read"), b"over it");
    assert_eq!(fixture.used_by_folder("other").await, usage(1, 7));
}

// XFS-002: an upload that runs, or that can be gone on with, belongs to the directory where it was begun.
#[tokio::test]
async fn directory_with_an_unfinished_upload_stays() {
    let (fixture, session) = house().await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/d/c"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123")).await.expect("write");
    in_the_way(fs.rename(&path("/d"), &path("/v/d")).await, "/d/c ", "when that has ended");
    drop(upload);
    fixture.settled().await;
    in_the_way(fs.rename(&path("/d"), &path("/v/d")).await, "/d/c ", "finish it, or delete it");
    assert_eq!(names(&fs, "/d").await.expect("list"), ["a", "b"]);
    assert_eq!(size(&fs, "/d/c").await, Some(4), "it can be gone on with");
    fs.remove_file(&path("/d/c")).await.expect("deleted by its name");
    fs.rename(&path("/d"), &path("/v/d")).await.expect("moved");
}

// XFS-002: the copy fails, and what was made for it cannot be removed again. That is recorded, though nothing of it counts.
#[tokio::test]
async fn what_a_failed_move_leaves_at_the_target_is_told() {
    let (fixture, session) = house().await;
    let fs = session.fs();
    let other = fixture.storages.memory("/memory/other");
    other.faults().fail(Operation::Commit, 1, ErrorKind::NoSpace);
    other.faults().fail(Operation::Remove, 1, ErrorKind::Io);
    assert_eq!(fs.rename(&path("/d"), &path("/v/d")).await.err(), Some(Error::NoSpace));
    assert_eq!(names(&fs, "/v").await.expect("list"), ["d"]);
    assert_eq!(fixture.actions().await.pop(), Some(("rename".to_owned(), "/d".to_owned(), 2)));
}

// XFS-002: the copy has its name, and what comes after that fails.
#[tokio::test]
async fn copy_that_got_its_name_though_its_commit_failed_is_seen() {
    let (fixture, session) = house().await;
    let fs = session.fs();
    let other = fixture.storages.memory("/memory/other");
    other.faults().fail(Operation::Named, 2, ErrorKind::Io);
    assert!(matches!(fs.rename(&path("/d"), &path("/v/d")).await, Err(Error::Io(_))));
    assert_eq!(other.paths(), Vec::<Vec<u8>>::new());
    assert_eq!((fixture.used("alice").await, fixture.used_by_folder("other").await), (usage(2, 8), usage(0, 0)));
    other.faults().fail(Operation::Named, 1, ErrorKind::Io);
    assert!(matches!(fs.copy(&path("/d/a"), &path("/v/a")).await, Err(Error::Io(_))));
    assert_eq!(
        (names(&fs, "/v").await.expect("list"), fixture.used_by_folder("other").await),
        (vec!["a".to_owned()], usage(1, 5))
    );
}
