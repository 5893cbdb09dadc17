//! Uploads through shares in several requests: what is of one stranger is not of another.

use std::net::SocketAddr;

use entrepot_model::Share;
use serde_json::{Value, json};

use super::{Chunk, Uploader, announce, broken, chunk, conflict, create, new, offset, send, terminate, user};
use crate::{
    Error, Peer, Result,
    admin::{AdminSession, users},
    resumable::{NewUpload, Progress, expire_now, share_of},
    shares::{Proof, Purpose, Visit, VisitError, end, visit},
    tests::{
        client::{get, give_up, names, path, rule, usage},
        fixture::Fixture,
    },
};

const DAY: i64 = 24 * 3_600_000;

/// Alice, and a share of her `/in`.
async fn house(change: Value) -> Fixture {
    let fixture = Fixture::new().await;
    fixture.user("alice", json!({"quota_size": 1000})).await;
    fixture.memory("alice").put(&path("/in/old"), b"old");
    share(&fixture, "one", change).await;
    fixture
}

async fn share(fixture: &Fixture, id: &str, change: Value) {
    let mut document = json!({"id": id, "name": id, "scope": 2, "paths": ["/in"], "username": "alice"});
    for (member, value) in change.as_object().expect("object") {
        document[member] = value.clone();
    }
    let share: Share = serde_json::from_value(document).expect("share");
    fixture.store.shares().restore(share, 1).await.expect("share");
}

async fn visited(fixture: &Fixture, id: &str, purpose: Purpose) -> std::result::Result<Visit, VisitError> {
    let remote: SocketAddr = "198.51.100.7:50000".parse().expect("address");
    let peer = Peer {
        remote,
        local: None,
        client_version: "browser".to_owned(),
        encryption: String::new(),
        connection_id: String::new(),
    };
    visit(&fixture.core, id, purpose, Proof::Nothing, peer).await
}

/// A visitor who goes on with an upload.
async fn visitor(fixture: &Fixture, id: &str) -> Uploader {
    Uploader::visitor(visited(fixture, id, Purpose::Resume).await.expect("in").fs(), id)
}

/// Announces as the pages do: for a use.
async fn begun(fixture: &Fixture, id: &str, name: &str, length: u64) -> Result<Progress> {
    let visit = visited(fixture, id, Purpose::Write).await.expect("in");
    let uses = Some(visit.spend(1).await.expect("a use"));
    announce(fixture, &Uploader::visitor(visit.fs(), id), NewUpload { uses, ..new(name, length) }).await
}

async fn used(fixture: &Fixture) -> i64 {
    fixture.quiet().await;
    fixture.store.shares().get("one").await.expect("get").expect("share").used_tokens
}

// API-157, API-193: of two visitors and their host who upload one name, nobody loses anything.
#[tokio::test]
async fn uploads_of_one_name_do_not_mix() {
    let fixture = house(json!({})).await;
    let owner = fixture.session("alice").await;
    give_up(&owner.fs(), "/in/f", b"half of").await;
    fixture.settled().await;
    let first = begun(&fixture, "one", "/in/f", 8).await.expect("announced").id;
    let second = begun(&fixture, "one", "/in/f", 4).await.expect("announced").id;
    let own = announce(&fixture, &user(&owner), new("/in/g", 2)).await.expect("announced").id;
    assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &first, chunk(0, b"0123")).await, Ok(4));
    assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &second, broken(0, b"ab")).await, Err(Error::Cancelled));
    assert_eq!(offset(&fixture, &visitor(&fixture, "one").await, &second).await, Ok(2));
    assert_eq!(fixture.used("alice").await.size, 7 + 4 + 2, "what waits counts for its host");
    // Nobody sees it.
    assert_eq!(names(&owner.fs(), "/in").await.expect("list"), ["old"]);
    assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &second, chunk(2, b"cd")).await, Ok(4));
    assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &first, chunk(4, b"4567")).await, Ok(8));
    let gone_on = announce(&fixture, &user(&owner), NewUpload { resumes: true, ..new("/in/f", 9) }).await.expect("announced");
    assert_eq!(gone_on.offset, 7, "what the host began is still there");
    assert_eq!(send(&fixture, &user(&owner), &gone_on.id, chunk(7, b" f")).await, Ok(9));
    assert_eq!(names(&owner.fs(), "/in").await.expect("list"), ["f", "f (1)", "f (2)", "old"]);
    for (name, content) in [("f", &b"half of f"[..]), ("f (1)", b"abcd"), ("f (2)", b"01234567")] {
        assert_eq!(get(&owner.fs(), &format!("/in/{name}")).await.expect("read"), content, "{name}");
    }
    assert_eq!(offset(&fixture, &user(&owner), &own).await, Ok(0));
    let events = fixture.events().await;
    let ended: Vec<_> = events.iter().filter(|event| event.action == "upload" && event.status == 1).collect();
    let ended: Vec<_> = ended.iter().map(|event| (event.virtual_path.as_str(), event.protocol.as_str())).collect();
    assert_eq!(ended[..2], [("/in/f (1)", "HTTPShare"), ("/in/f (2)", "HTTPShare")]);
}

