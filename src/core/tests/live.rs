//! Streams of what happens now.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, give_up, path, put},
    fixture::Fixture,
};
use crate::{
    Error, UserCaller,
    admin::AdminSession,
    caller::Shown,
    live::{ActivityStream, Seen, TransferState, UserStream},
    tokens::Duties,
};

async fn caller(fixture: &Fixture, name: &str) -> UserCaller {
    UserCaller::new(fixture.login(name).await, Shown::Nothing, Duties::default())
}

async fn stream(fixture: &Fixture, name: &str, folders: &[&str]) -> UserStream {
    let folders = folders.iter().map(|folder| path(folder)).collect();
    UserStream::open(&fixture.core, caller(fixture, name).await, folders).expect("stream")
}

/// Everything that is to be seen until nothing comes for a moment.
async fn seen(stream: &mut UserStream) -> Vec<Seen> {
    let mut all = Vec::new();
    while let Ok(Some(seen)) = tokio::time::timeout(Duration::from_millis(200), stream.next()).await {
        all.push(seen);
    }
    all
}

fn changes(all: &[Seen]) -> Vec<(String, String, bool)> {
    let change = |seen: &Seen| match seen {
        Seen::Change { folder, name, is_gone } => {
            Some((folder.to_string_lossy(), String::from_utf8_lossy(name).into_owned(), *is_gone))
        }
        _ => None,
    };
    all.iter().filter_map(change).collect()
}

fn transfers(all: &[Seen]) -> Vec<(TransferState, String, u64)> {
    let transfer = |seen: &Seen| match seen {
        Seen::Transfer { state, path, bytes, .. } => Some((*state, path.clone(), *bytes)),
        _ => None,
    };
    all.iter().filter_map(transfer).collect()
}

fn change(folder: &str, name: &str, is_gone: bool) -> (String, String, bool) {
    (folder.to_owned(), name.to_owned(), is_gone)
}

#[tokio::test]
async fn changes_of_folders_are_seen_whoever_makes_them() {
    let fixture = Fixture::new().await;
    fixture.folder("shared", "/memory/shared").await;
    let mount = json!([{ "name": "shared", "virtual_path": "/team", "quota_size": -1, "quota_files": -1 }]);
    fixture.user("alice", json!({ "virtual_folders": mount })).await;
    let mount = json!([{ "name": "shared", "virtual_path": "/other/name", "quota_size": -1, "quota_files": -1 }]);
    fixture.user("bob", json!({ "virtual_folders": mount })).await;
    let mut alice = stream(&fixture, "alice", &["/team", "/"]).await;
    let session = fixture.session("bob").await;
    let fs = session.fs();
    put(&fs, "/other/name/f", b"data").await.expect("file");
    fs.create_directory(&path("/other/name/d")).await.expect("directory");
    put(&fs, "/other/name/d/deep", b"data").await.expect("file");
    put(&fs, "/f", b"data").await.expect("bob's own");
    fs.rename(&path("/other/name/f"), &path("/other/name/g")).await.expect("renamed");
    fs.remove_file(&path("/other/name/g")).await.expect("removed");
    let expected = [("f", false), ("d", false), ("f", true), ("g", false), ("g", true)];
    let all = seen(&mut alice).await;
    assert_eq!(changes(&all), expected.map(|(name, is_gone)| change("/team", name, is_gone)));
    assert_eq!(transfers(&all), [], "those of others are not hers");
}

#[tokio::test]
async fn names_that_are_hidden_stay_hidden() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let patterns = json!([{ "path": "/", "denied_patterns": ["*.secret"], "deny_policy": 1 }]);
    let fields = json!({ "home_dir": "/memory/alice", "filters": { "file_patterns": patterns } });
    fixture.user("bob", fields).await;
    let mut bob = stream(&fixture, "bob", &["/"]).await;
    put(&session.fs(), "/a.secret", b"").await.expect("file");
    put(&session.fs(), "/a", b"").await.expect("file");
    assert_eq!(changes(&seen(&mut bob).await), [change("/", "a", false)]);
}

#[tokio::test]
async fn own_transfers_are_seen_from_their_beginning_to_their_end() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let running = session.fs().open_write(&path("/long"), PUT).await.expect("open");
    let mut stream = stream(&fixture, "alice", &[]).await;
    assert_eq!(transfers(&seen(&mut stream).await), [(TransferState::Running, "/long".into(), 0)]);
    running.write_at(0, Bytes::from_static(b"0123")).await.expect("write");
    running.write_at(4, Bytes::from_static(b"4567")).await.expect("write");
    assert_eq!(transfers(&[next(&mut stream).await]), [(TransferState::Running, "/long".into(), 8)], "with the next second");
    running.commit().await.expect("commit");
    assert_eq!(transfers(&[next(&mut stream).await]), [(TransferState::Done, "/long".into(), 8)]);
    give_up(&session.fs(), "/short", b"01").await;
    fixture.settled().await;
    let all = transfers(&seen(&mut stream).await);
    assert_eq!(all.first(), Some(&(TransferState::Running, "/short".to_owned(), 0)));
    assert_eq!(all.last(), Some(&(TransferState::Failed, "/short".to_owned(), 2)));
}

