//! Attributes.

use entrepot_storage::{Attributes, Owner, Timestamp};
use serde_json::json;

use super::{
    client::{path, put, rule},
    fixture::Fixture,
    links::on_disk,
};
use crate::Error;

fn times(seconds: i64) -> Attributes {
    let time = Timestamp::from_seconds(seconds);
    Attributes { times: Some((time, time)), ..Attributes::default() }
}

fn mode(mode: u32) -> Attributes {
    Attributes { mode: Some(mode), ..Attributes::default() }
}

// SFTP-026, SFTP-025, ACC-147, ACC-128
#[tokio::test]
async fn each_attribute_needs_its_permission() {
    let owner = Attributes { owner: Some(Owner { uid: Some(5), gid: Some(6) }), ..Attributes::default() };
    let size = Attributes { size: Some(1), ..Attributes::default() };
    for (permission, own) in [("chtimes", times(7)), ("chmod", mode(0o640)), ("chown", owner), ("overwrite", size)] {
        let (fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["list", permission] } })).await;
        fixture.memory("alice").put(&path("/f"), b"data");
        for attributes in [times(7), mode(0o640), owner, size] {
            let set = session.fs().set_attributes(&path("/f"), &attributes, true).await;
            assert_eq!(rule(&set).is_none(), attributes == own, "{permission}: {attributes:?}");
        }
        let both = Attributes { times: times(9).times, mode: Some(0o600), ..Attributes::default() };
        let before = session.fs().stat(&path("/f"), true).await.expect("stat");
        assert_eq!(rule(&session.fs().set_attributes(&path("/f"), &both, true).await), Some("permissions"));
        assert_eq!(session.fs().stat(&path("/f"), true).await.expect("stat"), before, "all or nothing");
    }
}

// SFTP-027
#[tokio::test]
async fn ignored_attributes_are_allowed_or_refused_first() {
    let (fixture, session) = Fixture::alice(json!({ "permissions": { "/": ["list", "chmod"] } })).await;
    fixture.memory("alice").put(&path("/f"), b"data");
    fixture.set(|settings| settings.common.setstat_mode = 1);
    let before = session.fs().stat(&path("/f"), true).await.expect("stat");
    session.fs().set_attributes(&path("/f"), &mode(0o600), true).await.expect("ignored");
    assert_eq!(session.fs().stat(&path("/f"), true).await.expect("stat"), before);
    assert_eq!(rule(&session.fs().set_attributes(&path("/f"), &times(1), true).await), Some("permissions"));
}

// SFTP-031, SFTP-033
#[tokio::test]
async fn removing_the_wrong_kind_and_making_what_exists_fail() {
    let (_fixture, session) = on_disk(json!({})).await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    put(&fs, "/d/f", b"x").await.expect("file");
    assert_eq!(fs.remove_file(&path("/d")).await.err(), Some(Error::IsDirectory));
    assert_eq!(fs.remove_directory(&path("/d/f")).await.err(), Some(Error::NotDirectory));
    assert_eq!(fs.remove_directory(&path("/d")).await.err(), Some(Error::NotEmpty));
    assert_eq!(fs.remove_directory(&path("/missing")).await.err(), Some(Error::NotFound));
    assert_eq!(fs.create_directory(&path("/d")).await.err(), Some(Error::Exists));
    assert_eq!(fs.create_directory(&path("/no/where")).await.err(), Some(Error::NotFound));
}
