//! Stopping one transfer, and a rate for one session.

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, get, path, put, rule, size, usage},
    fixture::Fixture,
};
use crate::{
    Error, OpenWrite,
    admin::{
        AdminSession,
        connections::{self, LiveTransfer},
    },
};

fn system() -> AdminSession {
    AdminSession::system()
}

fn transfers(fixture: &Fixture) -> Vec<LiveTransfer> {
    let open = connections::live(&fixture.core, &system()).expect("sessions");
    open.into_iter().flat_map(|session| session.transfers).collect()
}

async fn stop(fixture: &Fixture, id: u64) {
    connections::stop(&fixture.core, &system(), id).await.expect("stopped");
}

// UI-240: a stopped upload leaves no short file under its name, whatever its client does; the session goes on.
#[tokio::test]
async fn stopped_upload_leaves_nothing_under_its_name() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    put(&fs, "/kept", b"old").await.expect("file");
    let new = fs.open_write(&path("/new"), PUT).await.expect("open");
    let replacing = fs.open_write(&path("/kept"), PUT).await.expect("open");
    let other = fs.open_write(&path("/other"), PUT).await.expect("open");
    for upload in [&new, &replacing, &other] {
        upload.write_at(0, Bytes::from_static(b"short")).await.expect("write");
    }
    for transfer in transfers(&fixture).iter().filter(|transfer| transfer.path != "/other") {
        stop(&fixture, transfer.id).await;
    }
    assert_eq!(rule(&new.write_at(5, Bytes::from_static(b"more")).await), Some("stopped"));
    assert_eq!(rule(&new.commit().await.map(drop)), Some("stopped"));
    assert_eq!(rule(&replacing.commit().await.map(drop)), Some("stopped"), "even without another write");
    other.commit().await.expect("the others go on");
    assert_eq!((size(&fs, "/new").await, size(&fs, "/kept").await, size(&fs, "/other").await), (None, Some(3), Some(5)));
    fixture.settled().await;
    assert_eq!(fixture.used("alice").await, usage(2, 8));
    assert_eq!(fixture.memory("alice").paths().len(), 2, "nothing hidden is left");
    let told = format!("denied by stopped: {}", system().username());
    let events = fixture.events().await;
    let stopped: Vec<_> = events.iter().filter(|event| event.ssh_cmd == told).collect();
    assert_eq!(stopped.len(), 2, "{events:?}");
    assert!(stopped.iter().all(|event| event.action == "upload" && event.status == 2));
}

// A client that sends nothing more does not keep what was stopped.
#[tokio::test]
async fn stopped_upload_ends_without_its_client() {
    let (fixture, session) = Fixture::alice(json!({ "max_sessions": 1 })).await;
    let fs = session.fs();
    let stalled = fs.open_write(&path("/f"), PUT).await.expect("open");
    stalled.write_at(0, Bytes::from_static(b"data")).await.expect("write");
    stop(&fixture, transfers(&fixture)[0].id).await;
    assert!(fixture.memory("alice").paths().is_empty() && transfers(&fixture).is_empty());
    put(&fs, "/g", b"x").await.expect("its place is free");
    drop(stalled);
}

#[tokio::test]
async fn stopped_download_reads_no_more() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    put(&fs, "/f", b"0123456789").await.expect("file");
    let download = fs.open_read(&path("/f")).await.expect("open");
    download.read_at(0, 4).await.expect("read");
    let [transfer] = &transfers(&fixture)[..] else { panic!("one transfer") };
    assert_eq!((transfer.bytes, transfer.size, transfer.percent()), (4, Some(10), Some(40)));
    stop(&fixture, transfer.id).await;
    assert!(transfers(&fixture).is_empty());
    assert_eq!(rule(&download.read_at(4, 4).await), Some("stopped"));
    assert_eq!(rule(&download.try_read_at(4, &mut [0; 4])), Some("stopped"));
    drop(download);
    fixture.settled().await;
    let told = format!("denied by stopped: {}", system().username());
    assert!(fixture.events().await.iter().any(|event| event.action == "download" && event.ssh_cmd == told));
    assert_eq!(get(&fs, "/f").await.expect("the session goes on"), b"0123456789");
}

// UI-242
#[tokio::test]
async fn what_is_known_of_a_transfer_is_told() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    let known = fs.open_write(&path("/known"), OpenWrite { size: Some(1000), ..PUT }).await.expect("open");
    let unknown = fs.open_write(&path("/unknown"), PUT).await.expect("open");
    for upload in [&known, &unknown] {
        upload.write_at(0, Bytes::from(vec![0; 500])).await.expect("write");
    }
    fixture.clock.advance_millis(1000);
    let told: Vec<_> = transfers(&fixture).iter().map(|it| (it.bytes, it.size, it.rate, it.remaining, it.percent())).collect();
    assert_eq!(told, [(500, Some(1000), 500, Some(1), Some(50)), (500, None, 500, None, None)]);
    fixture.core.0.registry.sample(5000, 0);
    assert_eq!(transfers(&fixture)[0].rate, 100, "in the last five seconds");
    known.write_at(500, Bytes::from(vec![0; 500])).await.expect("write");
    known.commit().await.expect("commit");
    fixture.core.0.registry.sample(5000, 0);
    fixture.core.0.registry.sample(5000, 0);
    let history = connections::history(&fixture.core, &system()).expect("history");
    assert_eq!(history, [[200, 0], [100, 0], [0, 0]], "ended ones count as well");
}

// LIM-011, UI-241: beside the rate of the account, for this session alone, at once.
#[tokio::test(start_paused = true)]
async fn session_is_limited_at_once_and_alone() {
    let (fixture, session) = Fixture::alice(json!({ "upload_bandwidth": 1000 })).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/a"), PUT).await.expect("open");
    connections::limit(&fixture.core, &system(), session.id(), 100, 0).expect("limited");
    let open = connections::live(&fixture.core, &system()).expect("sessions");
    assert_eq!((open[0].upload_bandwidth, open[0].account_upload_bandwidth, open[0].download_bandwidth), (100, 1000, 0));
    let start = tokio::time::Instant::now();
    for step in 0..5 {
        upload.write_at(step * 102_400, Bytes::from(vec![0; 100 << 10])).await.expect("write");
    }
    let seconds = start.elapsed().as_secs_f64();
    assert!((3.0..5.0).contains(&seconds), "{seconds}");
    assert!(!upload.try_write_at(0, b"x").expect("no error"));
    connections::limit(&fixture.core, &system(), session.id(), 0, 0).expect("taken away");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(upload.try_write_at(0, b"x").expect("nothing holds it back"));
    let id = session.id().to_owned();
    assert_eq!(connections::limit(&fixture.core, &system(), "nobody", 1, 1).err(), Some(Error::NotFound));
    let most = connections::MOST_BANDWIDTH + 1;
    let refused = connections::limit(&fixture.core, &system(), &id, 1, most).expect_err("too much");
    assert!(refused.to_string().starts_with("download_bandwidth"), "{refused}");
}
