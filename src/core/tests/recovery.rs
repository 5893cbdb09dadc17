//! Start-up after a crash: each intent is brought to an end, and quota, disk and audit agree again.

use std::collections::HashMap;

use entrepot_storage::{Backend, StageOptions};
use entrepot_store::{IntentEnd, QuotaChange, QuotaOwner, Settlement, UploadIntent, UploadState};
use serde_json::{Value, json};

use super::{
    client::{RESUME, get, path, size, usage},
    fixture::{Fixture, Remains},
};

/// The row of an upload to `/f` that had begun.
fn intent(id: &str) -> UploadIntent {
    UploadIntent {
        id: id.to_owned(),
        username: "alice".to_owned(),
        backend_path: b"/f".to_vec(),
        virtual_path: b"/f".to_vec(),
        protocol: "SFTP".to_owned(),
        ip: "192.0.2.9".to_owned(),
        session_id: "SFTP_before".to_owned(),
        created_at: 1_728_302_000_000,
        updated_at: 1_728_302_000_000,
        ..UploadIntent::default()
    }
}

fn limited() -> Value {
    json!({ "quota_size": 1000 })
}

/// The storage of alice with a file staged under `id`; answers its identity.
async fn stage(remains: &Remains, home: &str, id: &str, data: &'static [u8]) -> Option<(u64, u64)> {
    let storage = remains.storages.memory(home);
    let options = StageOptions { id: id.to_owned(), ..StageOptions::default() };
    let file = storage.stage(&path("/f"), options).await.expect("stage");
    file.write_at(0, data.into()).await.expect("write");
    file.metadata().await.expect("metadata").identity.map(|identity| (identity.device, identity.inode))
}

async fn last_upload(fixture: &Fixture) -> (i64, i64, String, String) {
    let event = fixture.events().await.pop().expect("event");
    assert_eq!((event.action.as_str(), event.virtual_path.as_str(), event.username.as_str()), ("upload", "/f", "alice"));
    (event.status, event.file_size, event.session_id, event.ip)
}

// A crash between the removal of a partial and its settlement.
#[tokio::test]
async fn partial_that_is_gone_is_not_charged() {
    let remains = Remains::new();
    remains.user("alice", limited()).await;
    let left = UploadIntent { state: UploadState::Partial, size: 4, charged_size: 4, charged_files: 1, ..intent("u1") };
    let charge = QuotaChange { owner: QuotaOwner::User("alice".to_owned()), files: 1, size: 4 };
    let partial = IntentEnd::Partial(Box::new(left));
    let settlement = Settlement { intent: partial, quota: vec![charge], ..Settlement::default() };
    remains.store.transfers().settle(settlement).await.expect("settled");
    let fixture = remains.start().await;
    assert_eq!((fixture.used("alice").await, fixture.rows("alice").await.0.len()), (usage(0, 0), 0));
}

#[tokio::test]
async fn upload_that_was_running_is_a_partial() {
    let remains = Remains::new();
    remains.user("alice", limited()).await;
    let identity = stage(&remains, "/memory/alice", "u1", b"0123").await;
    remains.store.transfers().begin(UploadIntent { identity, ..intent("u1") }).expect("intent");
    let fixture = remains.start().await;
    assert_eq!(fixture.used("alice").await, usage(1, 4));
    assert_eq!(last_upload(&fixture).await, (2, 4, "SFTP_before".to_owned(), "192.0.2.9".to_owned()));
    let session = fixture.session("alice").await;
    assert_eq!(size(&session.fs(), "/f").await, Some(4));
    let upload = session.fs().open_write(&path("/f"), RESUME).await.expect("resume");
    upload.write_at(4, (&b"45"[..]).into()).await.expect("write");
    upload.commit().await.expect("commit");
    assert_eq!(get(&session.fs(), "/f").await.expect("read"), b"012345");
    assert_eq!(fixture.used("alice").await, usage(1, 6));
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
}