// API-155, API-160
#[tokio::test]
async fn an_upload_belongs_to_its_share() {
    let fixture = house(json!({})).await;
    share(&fixture, "two", json!({})).await;
    let owner = fixture.session("alice").await;
    let id = begun(&fixture, "one", "/in/f", 8).await.expect("announced").id;
    let own = announce(&fixture, &user(&owner), new("/in/f", 8)).await.expect("announced").id;
    assert_eq!(share_of(&fixture.core, &id).await.as_deref(), Ok("one"));
    assert_eq!(rule(&share_of(&fixture.core, &own).await), Some("owner"));
    assert_eq!(share_of(&fixture.core, "none").await, Err(Error::NotFound));
    for stranger in [visitor(&fixture, "two").await, user(&owner)] {
        assert_eq!(rule(&send(&fixture, &stranger, &id, chunk(0, b"0")).await), Some("owner"));
        assert_eq!(rule(&offset(&fixture, &stranger, &id).await), Some("owner"));
        assert_eq!(rule(&terminate(&fixture.core, &stranger, &id).await), Some("owner"));
    }
    assert_eq!(rule(&send(&fixture, &visitor(&fixture, "one").await, &own, chunk(0, b"0")).await), Some("owner"));
    assert!(conflict(&send(&fixture, &visitor(&fixture, "one").await, &id, chunk(1, b"0")).await));
    // Outside of the share, and where its host may not write, nothing begins.
    assert_eq!(rule(&begun(&fixture, "one", "/out", 8).await), Some("share"));
    assert_eq!(begun(&fixture, "one", "/in/f", 1001).await.err(), Some(Error::Quota));
}

// API-159, API-190: one use for each upload, until it comes to nothing.
#[tokio::test]
async fn uses_are_counted_with_the_announcement() {
    let fixture = house(json!({"max_tokens": 2})).await;
    let first = begun(&fixture, "one", "/in/f", 8).await.expect("announced").id;
    let second = begun(&fixture, "one", "/in/g", 8).await.expect("announced").id;
    assert_eq!(visited(&fixture, "one", Purpose::Write).await.err(), Some(VisitError::UsedUp));
    // Whoever has paid goes on.
    for (offset, data) in [(0, b"0123"), (4, b"4567")] {
        assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &first, chunk(offset, data)).await, Ok(offset + 4));
    }
    assert_eq!(used(&fixture).await, 2);
    terminate(&fixture.core, &visitor(&fixture, "one").await, &second).await.expect("given up");
    assert_eq!(used(&fixture).await, 1);
    terminate(&fixture.core, &visitor(&fixture, "one").await, &first).await.expect("forgotten");
    assert_eq!(used(&fixture).await, 1, "its file is there");
    let third = begun(&fixture, "one", "/in/g", 8).await.expect("announced").id;
    assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &third, chunk(0, b"0123")).await, Ok(4));
    assert_eq!(used(&fixture).await, 2);
    fixture.clock.advance_millis(DAY + 1);
    expire_now(&fixture.core).await;
    assert_eq!(used(&fixture).await, 1);
    assert_eq!((fixture.rows("alice").await.0.len(), fixture.used("alice").await), (0, usage(1, 8)));
    // One that is refused was none.
    assert_eq!(begun(&fixture, "one", "/in/g", 1001).await.err(), Some(Error::Quota));
    assert_eq!(used(&fixture).await, 1);
}

