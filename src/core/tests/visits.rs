//! Visitors of shares, at the files of their owner.
#![expect(clippy::disallowed_methods, reason = "the files of the test itself")]

mod uses;

use std::net::SocketAddr;

use bytes::Bytes;
use entrepot_model::Share;
use serde_json::{Value, json};

use super::{
    client::{PUT, get, give_up, hunter2, names, path, put, rule},
    fixture::Fixture,
};
use crate::{
    Clock, Error, Peer,
    shares::{Proof, Purpose, Visit, VisitError, visit},
};

/// An id of the right form.
const ID: &str = "abcdefghijklmnopqrstuv";

fn visitor() -> Peer {
    let remote: SocketAddr = "198.51.100.7:50000".parse().expect("address");
    Peer { remote, local: None, client_version: "browser".to_owned(), encryption: String::new(), connection_id: String::new() }
}

/// A share of alice's `/in`, changed by `change`.
async fn share(fixture: &Fixture, change: &Value) {
    let mut document = json!({"id": ID, "name": "plans", "scope": 3, "paths": ["/in"], "username": "alice"});
    for (member, value) in change.as_object().expect("object") {
        document[member] = value.clone();
    }
    let share: Share = serde_json::from_value(document).expect("share");
    fixture.store.shares().restore(share, 1).await.expect("share");
}

/// Alice, with `fields`, a directory `/in` with the file `f`, a file beside it, and a share.
async fn house(fields: Value, change: Value) -> Fixture {
    let fixture = Fixture::with(|settings| settings.common.defender.login_delay.password_failed = 0).await;
    fixture.user("alice", fields).await;
    fixture.memory("alice").put(&path("/in/f"), b"data");
    fixture.memory("alice").put(&path("/secret"), b"secret");
    share(&fixture, &change).await;
    fixture
}

async fn visited(fixture: &Fixture, purpose: Purpose, proof: Proof<'_>) -> Result<Visit, VisitError> {
    visit(&fixture.core, ID, purpose, proof, visitor()).await
}

async fn read(fixture: &Fixture) -> Result<Visit, VisitError> {
    visited(fixture, Purpose::Read, Proof::Nothing).await
}

#[track_caller]
fn refused(visit: Result<Visit, VisitError>, expected: &VisitError) {
    assert_eq!(visit.expect_err("refused"), *expected);
}

// API-179
#[tokio::test]
async fn checks_come_in_their_order() {
    let hash = hunter2();
    let now = Fixture::new().await.clock.millis();
    // Everything is wrong with it, and then one thing less each time.
    let mut share_of = json!({
        "scope": 2, "max_tokens": 1, "used_tokens": 1, "expires_at": now, "allow_from": ["192.0.2.0/24"], "password": hash
    });
    let fixture = house(json!({"status": 0}), share_of.clone()).await;
    assert_eq!(
        visit(&fixture.core, "nobody", Purpose::Read, Proof::Nothing, visitor()).await.expect_err("none"),
        VisitError::Unknown
    );
    let mut expect = async |member: &str, value: Value, expected: VisitError| {
        refused(visited(&fixture, Purpose::Read, Proof::Password("wrong")).await, &expected);
        share_of[member] = value;
        share(&fixture, &share_of).await;
    };
    expect("scope", json!(1), VisitError::Scope).await;
    expect("used_tokens", json!(0), VisitError::UsedUp).await;
    expect("expires_at", json!(0), VisitError::Expired).await;
    expect("allow_from", json!([]), VisitError::Address).await;
    expect("password", json!(""), VisitError::Credentials).await;
    refused(read(&fixture).await, &VisitError::Closed);
}

// API-180, SEC-183, API-208
#[tokio::test]
async fn passwords_open_and_wrong_ones_are_recorded() {
    let hash = hunter2();
    let fixture = house(json!({}), json!({"password": hash})).await;
    refused(read(&fixture).await, &VisitError::Credentials);
    refused(visited(&fixture, Purpose::Read, Proof::Password("")).await, &VisitError::Credentials);
    refused(visited(&fixture, Purpose::Read, Proof::Password("hunter3")).await, &VisitError::Credentials);
    for _ in 0..2 {
        let visit = visited(&fixture, Purpose::Read, Proof::Password("hunter2")).await.expect("in");
        assert_eq!(visit.share().password, "");
    }
    crate::audit::flush(&fixture.core).await;
    let rows = fixture.store.events().search_log(crate::LogEventFilter::default()).await.expect("events");
    let found: Vec<_> = rows.iter().map(|row| (row.event, row.protocol.as_str(), row.username.as_str())).collect();
    assert_eq!(found, [(1, "HTTPShare", "alice")]);
    assert!(!format!("{rows:?}").contains(ID) && !format!("{rows:?}").contains("hunter"));
}

