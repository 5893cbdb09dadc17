//! Quota scans beside everything else that goes on.

use bytes::Bytes;
use entrepot_model::quota::{QuotaUsage, TransferQuotaUsage};
use serde_json::json;

use super::{
    client::{PUT, RESUME, give_up, path, put, usage},
    fixture::Fixture,
};
use crate::{
    Error,
    admin::{
        AdminSession,
        quota::{self, UpdateMode},
    },
    quota::{QuotaOwner, Usage, reconcile_now},
};

fn system() -> AdminSession {
    AdminSession::system()
}

async fn scan(fixture: &Fixture, name: &str) {
    quota::start_user_scan(&fixture.core, &system(), name).await.expect("started");
    ended(fixture).await;
}

async fn scan_folder(fixture: &Fixture, name: &str) {
    quota::start_folder_scan(&fixture.core, &system(), name).await.expect("started");
    ended(fixture).await;
}

async fn ended(fixture: &Fixture) {
    while !fixture.core.0.scans.list().is_empty() {
        tokio::task::yield_now().await;
    }
}

/// Makes the figures wrong, as files that changed behind the server's back do.
async fn spoil(fixture: &Fixture, owner: QuotaOwner) {
    fixture.core.0.ledger.ensure(&owner, Usage::default()).replace(|_| usage(900, 9000), |_| ());
    fixture.store.transfers().submit_usage(owner, 900, 9000, 1).expect("submitted");
}

fn user(name: &str) -> QuotaOwner {
    QuotaOwner::User(name.into())
}

// QTA-009, QTA-008, ACC-285, ACC-286, ACC-278
#[tokio::test]
async fn scan_counts_own_storage_and_private_folders_once() {
    let fixture = Fixture::new().await;
    for name in ["private", "counted"] {
        fixture.folder(name, &format!("/memory/{name}")).await;
    }
    let mount = |name: &str, at: &str, sub: &str, quota: i64| json!({"name": name, "virtual_path": at, "subpath": sub, "quota_size": quota, "quota_files": quota});
    let folders = json!([mount("private", "/p", "", -1), mount("private", "/again", "/in", -1), mount("counted", "/c", "", 0)]);
    fixture.user("alice", json!({ "quota_size": 10_000, "virtual_folders": folders })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    fs.create_directory(&path("/d")).await.expect("directory");
    fs.create_directory(&path("/p/in")).await.expect("directory");
    for (name, size) in [("/a", 1), ("/d/b", 20), ("/p/f", 300), ("/p/in/g", 4000), ("/c/h", 7)] {
        put(&fs, name, &vec![0; size]).await.expect(name);
    }
    spoil(&fixture, user("alice")).await;
    spoil(&fixture, QuotaOwner::Folder("counted".into())).await;
    scan(&fixture, "alice").await;
    assert_eq!(fixture.used("alice").await, usage(4, 4321));
    assert_eq!(fixture.used_by_folder("counted").await, usage(900, 9000), "needs a scan of its own");
    scan_folder(&fixture, "counted").await;
    assert_eq!(fixture.used_by_folder("counted").await, usage(1, 7));
}

// ACC-279: what is kept of an upload counts, whether somebody goes on with it or not.
#[tokio::test]
async fn scan_counts_partials_as_they_were_charged() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    put(&fs, "/whole", b"12345").await.expect("whole");
    give_up(&fs, "/broken", b"1234567").await;
    give_up(&fs, "/resumed", b"123").await;
    fixture.settled().await;
    let resumed = fs.open_write(&path("/resumed"), RESUME).await.expect("resumed");
    resumed.write_at(3, Bytes::from_static(b"45")).await.expect("write");
    spoil(&fixture, user("alice")).await;
    scan(&fixture, "alice").await;
    assert_eq!(fixture.used("alice").await, usage(3, 15));
    resumed.commit().await.expect("commit");
    assert_eq!(fixture.used("alice").await, usage(3, 17));
}

