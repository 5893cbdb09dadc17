//! Checksums that are known.

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, RESUME, give_up, path, put},
    fixture::Fixture,
};
use crate::{Attributes, Error, Session, Timestamp, UserFs};

const ABC: [u8; 4] = [0xba, 0x78, 0x16, 0xbf];
/// Milliseconds from the clock of the tests to long after the files that they make.
const AGES: i64 = 20 * 365 * 24 * 3_600_000;

/// What is known of a file without reading it.
async fn known(fixture: &Fixture, fs: &UserFs, name: &str) -> Option<Vec<u8>> {
    fixture.store.flush().await.expect("flush");
    let found = fs.stat(&path(name), true).await.expect("stat");
    Some(fs.known_checksum(&path(name), &found).await?[..4].to_vec())
}

// A file that was changed in place and got its old time and size back.
#[tokio::test]
async fn checksum_is_not_that_of_what_a_file_was() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    put(&fs, "/f", b"abc").await.expect("file");
    fixture.clock.advance_millis(AGES);
    fs.checksum(&path("/f")).await.expect("checksum");
    assert_eq!(known(&fixture, &fs, "/f").await.as_deref(), Some(&ABC[..]));
    let before = fs.stat(&path("/f"), true).await.expect("stat");
    let edit = fs.open_write(&path("/f"), RESUME).await.expect("open");
    edit.write_at(0, Bytes::from_static(b"xyz")).await.expect("write");
    edit.commit().await.expect("commit");
    let times = Attributes { times: Some((before.accessed, before.modified)), ..Attributes::default() };
    fs.set_attributes(&path("/f"), &times, true).await.expect("times");
    let after = fs.stat(&path("/f"), true).await.expect("stat");
    assert_eq!((after.modified, after.size, after.identity), (before.modified, before.size, before.identity));
    assert_eq!(known(&fixture, &fs, "/f").await, None);
}

async fn summing() -> (Fixture, Session) {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home, "filesystem": { "provider": 0, "checksum_uploads": true } })).await;
    let session = fixture.session("alice").await;
    (fixture, session)
}

// Issue: computed while streaming where a folder's setting asks for it.
#[tokio::test]
async fn checksum_of_an_upload_is_known_at_once_where_the_storage_asks_for_it() {
    let (fixture, session) = summing().await;
    let fs = session.fs();
    put(&fs, "/whole", b"abc").await.expect("file");
    assert_eq!(known(&fixture, &fs, "/whole").await.as_deref(), Some(&ABC[..]));
    assert!(fixture.actions().await.iter().all(|(action, ..)| action != "download"), "nothing was read");
    let pieces = |name, order: [(u64, &'static [u8]); 2]| {
        let fs = fs.clone();
        async move {
            let upload = fs.open_write(&path(name), PUT).await.expect("open");
            for (offset, data) in order {
                upload.write_at(offset, Bytes::from_static(data)).await.expect("write");
            }
            upload.commit().await.expect("commit");
        }
    };
    pieces("/pieces", [(0, &b"a"[..]), (1, &b"bc"[..])]).await;
    assert_eq!(known(&fixture, &fs, "/pieces").await.as_deref(), Some(&ABC[..]));
    for (name, order) in [
        ("/turned", [(1, &b"bc"[..]), (0, &b"a"[..])]),
        ("/twice", [(0, &b"ax"[..]), (1, &b"bc"[..])]),
        ("/hole", [(0, &b"a"[..]), (2, &b"c"[..])]),
    ] {
        pieces(name, order).await;
        assert_eq!(known(&fixture, &fs, name).await, None, "{name}");
    }
    let (other, session) = Fixture::alice(json!({})).await;
    put(&session.fs(), "/f", b"abc").await.expect("file");
    assert_eq!(known(&other, &session.fs(), "/f").await, None, "nobody asked for it");
}

// An upload that broke off, and one in several requests.
#[tokio::test]
async fn checksum_goes_on_with_the_upload() {
    let (fixture, session) = summing().await;
    let fs = session.fs();
    give_up(&fs, "/f", b"ab").await;
    fixture.settled().await;
    let upload = fs.open_write(&path("/f"), RESUME).await.expect("resume");
    upload.write_at(2, Bytes::from_static(b"c")).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(known(&fixture, &fs, "/f").await.as_deref(), Some(&ABC[..]));
}

// API-139
#[tokio::test]
async fn checksum_is_known_until_the_file_changes() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home })).await;
    let session = fixture.session("alice").await;
    let (fs, file) = (session.fs(), path("/f"));
    put(&fs, "/f", b"abc").await.expect("file");
    // Its time lies in the future of the clock: it could change again without another one.
    assert_eq!(fs.checksum(&file).await.expect("checksum")[..4], ABC);
    let found = fs.stat(&file, true).await.expect("stat");
    assert_eq!(fs.known_checksum(&file, &found).await, None);
    fixture.clock.advance_millis(AGES);
    assert_eq!(fs.checksum(&file).await.expect("checksum")[..4], ABC);
    let found = fs.stat(&file, true).await.expect("stat");
    assert_eq!(fs.known_checksum(&file, &found).await.expect("known")[..4], ABC);
    let downloads = fixture.actions().await.iter().filter(|(action, ..)| action == "download").count();
    assert_eq!(fs.checksum(&file).await.expect("checksum")[..4], ABC);
    assert_eq!(fixture.actions().await.iter().filter(|(action, ..)| action == "download").count(), downloads, "nothing was read");
    // Another file of the same name, with the same time.
    fs.rename(&file, &path("/g")).await.expect("renamed");
    let old = Timestamp::from_seconds(1_000_000_000);
    let old = Attributes { times: Some((old, old)), ..Attributes::default() };
    put(&fs, "/g", b"xyz").await.expect("file");
    fs.set_attributes(&path("/g"), &old, true).await.expect("times");
    let found = fs.stat(&path("/g"), true).await.expect("stat");
    assert_eq!(fs.known_checksum(&path("/g"), &found).await, None);
    assert_ne!(fs.checksum(&path("/g")).await.expect("checksum")[..4], ABC);
    assert_eq!(fs.checksum(&path("/")).await.err(), Some(Error::IsDirectory));
    assert_eq!(fs.checksum(&path("/missing")).await.err(), Some(Error::NotFound));
}

// ACC-151
#[tokio::test]
async fn checksum_needs_leave_to_download() {
    let (fixture, session) = Fixture::alice(json!({"permissions": {"/": ["list", "upload"]}})).await;
    fixture.memory("alice").put(&path("/f"), b"abc");
    assert!(matches!(session.fs().checksum(&path("/f")).await, Err(Error::Denied(_))));
}