// API-181, API-182, ACC-312, ACC-323, ACC-371, API-228
#[tokio::test]
async fn an_owner_who_may_not_share_has_no_shares() {
    for fields in [
        json!({"status": 0}),
        json!({"expiration_date": 1}),
        json!({"filters": {"denied_protocols": ["HTTP"]}}),
        json!({"filters": {"web_client": ["shares-disabled"]}}),
        json!({"filters": {"denied_share_scopes": ["read", "write", "read_write"]}}),
        json!({"filters": {"denied_share_paths": ["/in"]}}),
        json!({"filters": {"allowed_share_paths": ["/out"]}}),
    ] {
        let fixture = house(fields, json!({})).await;
        refused(read(&fixture).await, &VisitError::Closed);
    }
}

// API-182, ACC-314, ACC-315, SEC-126
#[tokio::test]
async fn rules_of_the_owner_hold_for_visitors() {
    for (fields, name) in [
        (json!({"filters": {"denied_share_scopes": ["read_write"]}}), "filters.denied_share_scopes"),
        (json!({"filters": {"web_client": ["shares-without-password-disabled"]}}), "shares-without-password-disabled"),
        (json!({"filters": {"web_client": ["shares-require-email-auth"]}}), "shares-require-email-auth"),
        (json!({"filters": {"denied_ip": ["198.51.100.0/24"]}}), "filters.denied_ip"),
        (json!({"filters": {"two_factor_protocols": ["HTTP"]}}), "two_factor_protocols"),
    ] {
        let fixture = house(fields, json!({})).await;
        match read(&fixture).await.expect_err("refused") {
            VisitError::Refused(denial) => assert_eq!(denial.rule(), name),
            other => panic!("{name}: {other:?}"),
        }
    }
    let fixture = house(json!({"max_sessions": 1}), json!({})).await;
    let first = read(&fixture).await.expect("in");
    refused(read(&fixture).await, &VisitError::TooMany);
    let fs = first.fs();
    drop(first);
    // Whoever still has the files is still there.
    refused(read(&fixture).await, &VisitError::TooMany);
    drop(fs);
    read(&fixture).await.expect("in again");
}

// API-182, API-184, API-193, API-194
#[tokio::test]
async fn visitors_reach_the_share_and_nothing_else() {
    let fixture = house(json!({}), json!({})).await;
    let visit = read(&fixture).await.expect("in");
    let fs = visit.fs();
    assert_eq!(names(&fs, "/in").await.expect("list"), ["f"]);
    assert_eq!(get(&fs, "/in/f").await.expect("read"), b"data");
    for outside in ["/", "/secret", "/inn"] {
        assert_eq!(rule(&fs.stat(&path(outside), true).await), Some("share"), "{outside}");
        assert_eq!(rule(&fs.list(&path(outside)).await.map(drop)), Some("share"), "{outside}");
        assert_eq!(rule(&get(&fs, outside).await), Some("share"), "{outside}");
        assert_eq!(rule(&put(&fs, outside, b"x").await), Some("share"), "{outside}");
        assert_eq!(rule(&fs.create_directory(&path(&format!("{outside}/d"))).await), Some("share"), "{outside}");
    }
    assert_eq!(rule(&fs.remove_file(&path("/in/f")).await), Some("share"));
    assert_eq!(rule(&fs.rename(&path("/in/f"), &path("/in/g")).await), Some("share"));
    assert_eq!(rule(&fs.copy(&path("/in/f"), &path("/in/g")).await), Some("share"));
    fs.create_directory(&path("/in/d")).await.expect("mkdir");
    put(&fs, "/in/d/g", b"more").await.expect("upload");
}

// API-179, API-193
#[tokio::test]
async fn scopes_hold_at_the_files_too() {
    let fixture = house(json!({}), json!({"scope": 1})).await;
    let reader = read(&fixture).await.expect("in").fs();
    assert_eq!(rule(&put(&reader, "/in/g", b"x").await), Some("share"));
    assert_eq!(rule(&reader.create_directory(&path("/in/d")).await), Some("share"));
    refused(visited(&fixture, Purpose::Write, Proof::Nothing).await, &VisitError::Scope);
    share(&fixture, &json!({"scope": 2})).await;
    let writer = visited(&fixture, Purpose::Write, Proof::Nothing).await.expect("in").fs();
    assert_eq!(rule(&writer.list(&path("/in")).await.map(drop)), Some("share"));
    assert_eq!(rule(&get(&writer, "/in/f").await), Some("share"));
    put(&writer, "/in/g", b"x").await.expect("upload");
}