// API-190: the process ended in the middle of what two visitors sent; one had just got its name.
#[tokio::test]
async fn uploads_through_a_share_that_came_to_nothing_give_their_uses_back() {
    const SHARE: &str = "abcdefghijklmnopqrstuv";
    let remains = Remains::new();
    remains.user("alice", limited()).await;
    let share = json!({
        "id": SHARE, "name": "plans", "scope": 2, "paths": ["/"], "username": "alice", "max_tokens": 3, "used_tokens": 3,
    });
    remains.store.shares().restore(serde_json::from_value(share).expect("share"), 1).await.expect("stored");
    let through = |id: &str, identity| UploadIntent {
        protocol: "HTTPShare".to_owned(),
        share: Some(SHARE.to_owned()),
        identity,
        ..intent(id)
    };
    let staged = stage(&remains, "/memory/alice", "u1", b"0123").await;
    let storage = remains.storages.memory("/memory/alice");
    storage.put(&path("/done"), b"45");
    let done = storage.stat(&path("/done"), false).await.expect("stat").identity;
    let published = UploadIntent {
        backend_path: b"/done".to_vec(),
        virtual_path: b"/done".to_vec(),
        ..through("u3", done.map(|identity| (identity.device, identity.inode)))
    };
    for row in [through("u1", staged), through("u2", Some((7, 7))), published] {
        remains.store.transfers().begin(row).expect("intent");
    }
    let fixture = remains.start().await;
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    let share = fixture.store.shares().get(SHARE).await.expect("read").expect("share");
    assert_eq!(share.used_tokens, 1, "that of the file that is there");
}

#[tokio::test]
async fn upload_that_was_renamed_and_not_settled_is_settled() {
    for replaced in [None, Some(3)] {
        let remains = Remains::new();
        remains.user("alice", limited()).await;
        if let Some(size) = replaced {
            remains.store.users().add_usage("alice", 1, size, 1).await.expect("usage");
        }
        let identity = stage(&remains, "/memory/alice", "u1", b"01234").await;
        let storage = remains.storages.memory("/memory/alice");
        storage.rename(&path("/.entrepot-u1"), &path("/f"), true).await.expect("rename");
        let row = UploadIntent { identity, replaced_size: replaced, state: UploadState::Committing, ..intent("u1") };
        remains.store.transfers().begin(row).expect("intent");
        let fixture = remains.start().await;
        assert_eq!(fixture.used("alice").await, usage(1, 5));
        assert_eq!(last_upload(&fixture).await.0, 1);
        assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    }
}

// The file under the name is another one: nothing of this upload remained, and what is there is not touched.
#[tokio::test]
async fn upload_of_which_nothing_remained_gives_back_what_it_was_charged() {
    let remains = Remains::new();
    remains.user("alice", limited()).await;
    remains.store.users().add_usage("alice", 2, 10, 1).await.expect("usage");
    remains.storages.memory("/memory/alice").put(&path("/f"), b"other");
    let row = UploadIntent { identity: Some((7, 7)), charged_size: 5, charged_files: 1, ..intent("u1") };
    remains.store.transfers().begin(row).expect("intent");
    let fixture = remains.start().await;
    assert_eq!(fixture.used("alice").await, usage(1, 5));
    assert_eq!(last_upload(&fixture).await.0, 2);
    assert_eq!(fixture.memory("alice").get(&path("/f")).as_deref(), Some(&b"other"[..]));
}

// Object stores have no identity: the size that was about to be published tells.
#[tokio::test]
async fn object_that_was_published_is_known_by_its_size() {
    for (published, expected) in [(&b"01234567"[..], usage(1, 8)), (b"another", usage(0, 0))] {
        let remains = Remains::new();
        remains.user("alice", json!({ "quota_size": 1000, "home_dir": "/object/alice" })).await;
        remains.storages.memory("/object/alice").put(&path("/f"), published);
        let row = UploadIntent { size: 8, state: UploadState::Committing, ..intent("u1") };
        remains.store.transfers().begin(row).expect("intent");
        let fixture = remains.start().await;
        assert_eq!(fixture.used("alice").await, expected);
    }
}

