//! Checksums that are known.

use serde_json::json;

use super::{
    client::{path, put},
    fixture::Fixture,
};
use crate::{Attributes, Error, Timestamp};

const ABC: [u8; 4] = [0xba, 0x78, 0x16, 0xbf];

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
    let old = Timestamp::from_seconds(1_000_000_000);
    let old = Attributes { times: Some((old, old)), ..Attributes::default() };
    fs.set_attributes(&file, &old, true).await.expect("times");
    let found = fs.stat(&file, true).await.expect("stat");
    assert_eq!(fs.known_checksum(&file, &found).await, None);
    assert_eq!(fs.checksum(&file).await.expect("checksum")[..4], ABC);
    assert_eq!(fs.known_checksum(&file, &found).await.expect("known")[..4], ABC);
    // Another name of the same file, then another file of the same name.
    fs.rename(&file, &path("/g")).await.expect("renamed");
    let downloads = fixture.actions().await.iter().filter(|(action, ..)| action == "download").count();
    assert_eq!(fs.checksum(&path("/g")).await.expect("checksum")[..4], ABC);
    assert_eq!(fixture.actions().await.iter().filter(|(action, ..)| action == "download").count(), downloads, "nothing was read");
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