// API-184, API-185
#[tokio::test]
async fn links_lead_nobody_out_of_the_share() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    for directory in ["in/d", "out/d"] {
        std::fs::create_dir_all(format!("{home}/{directory}")).expect("directory");
    }
    std::fs::write(format!("{home}/in/d/f"), b"data").expect("file");
    std::fs::write(format!("{home}/out/d/f"), b"secret").expect("file");
    for (target, link) in [("../out/d", "in/away"), ("d", "in/near"), ("../out/d/f", "in/file"), ("in", "door")] {
        std::os::unix::fs::symlink(target, format!("{home}/{link}")).expect("link");
    }
    fixture.user("alice", json!({"home_dir": home})).await;
    share(&fixture, &json!({})).await;
    let visit = read(&fixture).await.expect("in");
    let fs = visit.fs();
    assert_eq!(get(&fs, "/in/near/f").await.expect("inside"), b"data");
    for away in ["/in/away/f", "/in/file"] {
        assert_eq!(rule(&get(&fs, away).await), Some("share"), "{away}");
    }
    assert_eq!(rule(&names(&fs, "/in/away").await), Some("share"));
    assert_eq!(rule(&put(&fs, "/in/away/g", b"x").await), Some("share"));
    assert_eq!(rule(&fs.create_directory(&path("/in/away/g")).await), Some("share"));
    assert!(visit.entry(&path("/in/near")).await.expect("entry").is_symlink());
    // A link of that name is a name that is taken.
    put(&fs, "/in/file", b"mine").await.expect("upload");
    assert_eq!(std::fs::read(format!("{home}/out/d/f")).expect("file"), b"secret");
    assert_eq!(std::fs::read(format!("{home}/in/file (1)")).expect("file"), b"mine");
    // The owner may share a link.
    share(&fixture, &json!({"paths": ["/door"]})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(get(&fs, "/door/d/f").await.expect("inside"), b"data");
    assert_eq!(rule(&get(&fs, "/door/away/f").await), Some("share"));
}

// ACC-374, API-188: whatever a link is called, what it leads to counts.
#[tokio::test]
async fn what_may_not_be_shared_is_not_reached_along_links() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    std::fs::create_dir_all(format!("{home}/in/d/private")).expect("directory");
    std::fs::write(format!("{home}/in/d/private/f"), b"private").expect("file");
    std::fs::write(format!("{home}/in/d/g"), b"data").expect("file");
    for (target, link) in [("d", "in/near"), ("d/private", "in/open"), ("d/private/f", "in/file")] {
        std::os::unix::fs::symlink(target, format!("{home}/{link}")).expect("link");
    }
    let fields = json!({"home_dir": home, "filters": {"denied_share_paths": ["/in/d/private"]}});
    fixture.user("alice", fields).await;
    share(&fixture, &json!({})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(get(&fs, "/in/near/g").await.expect("may be shared"), b"data");
    assert_eq!(names(&fs, "/in/near").await.expect("list"), ["g"]);
    for denied in ["/in/open/f", "/in/file", "/in/near/private/f"] {
        assert_eq!(rule(&get(&fs, denied).await), Some("filters.denied_share_paths"), "{denied}");
    }
    assert_eq!(rule(&names(&fs, "/in/open").await), Some("filters.denied_share_paths"));
    for denied in ["/in/open/x", "/in/near/private/x", "/in/near/private"] {
        assert_eq!(rule(&put(&fs, denied, b"x").await), Some("filters.denied_share_paths"), "{denied}");
    }
    assert_eq!(rule(&fs.create_directory(&path("/in/open/x")).await), Some("filters.denied_share_paths"));
    assert_eq!(std::fs::read_dir(format!("{home}/in/d/private")).expect("directory").count(), 1);
}