// decisions on quota, QTA-002: what handles wrote in place is settled when they are closed.
#[tokio::test]
async fn scan_takes_files_open_in_place_as_quota_knows_them() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 1000 })).await;
    let fs = session.fs();
    put(&fs, "/f", b"12345").await.expect("file");
    let open = fs.open_write(&path("/f"), RESUME).await.expect("in place");
    open.write_at(5, Bytes::from_static(b"678")).await.expect("write");
    scan(&fixture, "alice").await;
    assert_eq!(fixture.used("alice").await, usage(1, 5));
    open.commit().await.expect("close");
    assert_eq!(fixture.used("alice").await, usage(1, 8));
}

// decisions on quota: uploads beside a scan are neither lost nor counted twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_beside_a_scan_are_counted_once() {
    let fixture = Fixture::with(|settings| settings.data_provider.track_quota = 1).await;
    let home = fixture.directory("home");
    fixture.user("alice", json!({ "home_dir": home })).await;
    let session = fixture.session("alice").await;
    let fs = session.fs();
    for directory in 0..20 {
        fs.create_directory(&path(&format!("/{directory}"))).await.expect("directory");
        for file in 0..20 {
            put(&fs, &format!("/{directory}/{file}"), &[0; 3]).await.expect("file");
        }
    }
    for turn in 0..4 {
        spoil(&fixture, user("alice")).await;
        quota::start_user_scan(&fixture.core, &system(), "alice").await.expect("started");
        for file in 0..30 {
            let directory = (file * 7) % 20;
            put(&fs, &format!("/{directory}/new-{turn}-{file}"), &[0; 10]).await.expect("new");
            put(&fs, &format!("/{directory}/{}", file % 20), &[0; 4]).await.expect("replaced");
            fs.remove_file(&path(&format!("/{directory}/new-{turn}-{file}"))).await.expect("removed");
            put(&fs, &format!("/{directory}/kept-{turn}-{file}"), &[0; 10]).await.expect("kept");
            fs.rename(&path(&format!("/{directory}/kept-{turn}-{file}")), &path(&format!("/{}/moved-{turn}-{file}", file % 20)))
                .await
                .expect("moved");
        }
        ended(&fixture).await;
    }
    let used = fixture.used("alice").await;
    scan(&fixture, "alice").await;
    assert_eq!(fixture.used("alice").await, used, "a scan in peace finds the same");
    assert_eq!(used.files, 400 + 4 * 30);
}

// API-057, QTA-009, LIM-009: one at a time, and the stop of the server ends it.
#[tokio::test]
async fn second_scan_is_refused_while_one_runs() {
    let (fixture, _session) = Fixture::alice(json!({ "quota_size": 10 })).await;
    let turns = fixture.core.0.scans.turns().acquire_many_owned(2).await.expect("turns");
    quota::start_user_scan(&fixture.core, &system(), "alice").await.expect("started");
    assert!(matches!(quota::start_user_scan(&fixture.core, &system(), "alice").await, Err(Error::Conflict(_))));
    let figures = QuotaUsage { used_quota_size: 1, used_quota_files: 1 };
    let update = quota::update_user_usage(&fixture.core, &system(), "alice", figures, UpdateMode::Reset).await;
    assert!(matches!(update, Err(Error::Conflict(_))), "API-058");
    let wrong = QuotaUsage { used_quota_size: -1, used_quota_files: 0 };
    let update = quota::update_user_usage(&fixture.core, &system(), "alice", wrong, UpdateMode::Add).await;
    assert!(matches!(update, Err(Error::Conflict(_))), "whatever the figures are");
    let listed = quota::user_scans(&fixture.core, &system()).expect("list");
    assert_eq!(listed.iter().map(|scan| scan.username.as_str()).collect::<Vec<_>>(), ["alice"]);
    drop(turns);
    ended(&fixture).await;
    assert!(quota::user_scans(&fixture.core, &system()).expect("list").is_empty());
    quota::start_user_scan(&fixture.core, &system(), "alice").await.expect("again");
}