// API-159, API-190: bytes that come with an announcement and cannot be its beginning are refused before anything counts.
#[tokio::test]
async fn announcements_that_are_refused_cost_no_use() {
    let fixture = house(json!({"max_tokens": 1})).await;
    let sent = async |first| {
        let visit = visited(&fixture, "one", Purpose::Write).await.expect("in");
        let uses = Some(visit.spend(1).await.expect("a use"));
        let who = Uploader::visitor(visit.fs(), "one");
        let created = create(&fixture.core, &who, NewUpload { uses, ..new("/in/f", 8) }, Some(first)).await;
        drop((who, visit));
        fixture.quiet().await;
        created
    };
    let nine = b"012345678";
    assert_eq!(sent(chunk(0, nine)).await, Err(Error::TooLarge));
    assert_eq!(used(&fixture).await, 0);
    assert_eq!(sent(Chunk { length: None, ..chunk(0, nine) }).await, Err(Error::TooLarge), "that shows while it comes");
    assert_eq!(used(&fixture).await, 0);
    assert_eq!((fixture.rows("alice").await, fixture.used("alice").await), ((vec![], vec![]), usage(0, 0)));
    assert_eq!(fixture.memory("alice").paths().len(), 2, "the folder and what was in it");
    sent(chunk(0, b"0123")).await.expect("announced");
    assert_eq!(used(&fixture).await, 1);
}

// API-159: pieces that this storage cannot keep.
#[tokio::test]
async fn pieces_that_are_too_small_cost_no_use_either() {
    let fixture = Fixture::new().await;
    fixture.user("alice", json!({"home_dir": "/object/alice"})).await;
    fixture.storages.memory("/object/alice").put(&path("/in/old"), b"old");
    share(&fixture, "one", json!({"max_tokens": 1})).await;
    let visit = visited(&fixture, "one", Purpose::Write).await.expect("in");
    let uses = Some(visit.spend(1).await.expect("a use"));
    let who = Uploader::visitor(visit.fs(), "one");
    let created = create(&fixture.core, &who, NewUpload { uses, ..new("/in/f", 64) }, Some(chunk(0, b"0123"))).await;
    assert!(matches!(created, Err(Error::Invalid { .. })), "{created:?}");
    assert_eq!(used(&fixture).await, 0);
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// ACC-067, API-226: what was not finished when its user was deleted is nobody's.
#[tokio::test]
async fn uploads_end_with_their_user() {
    let fixture = house(json!({})).await;
    let id = begun(&fixture, "one", "/in/f", 8).await.expect("announced").id;
    let who = visitor(&fixture, "one").await;
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"0123")).await, Ok(4));
    let owner = fixture.session("alice").await;
    let own = announce(&fixture, &user(&owner), new("/own", 8)).await.expect("announced").id;
    assert_eq!(send(&fixture, &user(&owner), &own, chunk(0, b"01")).await, Ok(2));
    users::delete(&fixture.core, &AdminSession::system(), "alice").await.expect("deleted");
    fixture.quiet().await;
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Err(Error::NotFound));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    let paths = fixture.memory("alice").paths();
    assert_eq!(paths, [b"/in".to_vec(), b"/in/old".to_vec()], "files that have their names stay");
    let actions = fixture.actions().await;
    for path in ["/in/f", "/own"] {
        assert!(actions.contains(&("upload".to_owned(), path.to_owned(), 2)), "{path}: {actions:?}");
    }
}

// API-226: what was not finished when the share ended is nobody's.
#[tokio::test]
async fn uploads_end_with_their_share() {
    let fixture = house(json!({})).await;
    let id = begun(&fixture, "one", "/in/f", 8).await.expect("announced").id;
    let who = visitor(&fixture, "one").await;
    assert_eq!(send(&fixture, &who, &id, chunk(0, b"0123")).await, Ok(4));
    end(&fixture.core, "one").await.expect("deleted");
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Err(Error::NotFound));
    fixture.quiet().await;
    assert_eq!((fixture.rows("alice").await.0.len(), fixture.used("alice").await), (0, usage(0, 0)));
}

// API-157: directories get other names meanwhile, and what is uploaded into them goes along.
#[tokio::test]
async fn uploads_follow_their_directory() {
    let fixture = house(json!({})).await;
    let owner = fixture.session("alice").await;
    fixture.memory("alice").put(&path("/in/d/x"), b"x");
    let id = begun(&fixture, "one", "/in/d/f", 8).await.expect("announced").id;
    assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &id, chunk(0, b"0123")).await, Ok(4));
    owner.fs().rename(&path("/in/d"), &path("/in/e")).await.expect("renamed");
    assert_eq!(send(&fixture, &visitor(&fixture, "one").await, &id, chunk(4, b"4567")).await, Ok(8));
    assert_eq!(get(&owner.fs(), "/in/e/f").await.expect("read"), b"01234567");
}
