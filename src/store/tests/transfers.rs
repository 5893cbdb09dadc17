//! Intents and settlements.

use super::{NOW, folder, on_disk, user};
use crate::{
    FirstTransfer, IntentEnd, OutboxEvent, QuotaChange, QuotaOwner, Settlement, Store, TransferDirection, TransferUsage,
    UploadIntent, UploadState,
};
use entrepot_model::event::FsEvent;

fn intent(id: &str) -> UploadIntent {
    UploadIntent {
        id: id.into(),
        username: "alice".into(),
        backend_path: b"dir/\xff.bin".to_vec(),
        virtual_path: b"/dir/\xff.bin".to_vec(),
        replaced_size: Some(7),
        token: vec![0, 1, 255],
        protocol: "SFTP".into(),
        ip: "192.0.2.1".into(),
        session_id: "SFTP_1".into(),
        share: Some("abcdefghijklmnopqrstuv".into()),
        created_at: NOW,
        updated_at: NOW,
        ..UploadIntent::default()
    }
}

fn event(id: &str) -> OutboxEvent {
    let event = FsEvent {
        id: id.into(),
        timestamp: NOW * 1_000_000,
        action: "upload".into(),
        username: "alice".into(),
        ..FsEvent::default()
    };
    OutboxEvent::fs(&event).expect("event")
}

async fn searchable(store: &Store) -> usize {
    while store.events().move_outbox().await.expect("move") > 0 {}
    store.events().search_fs(crate::FsEventFilter::default()).await.expect("search").len()
}

#[tokio::test]
async fn intent_is_stored_as_it_is_and_found_after_a_crash() {
    let (_directory, store) = on_disk();
    let transfers = store.transfers();
    transfers.begin(intent("b")).expect("begin");
    transfers.begin(intent("a")).expect("begin");
    store.flush().await.expect("flush");
    assert_eq!(transfers.get("b").await.expect("get"), Some(intent("b")));
    let changed = UploadIntent { state: UploadState::Committing, size: 50, ..intent("a") };
    transfers.begin(changed).expect("begin");
    transfers.barrier().await.expect("barrier");
    let open = transfers.list_open().await.expect("list");
    let states: Vec<_> = open.iter().map(|intent| (intent.id.as_str(), intent.state, intent.size)).collect();
    assert_eq!(states, [("a", UploadState::Committing, 50), ("b", UploadState::Open, 0)]);
}

#[tokio::test]
async fn partial_is_found_by_place_and_age() {
    let (_directory, store) = on_disk();
    let transfers = store.transfers();
    transfers.begin(intent("a")).expect("begin");
    store.flush().await.expect("flush");
    let path = intent("a").backend_path;
    assert_eq!(transfers.find_partial("alice", None, &path).await.expect("find"), None, "it is open");
    let mut partial = intent("a");
    partial.size = 30;
    partial.charged_size = 30;
    partial.charged_files = 1;
    let settlement = Settlement { intent: IntentEnd::Partial(Box::new(partial)), now: NOW + 5, ..Settlement::default() };
    transfers.settle(settlement).await.expect("settle");
    let found = transfers.find_partial("alice", None, &path).await.expect("find").expect("partial");
    assert_eq!((found.state, found.charged_files, found.updated_at), (UploadState::Partial, 1, NOW + 5));
    for (username, folder) in [("bob", None), ("alice", Some("f"))] {
        assert_eq!(transfers.find_partial(username, folder, &path).await.expect("find"), None);
    }
    assert!(transfers.list_open().await.expect("list").is_empty());
    assert_eq!(transfers.list_partials("alice").await.expect("list").len(), 1);
    assert!(transfers.list_partials_older_than(NOW + 5).await.expect("list").is_empty());
    assert_eq!(transfers.list_partials_older_than(NOW + 6).await.expect("list").len(), 1);
}

