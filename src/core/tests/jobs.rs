//! Jobs, and operations that can be told to end.

use serde_json::json;

use super::{
    client::{names, path, put},
    fixture::Fixture,
};
use crate::{
    Error, Session,
    fs::{Named, Progress},
    jobs::{JobState, JobStatus, Work},
};

async fn with_tree(entries: usize) -> (Fixture, Session) {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    for number in 0..entries {
        put(&fs, &format!("/d/{number}"), b"123").await.expect("file");
    }
    (fixture, session)
}

async fn ended(session: &Session, id: &str) -> JobStatus {
    loop {
        let job = session.fs().job(id).expect("job");
        if job.state != JobState::Running {
            return job;
        }
        tokio::task::yield_now().await;
    }
}

fn copy(to: &str) -> Work {
    Work::Copy { from: path("/d"), to: path(to) }
}

// API-150
#[tokio::test]
async fn operations_tell_how_far_they_are_and_end_when_told() {
    let (_fixture, session) = with_tree(5).await;
    let fs = session.fs();
    let progress = Progress::default();
    copy("/e").run(&fs, &progress).await.expect("copied");
    assert_eq!((progress.entries(), progress.bytes()), (6, 15));
    let told = Progress::default();
    told.cancel();
    for work in [copy("/f"), Work::Remove(path("/e"))] {
        assert_eq!(work.run(&fs, &told).await.err(), Some(Error::Cancelled), "{work:?}");
    }
    assert_eq!(told.entries(), 0);
    assert_eq!(names(&fs, "/").await.expect("list"), ["d", "e"]);
    let removal = Progress::default();
    Work::Remove(path("/e")).run(&fs, &removal).await.expect("removed");
    assert_eq!(removal.entries(), 6);
    let rename = Progress::default();
    Work::Move { from: path("/d"), to: path("/g") }.run(&fs, &rename).await.expect("moved");
    assert_eq!((rename.entries(), names(&fs, "/").await.expect("list")), (1, vec!["g".to_owned()]));
}

// API-149: between two storages everything is copied, then removed.
#[tokio::test]
async fn cancelled_move_between_storages_leaves_the_source() {
    let fixture = Fixture::new().await;
    fixture.folder("one", "/memory/one").await;
    fixture.user("alice", json!({ "virtual_folders": [{ "name": "one", "virtual_path": "/v" }] })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    put(&fs, "/f", b"12345").await.expect("file");
    let told = Progress::default();
    told.cancel();
    let work = Work::Move { from: path("/f"), to: path("/v/f") };
    assert_eq!(work.run(&fs, &told).await.err(), Some(Error::Cancelled));
    assert_eq!((names(&fs, "/v").await.expect("list").len(), names(&fs, "/").await.expect("list").len()), (0, 2));
    let progress = Progress::default();
    work.run(&fs, &progress).await.expect("moved");
    assert_eq!((progress.entries(), progress.bytes()), (1, 5));
    assert_eq!(names(&fs, "/v").await.expect("list"), ["f"]);
}

// API-150
#[tokio::test]
async fn job_outlives_its_caller_and_is_remembered_for_a_while() {
    let (fixture, session) = with_tree(3).await;
    let fs = session.fs();
    let job = fs.start_job(copy("/e")).expect("started");
    assert_eq!((job.state, job.ended_at), (JobState::Running, None));
    let job = ended(&session, &job.id).await;
    assert_eq!((job.state, job.entries, job.bytes), (JobState::Done, 4, 9));
    let failing = fs.start_job(copy("/d/inside")).expect("started");
    assert_eq!(ended(&session, &failing.id).await.state, JobState::Failed(Error::Unsupported));
    assert_eq!(fs.jobs().len(), 2);
    assert_eq!(fs.cancel_job(&failing.id), Ok(()));
    assert_eq!(fs.cancel_job("other"), Err(Error::NotFound));
    fixture.clock.advance_millis(16 * 60 * 1000);
    assert!(fs.jobs().is_empty() && fs.job(&job.id).is_err());
}

#[tokio::test]
async fn an_account_has_few_jobs_at_once() {
    let (_fixture, session) = with_tree(50).await;
    let fs = session.fs();
    let started: Vec<JobStatus> = (0..4).map(|number| fs.start_job(copy(&format!("/e{number}"))).expect("started")).collect();
    assert_eq!(fs.start_job(copy("/f")).err(), Some(Error::TooMany));
    started.iter().for_each(|job| fs.cancel_job(&job.id).expect("cancelled"));
    for job in &started {
        let job = ended(&session, &job.id).await;
        assert_eq!(job.state, JobState::Cancelled);
        assert!(job.entries < 51);
    }
    assert!(fs.start_job(copy("/f")).is_ok());
}

// API-148
#[tokio::test]
async fn copies_go_where_cp_puts_them() {
    let (_fixture, session) = with_tree(1).await;
    let fs = session.fs();
    fs.create_directory(&path("/into")).await.expect("directory");
    put(&fs, "/f", b"1").await.expect("file");
    let named = |text: &str| Named::parse(&fs, text.as_bytes()).expect("path");
    for (from, to, wanted) in [
        ("/f", "/new", "/new"),
        ("/f", "/new/", "/new/f"),
        ("/f", "/into", "/into/f"),
        ("/f/", "/into", "/into/f"),
        ("/d", "/into", "/into/d"),
        ("/d/", "/into", "/into"),
        ("/d/", "/new/", "/new"),
        ("/d", "/new", "/new"),
    ] {
        assert_eq!(fs.copy_target(&named(from), &named(to)).await, Ok(path(wanted)), "{from} to {to}");
    }
    for (from, to) in [("/f", "/f"), ("/f", "/"), ("/d", "/d"), ("/d", "/d/x"), ("/d/", "/d/x"), ("/", "/d")] {
        assert_eq!(fs.copy_target(&named(from), &named(to)).await, Err(Error::Unsupported), "{from} to {to}");
    }
    assert_eq!(fs.copy_target(&named("/missing"), &named("/x")).await, Err(Error::NotFound));
}