// API-183: its owner may share a link.
#[tokio::test]
async fn a_shared_link_is_what_it_leads_to() {
    let fixture = Fixture::new().await;
    let home = fixture.directory("home");
    std::fs::create_dir_all(format!("{home}/in")).expect("directory");
    std::fs::write(format!("{home}/in/f"), b"data").expect("file");
    std::os::unix::fs::symlink("in", format!("{home}/door")).expect("link");
    fixture.user("alice", json!({"home_dir": home})).await;
    share(&fixture, &json!({"paths": ["/door"]})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert!(fs.stat(&path("/door"), false).await.expect("stat").is_directory());
}

// API-226: whoever reads just then is cut off.
#[tokio::test]
async fn the_end_of_a_share_ends_its_visits() {
    let fixture = house(json!({}), json!({})).await;
    let (visit, owner) = (read(&fixture).await.expect("in"), fixture.session("alice").await);
    let download = visit.fs().open_read(&path("/in/f")).await.expect("open");
    assert_eq!(download.read_at(0, 4).await.expect("read"), &b"data"[..]);
    crate::shares::end(&fixture.core, ID).await.expect("deleted");
    assert!(visit.fs().ended().is_cancelled() && !owner.ended().is_cancelled());
    assert_eq!(visit.fs().list(&path("/in")).await.map(drop), Err(Error::Cancelled));
}

// ACC-374
#[tokio::test]
async fn what_may_not_be_shared_is_not_reached_from_above() {
    let fields = json!({"filters": {"denied_share_paths": ["/in/private"]}});
    let fixture = house(fields, json!({})).await;
    fixture.memory("alice").put(&path("/in/private/f"), b"x");
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(names(&fs, "/in").await.expect("list"), ["f"]);
    assert!(get(&fs, "/in/private/f").await.is_err() && fs.list(&path("/in/private")).await.is_err());
}

#[tokio::test]
async fn folders_mounted_in_a_share_belong_to_it() {
    let fixture = Fixture::new().await;
    fixture.folder("one", "/memory/one").await;
    fixture.user("alice", json!({"virtual_folders": [{"name": "one", "virtual_path": "/in/v", "subpath": "/s"}]})).await;
    fixture.memory("alice").put(&path("/in/f"), b"data");
    fixture.storages.memory("/memory/one").put(&path("/s/g"), b"more");
    fixture.storages.memory("/memory/one").put(&path("/h"), b"secret");
    share(&fixture, &json!({})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(names(&fs, "/in").await.expect("list"), ["f", "v"]);
    assert_eq!(get(&fs, "/in/v/g").await.expect("read"), b"more");
    put(&fs, "/in/v/g", b"mine").await.expect("upload");
    assert_eq!(names(&fs, "/in/v").await.expect("list"), ["g", "g (1)"]);
    share(&fixture, &json!({"paths": ["/in/v"]})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(names(&fs, "/in/v").await.expect("list"), ["g", "g (1)"]);
}

// API-193
#[tokio::test]
async fn a_file_of_the_same_name_stays() {
    let fixture = house(json!({"quota_files": 100}), json!({})).await;
    let fs = read(&fixture).await.expect("in").fs();
    for content in [&b"one"[..], b"two"] {
        put(&fs, "/in/f", content).await.expect("upload");
    }
    assert_eq!(names(&fs, "/in").await.expect("list"), ["f", "f (1)", "f (2)"]);
    assert_eq!(get(&fs, "/in/f").await.expect("read"), b"data");
    assert_eq!(get(&fs, "/in/f (2)").await.expect("read"), b"two");
    assert_eq!(fixture.used("alice").await.files, 2);
    let events = fixture.events().await;
    assert!(events.iter().any(|event| event.action == "upload" && event.virtual_path == "/in/f (2)"), "{events:?}");
    // A directory has no name beside it.
    fixture.memory("alice").put(&path("/in/d/x"), b"x");
    assert_eq!(put(&fs, "/in/d", b"x").await.err(), Some(Error::Unsupported));
    assert_eq!(put(&fs, "/in", b"x").await.err(), Some(Error::Unsupported));
}

// API-193
#[tokio::test]
async fn writers_of_one_name_at_once_all_keep_their_files() {
    let fixture = house(json!({}), json!({})).await;
    let fs = read(&fixture).await.expect("in").fs();
    let mut uploads = Vec::new();
    for number in 0..20_u8 {
        let upload = fs.open_write(&path("/in/g.txt"), PUT).await.expect("open");
        upload.write_at(0, Bytes::from(vec![number])).await.expect("write");
        uploads.push(upload);
    }
    let mut commits = tokio::task::JoinSet::new();
    uploads.into_iter().for_each(|upload| drop(commits.spawn(upload.commit())));
    assert!(commits.join_all().await.iter().all(Result::is_ok));
    let found = names(&fs, "/in").await.expect("list");
    assert_eq!(found.iter().filter(|name| name.starts_with('g')).count(), 20);
    let mut contents = Vec::new();
    for name in found.iter().filter(|name| name.starts_with('g')) {
        contents.extend(get(&fs, &format!("/in/{name}")).await.expect("read"));
    }
    contents.sort_unstable();
    assert_eq!(contents, (0..20).collect::<Vec<u8>>());
}

// API-193, UPL-005: what breaks off leaves nothing, and what the owner left unfinished is the owner's.
#[tokio::test]
async fn broken_uploads_of_visitors_leave_nothing() {
    let fixture = house(json!({}), json!({})).await;
    let owner = fixture.session("alice").await;
    give_up(&owner.fs(), "/in/big", b"half of").await;
    fixture.settled().await;
    let fs = read(&fixture).await.expect("in").fs();
    give_up(&fs, "/in/new", b"half").await;
    give_up(&fs, "/in/big", b"other").await;
    fixture.settled().await;
    assert_eq!(names(&fs, "/in").await.expect("list"), ["f"]);
    let (partials, _) = fixture.rows("alice").await;
    assert_eq!(partials.iter().map(|row| row.size).collect::<Vec<_>>(), [7]);
    put(&fs, "/in/big", b"whole").await.expect("upload");
    assert_eq!(names(&fs, "/in").await.expect("list"), ["big (1)", "f"]);
    assert_eq!(fixture.rows("alice").await.0.len(), 1);
}

// API-183, API-184, API-186, API-199
#[tokio::test]
async fn a_share_knows_what_its_paths_are() {
    let fixture = house(json!({}), json!({})).await;
    let visit = read(&fixture).await.expect("in");
    assert_eq!(visit.directory().await, Ok(&path("/in")));
    assert_eq!(visit.inside(b"/d/../f").await, Ok(path("/in/f")));
    assert_eq!(visit.inside(b"../in/f").await, Err(VisitError::Outside));
    assert!(visit.single_file().await.expect("looked").is_none());
    share(&fixture, &json!({"scope": 1, "paths": ["/in/f"]})).await;
    let visit = read(&fixture).await.expect("in");
    assert_eq!(visit.directory().await, Err(VisitError::NotOneDirectory));
    assert_eq!(visit.single_file().await.expect("looked").expect("file").1.size, 4);
    share(&fixture, &json!({"scope": 1, "paths": ["/in", "/secret"]})).await;
    let visit = read(&fixture).await.expect("in");
    assert_eq!(visit.directory().await, Err(VisitError::NotOneDirectory));
    assert_eq!(get(&visit.fs(), "/secret").await.expect("read"), b"secret");
    share(&fixture, &json!({"paths": ["/gone"]})).await;
    assert_eq!(read(&fixture).await.expect("in").directory().await, Err(VisitError::Other(Error::NotFound)));
}

// ACC-154, ACC-306, API-182
#[tokio::test]
async fn visitors_have_no_more_than_their_owner() {
    let fixture = house(json!({"permissions": {"/": ["list"]}}), json!({})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(rule(&get(&fs, "/in/f").await), Some("permissions"));
    assert_eq!(rule(&put(&fs, "/in/g", b"x").await), Some("permissions"));
    let fixture = house(json!({"filters": {"web_client": ["write-disabled"]}}), json!({})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(rule(&put(&fs, "/in/g", b"x").await), Some("write-disabled"));
    let fixture = house(json!({"quota_size": 3}), json!({})).await;
    let fs = read(&fixture).await.expect("in").fs();
    assert_eq!(put(&fs, "/in/g", b"data").await.err(), Some(Error::Quota));
}

// API-182, AUD-002: the visitor's address, the owner's name.
#[tokio::test]
async fn events_name_owner_and_visitor() {
    let fixture = house(json!({}), json!({})).await;
    let visit = read(&fixture).await.expect("in");
    let listed = fixture.core.0.registry.statuses(|_| true);
    assert_eq!((listed.len(), listed[0].protocol.as_str(), listed[0].username.as_str()), (1, "HTTPShare", "alice"));
    get(&visit.fs(), "/in/f").await.expect("read");
    let event = fixture.events().await.remove(0);
    assert_eq!((event.username.as_str(), event.protocol.as_str(), event.ip.as_str()), ("alice", "HTTPShare", "198.51.100.7"));
    assert_eq!(event.external_username, "");
}