// decisions 2: one transaction settles quota, writes the outbox row, deletes the intent.
#[tokio::test]
async fn settlement_writes_everything_at_once() {
    let (_directory, store) = on_disk();
    store.users().insert(user("alice"), None, NOW).await.expect("insert");
    store.folders().insert(folder("f")).await.expect("insert");
    let transfers = store.transfers();
    transfers.begin(intent("a")).expect("begin");
    store.flush().await.expect("flush");
    let change = |owner, files, size| QuotaChange { owner, files, size };
    let settlement = Settlement {
        intent: IntentEnd::Delete("a".into()),
        quota: vec![
            change(QuotaOwner::User("alice".into()), 1, 50),
            change(QuotaOwner::Folder("f".into()), -3, 60),
            change(QuotaOwner::User("gone".into()), 1, 1),
        ],
        transfer: Some(TransferUsage { username: "alice".into(), upload: 50, download: 0 }),
        first: Some(FirstTransfer {
            username: "alice".into(),
            direction: TransferDirection::Upload,
            event: Some(event("first")),
        }),
        events: vec![event("one")],
        now: NOW + 9,
    };
    let settled = transfers.settle(settlement.clone()).await.expect("settle");
    assert!(settled.first_transfer && !settled.intent_missing);
    assert_eq!(transfers.get("a").await.expect("get"), None);
    let usage = store.users().usage("alice").await.expect("usage").expect("alice");
    assert_eq!((usage.used_quota_files, usage.used_quota_size, usage.used_upload_data_transfer), (1, 50, 50));
    assert_eq!((usage.first_upload, usage.last_quota_update), (NOW + 9, NOW + 9));
    let usage = store.folders().usage("f").await.expect("usage").expect("f");
    assert_eq!((usage.used_quota_files, usage.used_quota_size), (0, 60));
    assert_eq!(searchable(&store).await, 2);

    // ACC-071: the second transfer is not the first, and its event is not recorded.
    let again = Settlement {
        events: Vec::new(),
        first: settlement.first.map(|first| FirstTransfer { event: Some(event("first-again")), ..first }),
        ..Settlement::default()
    };
    let settled = transfers.settle(again).await.expect("settle");
    assert!(!settled.first_transfer);
    assert_eq!(searchable(&store).await, 2);
}

#[tokio::test]
async fn settlement_of_a_settled_upload_is_told() {
    let (_directory, store) = on_disk();
    let settlement = Settlement { intent: IntentEnd::Delete("gone".into()), ..Settlement::default() };
    assert!(store.transfers().settle(settlement).await.expect("settle").intent_missing);
}

#[tokio::test]
async fn submitted_settlement_is_stored_before_later_writes() {
    let (_directory, store) = on_disk();
    let transfers = store.transfers();
    transfers.begin(intent("a")).expect("begin");
    let settlement = Settlement { intent: IntentEnd::Delete("a".into()), events: vec![event("one")], ..Settlement::default() };
    transfers.submit_settle(settlement).expect("submit");
    store.flush().await.expect("flush");
    assert_eq!(transfers.get("a").await.expect("get"), None);
    assert_eq!(searchable(&store).await, 1);
}

/// Copies what lies on the disk, as a killed process leaves it, and opens the copy.
fn after_kill(directory: &std::path::Path) -> (tempfile::TempDir, Store) {
    let copy = tempfile::tempdir().expect("directory");
    for entry in std::fs::read_dir(directory).expect("read") {
        let entry = entry.expect("entry");
        if !entry.file_name().to_string_lossy().ends_with(".lock") {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("copy");
        }
    }
    let store = Store::open(crate::StoreOptions::new(copy.path())).expect("open");
    (copy, store)
}

fn journal(directory: &std::path::Path) -> std::path::PathBuf {
    directory.join("uploads.journal")
}

#[tokio::test]
async fn upload_that_began_a_moment_before_a_kill_is_found_and_a_settled_one_is_not() {
    let (directory, store) = on_disk();
    let transfers = store.transfers();
    transfers.begin(intent("settled")).expect("begin");
    let end = Settlement { intent: IntentEnd::Delete("settled".into()), ..Settlement::default() };
    transfers.settle(end).await.expect("settle");
    // The line of the settled one is still in the journal; the other is not in the database yet.
    transfers.begin(intent("running")).expect("begin");
    let (_copy, again) = after_kill(directory.path());
    let open = again.transfers().list_open().await.expect("list");
    assert_eq!(open.iter().map(|intent| intent.id.as_str()).collect::<Vec<_>>(), ["running"]);
    assert_eq!(open[0], intent("running"));
}