#[tokio::test]
async fn storage_that_is_away_keeps_its_intents_for_the_next_start() {
    let remains = Remains::new();
    remains.user("alice", limited()).await;
    let identity = stage(&remains, "/memory/alice", "u1", b"0123").await;
    remains.store.transfers().begin(UploadIntent { identity, ..intent("u1") }).expect("intent");
    let (store, storages) = (remains.store.clone(), remains.storages.clone());
    storages
        .memory("/memory/alice")
        .faults()
        .fail_always(entrepot_storage::memory::Operation::Partial, entrepot_storage::ErrorKind::Timeout);
    let fixture = remains.start().await;
    assert_eq!(fixture.rows("alice").await.1.len(), 1);
    storages.memory("/memory/alice").faults().clear();
    let again = Remains { store, storages, ..Remains::new() }.start().await;
    assert_eq!(again.rows("alice").await.1.len(), 0);
    assert_eq!(again.used("alice").await, usage(1, 4));
}

#[tokio::test]
async fn intent_of_a_user_who_is_gone_is_forgotten() {
    let remains = Remains::new();
    remains.store.transfers().begin(intent("u1")).expect("intent");
    let fixture = remains.start().await;
    assert_eq!(fixture.rows("alice").await, (vec![], vec![]));
    assert!(fixture.events().await.is_empty());
}

// Two uploads of one name were running: one partial is kept, the other is gone from disk, database and quota.
#[tokio::test]
async fn two_uploads_of_one_name_leave_one_partial() {
    let remains = Remains::new();
    remains.user("alice", limited()).await;
    for (id, data, at) in [("u1", &b"0123456"[..], 1_728_302_000_000), ("u2", b"abc", 1_728_302_000_001)] {
        let identity = stage(&remains, "/memory/alice", id, data).await;
        let row = UploadIntent { identity, created_at: at, ..intent(id) };
        remains.store.transfers().begin(row).expect("intent");
    }
    let fixture = remains.start().await;
    assert_eq!(fixture.used("alice").await, usage(1, 3), "the later one");
    assert_eq!(fixture.rows("alice").await.0.len(), 1);
    assert_eq!(fixture.memory("alice").paths(), [b"/.entrepot-u2".to_vec()]);
}

// What a real upload leaves in the database is what the replay needs: a crash at each step of its life.
#[tokio::test]
async fn crash_at_each_step_of_an_upload_keeps_the_invariants() {
    for step in ["opened", "written", "renamed"] {
        let remains = Remains::new();
        remains.user("alice", limited()).await;
        let (store, storages) = (remains.store.clone(), remains.storages.clone());
        let fixture = remains.start().await;
        let session = fixture.session("alice").await;
        super::client::put(&session.fs(), "/f", b"old").await.expect("old");
        let upload = session.fs().open_write(&path("/f"), super::client::PUT).await.expect("open");
        if step != "opened" {
            upload.write_at(0, (&b"newer"[..]).into()).await.expect("write");
        }
        fixture.store.flush().await.expect("flush");
        if step == "renamed" {
            let memory = storages.memory("/memory/alice");
            let hidden = memory.paths().into_iter().find(|name| name.starts_with(b"/.")).expect("hidden");
            memory.rename(&path(&String::from_utf8_lossy(&hidden)), &path("/f"), true).await.expect("rename");
        }
        // The process is gone: nobody settles the lease.
        std::mem::forget(upload);
        let again = Remains { store, storages, ..Remains::new() }.start().await;
        let content = again.memory("alice").get(&path("/f")).expect("a whole file");
        assert_eq!(content, if step == "renamed" { &b"newer"[..] } else { b"old" }, "{step}");
        check_sum(&again, step).await;
        let uploads = again.actions().await.into_iter().filter(|row| row.0 == "upload").map(|row| row.2).collect::<Vec<_>>();
        assert_eq!(uploads, [1, if step == "renamed" { 1 } else { 2 }], "{step}");
    }
}

async fn check_sum(fixture: &Fixture, step: &str) {
    let memory = fixture.memory("alice");
    let mut sizes = HashMap::new();
    for name in memory.paths() {
        let data = memory.get(&path(&String::from_utf8_lossy(&name))).unwrap_or_default();
        sizes.insert(name, i64::try_from(data.len()).expect("size"));
    }
    let expected = usage(i64::try_from(sizes.len()).expect("count"), sizes.values().sum());
    assert_eq!(fixture.used("alice").await, expected, "{step}: {sizes:?}");
}