async fn next(stream: &mut UserStream) -> Seen {
    tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("in time").expect("it goes on")
}

// Nothing waits for a reader; it is told that it missed something.
#[tokio::test]
async fn slow_reader_loses_news_and_is_told() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let mut stream = stream(&fixture, "alice", &["/"]).await;
    for _ in 0..500 {
        put(&session.fs(), "/f", b"").await.expect("file");
    }
    let all = seen(&mut stream).await;
    assert_eq!(all.first(), Some(&Seen::Resync));
    assert!(all.len() < 1500, "{}", all.len());
}

#[tokio::test]
async fn streams_end_with_account_sessions_and_server() {
    let (fixture, _session) = Fixture::alice(json!({})).await;
    let mut disconnected = stream(&fixture, "alice", &[]).await;
    fixture.core.end_sessions("alice");
    assert_eq!(disconnected.next().await, None);
    let caller = caller(&fixture, "alice").await;
    assert!(fixture.core.still_there(&caller).await.is_some());
    let mut user = fixture.store.users().get("alice").await.expect("read").expect("alice");
    user.status = 0;
    fixture.store.users().update(user, entrepot_store::PasswordChange::Keep, 2).await.expect("updated");
    fixture.core.0.accounts.invalidate("alice");
    assert!(fixture.core.still_there(&caller).await.is_none(), "asked at each heartbeat");
    fixture.user("bob", json!({})).await;
    let mut stopped = stream(&fixture, "bob", &[]).await;
    fixture.core.close_gates();
    assert_eq!(stopped.next().await, None);
    let bob = self::caller(&fixture, "bob").await;
    assert_eq!(UserStream::open(&fixture.core, bob, vec![]).err(), Some(Error::Shutdown));
}

/// A caller who showed a token.
async fn with_token(fixture: &Fixture, name: &str) -> UserCaller {
    let login = fixture.login(name).await;
    let (peer, token) = (login.peer.clone(), fixture.core.issue_user_token(&login).expect("token"));
    fixture.core.user_by_token(&token.access_token, peer).await.expect("caller")
}

// SEC-066: at once, however many news there are.
#[tokio::test]
async fn streams_end_with_the_logout_even_while_much_happens() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let caller = with_token(&fixture, "alice").await;
    let mut stream = UserStream::open(&fixture.core, caller.clone(), vec![path("/")]).expect("stream");
    fixture.core.revoke_token(caller.claims().expect("token"));
    let fs = session.fs();
    let happening = async {
        loop {
            put(&fs, "/f", b"").await.expect("file");
        }
    };
    let ended = async { while stream.next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        () = happening => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("the stream goes on"),
    }
}

#[tokio::test]
async fn streams_of_an_account_are_bounded() {
    let (fixture, _session) = Fixture::alice(json!({})).await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(stream(&fixture, "alice", &[]).await);
    }
    let caller = caller(&fixture, "alice").await;
    assert_eq!(UserStream::open(&fixture.core, caller.clone(), vec![]).err(), Some(Error::TooMany));
    open.pop();
    assert!(UserStream::open(&fixture.core, caller.clone(), vec![]).is_ok());
    let many = (0..17).map(|number| path(&format!("/{number}"))).collect();
    assert!(matches!(UserStream::open(&fixture.core, caller, many).err(), Some(Error::Invalid { .. })));
}

#[tokio::test]
async fn folders_need_the_permission_to_list() {
    let (fixture, _session) = Fixture::alice(json!({ "permissions": { "/": ["*"], "/no": ["upload"] } })).await;
    let refused = UserStream::open(&fixture.core, caller(&fixture, "alice").await, vec![path("/no")]);
    assert!(matches!(refused.err(), Some(Error::Denied(_))));
}

#[tokio::test]
async fn administrators_see_sessions_transfers_and_rates() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let mut stream = ActivityStream::open(&fixture.core, AdminSession::system()).expect("stream");
    let first = stream.next().await.expect("at once");
    assert_eq!((first.sessions, first.transfers, first.upload_rate), (1, 0, 0));
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from(vec![0; 4000])).await.expect("write");
    put(&session.fs(), "/g", &[0; 1000]).await.expect("file");
    let second = stream.next().await.expect("a second later");
    assert_eq!((second.sessions, second.transfers, second.download_rate), (1, 1, 0));
    assert!((100..=50_000).contains(&second.upload_rate), "about 5000 bytes in about a second: {}", second.upload_rate);
    assert_eq!(second.connections[0].active_transfers[0].path, "/f");
    drop(upload);
    let third = stream.next().await.expect("a second later");
    assert_eq!((third.transfers, third.upload_rate), (0, 0));
}