// API-057, API-058, API-059, ACC-274, ACC-275, ACC-287, ACC-297
#[tokio::test]
async fn figures_are_set_and_added_where_they_are_tracked() {
    let fixture = Fixture::new().await;
    fixture.user("alice", json!({ "quota_size": 100, "total_data_transfer": 1 })).await;
    fixture.user("free", json!({})).await;
    fixture.folder("shared", "/memory/shared").await;
    let (core, admin) = (&fixture.core, system());
    let figures = |size, files| QuotaUsage { used_quota_size: size, used_quota_files: files };
    quota::update_user_usage(core, &admin, "alice", figures(60, 2), UpdateMode::Reset).await.expect("reset");
    quota::update_user_usage(core, &admin, "alice", figures(30, 1), UpdateMode::Add).await.expect("add");
    assert_eq!(fixture.used("alice").await, usage(3, 90));
    let session = fixture.session("alice").await;
    assert_eq!(put(&session.fs(), "/f", &[0; 11]).await.err(), Some(Error::Quota), "they hold at once");
    for (wrong, field) in [(figures(-1, 0), "used_quota_size"), (figures(0, -1), "used_quota_files")] {
        let refused = quota::update_user_usage(core, &admin, "alice", wrong, UpdateMode::Add).await;
        assert!(matches!(&refused, Err(Error::Invalid { field: f, .. }) if f == field), "{refused:?}");
    }
    assert!(matches!(
        quota::update_user_usage(core, &admin, "free", figures(1, 1), UpdateMode::Add).await,
        Err(Error::Invalid { .. })
    ));
    quota::update_user_usage(core, &admin, "free", figures(1, 1), UpdateMode::Reset).await.expect("reset");
    quota::update_folder_usage(core, &admin, "shared", figures(5, 1), UpdateMode::Add).await.expect("folder");
    assert_eq!(fixture.used_by_folder("shared").await, usage(1, 5));
    let moved = TransferQuotaUsage { used_upload_data_transfer: 1 << 20, used_download_data_transfer: 7 };
    quota::update_transfer_usage(core, &admin, "alice", moved, UpdateMode::Add).await.expect("transfer");
    assert_eq!(session.fs().open_write(&path("/g"), PUT).await.err(), Some(Error::TransferQuota), "running sessions know");
    quota::update_transfer_usage(core, &admin, "alice", TransferQuotaUsage::default(), UpdateMode::Reset).await.expect("reset");
    put(&session.fs(), "/g", b"x").await.expect("room again");
    let refused = quota::update_transfer_usage(core, &admin, "free", moved, UpdateMode::Add).await;
    assert!(matches!(refused, Err(Error::Invalid { .. })));
    assert_eq!(quota::start_user_scan(core, &admin, "nobody").await.err(), Some(Error::NotFound));
    assert_eq!(quota::start_folder_scan(core, &admin, "nothing").await.err(), Some(Error::NotFound));
    fixture.set(|settings| settings.data_provider.track_quota = 0);
    let refused = [
        quota::start_user_scan(core, &admin, "alice").await,
        quota::start_folder_scan(core, &admin, "shared").await,
        quota::update_user_usage(core, &admin, "alice", figures(1, 1), UpdateMode::Reset).await,
        quota::update_folder_usage(core, &admin, "shared", figures(1, 1), UpdateMode::Reset).await,
        quota::update_transfer_usage(core, &admin, "alice", moved, UpdateMode::Reset).await,
    ];
    assert!(refused.iter().all(|answer| matches!(answer, Err(Error::Denied(_)))), "{refused:?}");
}

// LIM-015, decisions on quota: the night sets right what is tracked.
#[tokio::test]
async fn night_corrects_limited_users_and_folders() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100 })).await;
    fixture.user("free", json!({})).await;
    fixture.folder("shared", "/memory/shared").await;
    put(&session.fs(), "/f", b"123").await.expect("file");
    for owner in [user("alice"), user("free"), QuotaOwner::Folder("shared".into())] {
        spoil(&fixture, owner).await;
    }
    reconcile_now(&fixture.core).await.expect("pass");
    assert_eq!(fixture.used("alice").await, usage(1, 3));
    assert_eq!(fixture.used("free").await, usage(900, 9000), "ACC-275");
    assert_eq!(fixture.used_by_folder("shared").await, usage(0, 0));
}
