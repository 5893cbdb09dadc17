//! Uploads in several requests.

use entrepot_model::Share;

use super::{NOW, on_disk, user};
use crate::{IntentEnd, ObjectKind, ResumableUpload, Settlement, Store, StoreError, UploadIntent};

fn upload(id: &str) -> ResumableUpload {
    ResumableUpload {
        id: id.into(),
        username: "alice".into(),
        share: None,
        virtual_path: b"/d/\xff".to_vec(),
        length: 10,
        metadata: "path L2Q=".into(),
        modified_at: Some(-5),
        completed: false,
        created_at: NOW,
        expires_at: NOW + 100,
    }
}

async fn with_alice(store: &Store) {
    store.users().insert(user("alice"), None, NOW).await.expect("user");
}

async fn publish(store: &Store, id: &str, size: i64) {
    store.transfers().begin(UploadIntent { id: id.into(), username: "alice".into(), ..UploadIntent::default() }).expect("begin");
    let settlement = Settlement { intent: IntentEnd::Publish { id: id.into(), size }, ..Settlement::default() };
    assert!(!store.transfers().settle(settlement).await.expect("settle").intent_missing);
    assert_eq!(store.transfers().get(id).await.expect("get"), None);
}

// API-158
#[tokio::test]
async fn what_was_announced_is_found_by_id_path_and_age() {
    let (_directory, store) = on_disk();
    with_alice(&store).await;
    let uploads = store.resumable_uploads();
    let nobody = ResumableUpload { username: "bob".into(), ..upload("x") };
    let refused = uploads.put(nobody).await;
    assert_eq!(refused, Err(StoreError::Reference { kind: ObjectKind::User, name: "bob".into() }));
    uploads.put(upload("a")).await.expect("put");
    uploads.put(ResumableUpload { virtual_path: b"/e".to_vec(), expires_at: NOW + 50, ..upload("b") }).await.expect("put");
    assert_eq!(uploads.get("a").await.expect("get"), Some(upload("a")));
    assert_eq!(uploads.unfinished("alice", b"/d/\xff").await.expect("list"), [upload("a")]);
    assert_eq!(uploads.count("alice", None).await.expect("count"), 2);
    let ids = |found: Vec<ResumableUpload>| found.into_iter().map(|upload| upload.id).collect::<Vec<_>>();
    assert_eq!(ids(uploads.expired(NOW + 50, None, 10).await.expect("list")), Vec::<String>::new());
    assert_eq!(ids(uploads.expired(NOW + 101, None, 10).await.expect("list")), ["b", "a"]);
    let first = uploads.expired(NOW + 101, None, 1).await.expect("list").pop().expect("the oldest");
    let second = uploads.expired(NOW + 101, Some(&first), 1).await.expect("list").pop().expect("the next");
    assert_eq!((first.id.as_str(), second.id.as_str()), ("b", "a"));
    assert_eq!(uploads.expired(NOW + 101, Some(&second), 1).await, Ok(vec![]));
    uploads.submit_expiry("b".into(), NOW + 200).expect("submit");
    store.flush().await.expect("flush");
    assert_eq!(ids(uploads.expired(NOW + 101, None, 10).await.expect("list")), ["a"]);
    assert!(uploads.delete("b").await.expect("delete") && !uploads.delete("b").await.expect("delete"));
}

// Decisions on uploads: whoever finishes the partial finishes the upload.
#[tokio::test]
async fn file_that_got_its_name_completes_the_upload_of_its_id() {
    let (_directory, store) = on_disk();
    with_alice(&store).await;
    let uploads = store.resumable_uploads();
    for id in ["right", "short"] {
        uploads.put(upload(id)).await.expect("put");
    }
    publish(&store, "right", 10).await;
    publish(&store, "short", 9).await;
    publish(&store, "unknown", 9).await;
    assert_eq!(uploads.get("right").await.expect("get"), Some(ResumableUpload { completed: true, ..upload("right") }));
    assert_eq!(uploads.get("short").await.expect("get"), None, "it is another file than was announced");
    assert_eq!((uploads.count("alice", None).await, uploads.unfinished("alice", b"/d/\xff").await), (Ok(0), Ok(vec![])));
}

#[tokio::test]
async fn uploads_end_with_their_account_and_their_share() {
    let (_directory, store) = on_disk();
    with_alice(&store).await;
    let share = Share { id: "s".into(), username: "alice".into(), scope: 2, paths: vec!["/".into()], ..Share::default() };
    store.shares().insert(share, NOW).await.expect("share");
    let uploads = store.resumable_uploads();
    uploads.put(upload("own")).await.expect("put");
    let shared = ResumableUpload { share: Some("s".into()), ..upload("shared") };
    uploads.put(shared.clone()).await.expect("put");
    assert_eq!(uploads.get("shared").await.expect("get"), Some(shared.clone()));
    assert_eq!(uploads.unfinished_through("s").await.expect("list"), std::slice::from_ref(&shared));
    // Of visitors and their host, none gives way to the other.
    assert_eq!(uploads.unfinished("alice", b"/d/\xff").await.expect("list"), [upload("own")]);
    assert_eq!((uploads.count("alice", None).await, uploads.count("alice", Some("s")).await), (Ok(1), Ok(1)));
    store.shares().delete("s").await.expect("deleted");
    assert_eq!(uploads.get("shared").await.expect("get"), None);
    store.users().delete("alice").await.expect("deleted");
    assert_eq!(uploads.get("own").await.expect("get"), None);
}

// API-159
#[tokio::test]
async fn what_comes_to_nothing_is_no_use_of_its_share() {
    let (_directory, store) = on_disk();
    with_alice(&store).await;
    let share = Share { id: "s".into(), username: "alice".into(), scope: 2, paths: vec!["/".into()], ..Share::default() };
    store.shares().insert(share, NOW).await.expect("share");
    store.shares().spend("s", 2, NOW).await.expect("spent");
    let uploads = store.resumable_uploads();
    for (id, completed) in [("whole", true), ("part", false)] {
        let upload = ResumableUpload { share: Some("s".into()), completed, ..upload(id) };
        uploads.put(upload).await.expect("put");
    }
    for (id, left) in [("whole", 2), ("part", 1), ("part", 1)] {
        uploads.delete(id).await.expect("delete");
        assert_eq!(store.shares().get("s").await.expect("get").expect("share").used_tokens, left, "{id}");
    }
}