#[tokio::test]
async fn upload_that_was_announced_and_never_began_is_told_once() {
    let (directory, store) = on_disk();
    let transfers = store.transfers();
    for id in ["begun", "withdrawn", "killed"] {
        transfers.announce(&intent(id)).expect("announced");
    }
    transfers.withdraw("withdrawn");
    transfers.begin(intent("begun")).expect("begin");
    assert!(transfers.take_unbegun().is_empty());
    let (_copy, again) = after_kill(directory.path());
    let unbegun = again.transfers().take_unbegun();
    assert_eq!(unbegun.iter().map(|intent| intent.id.as_str()).collect::<Vec<_>>(), ["killed", "withdrawn"]);
    assert!(again.transfers().take_unbegun().is_empty());
    assert_eq!(again.transfers().list_open().await.expect("list").len(), 1);
}

// API-156: the next piece begins before the settlement of the one before is stored.
#[tokio::test]
async fn kill_between_two_pieces_leaves_what_quota_was_charged() {
    let (directory, store) = on_disk();
    store.users().insert(user("alice"), None, NOW).await.expect("insert");
    let transfers = store.transfers();
    for piece in 0..20 {
        transfers.begin(UploadIntent { charged_size: piece * 4, charged_files: piece.min(1), ..intent("a") }).expect("begin");
        let left = UploadIntent { size: piece * 4 + 4, charged_size: piece * 4 + 4, charged_files: 1, ..intent("a") };
        let change = QuotaChange { owner: QuotaOwner::User("alice".into()), files: i64::from(piece == 0), size: 4 };
        let intent = IntentEnd::Partial(Box::new(left));
        transfers.submit_settle(Settlement { intent, quota: vec![change], ..Settlement::default() }).expect("submit");
        if piece == 9 {
            store.flush().await.expect("flush");
        }
    }
    transfers.begin(UploadIntent { charged_size: 80, charged_files: 1, ..intent("a") }).expect("begin");
    let (_copy, again) = after_kill(directory.path());
    let left = again.transfers().get("a").await.expect("get").expect("the upload is known");
    let used = again.users().usage("alice").await.expect("usage").expect("alice");
    assert!(left.charged_size >= 40, "{left:?}");
    assert_eq!((used.used_quota_files, used.used_quota_size), (left.charged_files, left.charged_size));
}

#[tokio::test]
async fn journal_cut_anywhere_opens() {
    let (directory, store) = on_disk();
    for id in ["a", "b"] {
        store.transfers().begin(intent(id)).expect("begin");
    }
    let text = std::fs::read(journal(directory.path())).expect("read");
    store.shutdown().await.expect("shutdown");
    for cut in (0..text.len()).step_by(37) {
        let (copy, again) = after_kill(directory.path());
        again.shutdown().await.expect("shutdown");
        std::fs::write(journal(copy.path()), &text[..cut]).expect("write");
        Store::open(crate::StoreOptions::new(copy.path())).expect("open");
    }
}

#[tokio::test]
async fn journal_stays_small_however_much_passes() {
    let (directory, store) = on_disk();
    for number in 0..3000 {
        let id = format!("upload-{number}");
        store.transfers().announce(&intent(&id)).expect("announced");
        if number % 10 == 0 {
            store.transfers().withdraw(&id);
            continue;
        }
        store.transfers().begin(intent(&id)).expect("begin");
        let end = Settlement { intent: IntentEnd::Delete(id), ..Settlement::default() };
        store.transfers().submit_settle(end).expect("submit");
        if number % 100 == 1 {
            store.flush().await.expect("flush");
        }
    }
    store.flush().await.expect("flush");
    let bytes = std::fs::metadata(journal(directory.path())).expect("metadata").len();
    assert!(bytes < 512 << 10, "{bytes}");
    assert!(store.transfers().list_open().await.expect("list").is_empty());
}
