//! Sessions, transfers, transfer quotas, bandwidth.

use bytes::Bytes;
use serde_json::json;

use super::{
    client::{PUT, RESUME, get, path, put, size, usage},
    fixture::Fixture,
};
use crate::{Error, fs::HashAlgorithm};

const MEGABYTE: usize = 1 << 20;

// ACC-264, ACC-266, LIM-006
#[tokio::test]
async fn max_sessions_bounds_sessions_and_transfers() {
    let fixture = Fixture::new().await;
    fixture.user("alice", json!({ "max_sessions": 2 })).await;
    let login = fixture.login("alice").await;
    let one = login.open_session("SFTP", "SFTP_1").expect("one");
    let two = login.open_session("SFTP", "SFTP_2").expect("two");
    assert_eq!(login.open_session("SFTP", "SFTP_3").err(), Some(Error::TooMany));
    drop(two);
    let _again = login.open_session("SFTP", "SFTP_3").expect("one left");
    let fs = one.fs();
    let first = fs.open_write(&path("/a"), PUT).await.expect("first");
    let second = fs.open_write(&path("/b"), PUT).await.expect("second");
    assert_eq!(fs.open_write(&path("/c"), PUT).await.err(), Some(Error::TooMany));
    first.commit().await.expect("commit");
    assert_eq!(get(&fs, "/a").await, Ok(vec![]), "the place is free again");
    drop(second);
    fixture.settled().await;
    assert!(one.status().active_transfers.is_empty());
}

// LIM-014
#[tokio::test]
async fn transfers_per_address_and_of_the_server_are_bounded() {
    for per_host in [true, false] {
        let fixture = Fixture::with(|settings| {
            let limit =
                if per_host { &mut settings.common.max_per_host_transfers } else { &mut settings.common.max_total_transfers };
            *limit = 1;
        })
        .await;
        fixture.user("alice", json!({})).await;
        fixture.user("bob", json!({})).await;
        let (alice, bob) = (fixture.session("alice").await, fixture.session("bob").await);
        let first = alice.fs().open_write(&path("/a"), PUT).await.expect("first");
        assert_eq!(bob.fs().open_write(&path("/a"), PUT).await.err(), Some(Error::TooMany));
        drop(first);
        fixture.settled().await;
        put(&bob.fs(), "/a", b"x").await.expect("free again");
    }
}

// An open that fails is no transfer.
#[tokio::test]
async fn failed_opens_give_their_place_back() {
    let (fixture, session) = Fixture::alice(json!({ "max_sessions": 1, "quota_files": 1 })).await;
    let fs = session.fs();
    put(&fs, "/f", b"x").await.expect("file");
    for _ in 0..3 {
        assert_eq!(fs.open_write(&path("/g"), PUT).await.err(), Some(Error::FileQuota));
        assert_eq!(fs.open_read(&path("/missing")).await.err(), Some(Error::NotFound));
        assert_eq!(fs.open_write(&path("/no/where"), PUT).await.err(), Some(Error::FileQuota));
        fixture.memory("alice").faults().fail(
            entrepot_storage::memory::Operation::OpenInPlace,
            1,
            entrepot_storage::ErrorKind::Busy,
        );
        assert_eq!(fs.open_write(&path("/f"), RESUME).await.err(), Some(Error::Busy));
    }
    assert_eq!(get(&fs, "/f").await.expect("read"), b"x");
}

// LIM-012, ACC-294
#[tokio::test]
async fn upload_volume_is_bounded_and_stored() {
    let (fixture, session) = Fixture::alice(json!({ "upload_data_transfer": 1 })).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from(vec![0; MEGABYTE])).await.expect("exactly all of it");
    assert_eq!(upload.write_at(MEGABYTE as u64, Bytes::from_static(b"x")).await.err(), Some(Error::TransferQuota));
    drop(upload);
    fixture.settled().await;
    assert_eq!(size(&fs, "/f").await, Some(MEGABYTE as u64), "what arrived is kept");
    assert_eq!(fs.open_write(&path("/g"), PUT).await.err(), Some(Error::TransferQuota));
    let stored = fixture.store.users().usage("alice").await.expect("read").expect("user");
    assert_eq!(stored.used_upload_data_transfer, MEGABYTE as i64);
    fixture.memory("alice").put(&path("/free"), b"x");
    assert_eq!(get(&fs, "/free").await.expect("downloads have no limit"), b"x");
}

// LIM-012: the total counts both directions; a file that fits exactly can be read to its end.
#[tokio::test]
async fn total_volume_counts_both_directions() {
    let (fixture, session) = Fixture::alice(json!({ "total_data_transfer": 1, "upload_data_transfer": 50 })).await;
    let fs = session.fs();
    put(&fs, "/f", &vec![7; MEGABYTE / 2]).await.expect("half");
    assert_eq!(get(&fs, "/f").await.expect("the other half").len(), MEGABYTE / 2);
    assert_eq!(fs.open_read(&path("/f")).await.err(), Some(Error::TransferQuota));
    assert_eq!(fs.open_write(&path("/g"), PUT).await.err(), Some(Error::TransferQuota));
    assert_eq!(fs.hash(&path("/f"), HashAlgorithm::Sha256).await.err(), Some(Error::TransferQuota));
    fixture.store.flush().await.expect("flush");
    let stored = fixture.store.users().usage("alice").await.expect("read").expect("user");
    assert_eq!((stored.used_upload_data_transfer, stored.used_download_data_transfer), (1 << 19, 1 << 19));
}

#[tokio::test]
async fn running_download_ends_when_the_volume_is_used_up() {
    let (fixture, session) = Fixture::alice(json!({ "download_data_transfer": 1 })).await;
    fixture.memory("alice").put(&path("/f"), &vec![0; 3 * MEGABYTE]);
    assert_eq!(get(&session.fs(), "/f").await.err(), Some(Error::TransferQuota));
    let event = fixture.events().await.pop().expect("event");
    assert_eq!((event.action.as_str(), event.status), ("download", 3));
}

// ACC-151, ACC-152
#[tokio::test]
async fn checksum_reads_the_file_and_counts_as_a_download() {
    let (fixture, session) = Fixture::alice(json!({ "download_data_transfer": 1 })).await;
    put(&session.fs(), "/f", b"abc").await.expect("file");
    let digest = session.fs().hash(&path("/f"), HashAlgorithm::Sha256).await.expect("hash");
    // FIPS 180-4, "abc"
    assert_eq!(digest[..4], [0xba, 0x78, 0x16, 0xbf]);
    fixture.store.flush().await.expect("flush");
    let stored = fixture.store.users().usage("alice").await.expect("read").expect("user");
    assert_eq!(stored.used_download_data_transfer, 3);
}

// UPL-008
#[tokio::test]
async fn first_transfers_are_stamped_once() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    for name in ["/a", "/b"] {
        put(&session.fs(), name, b"x").await.expect("file");
        get(&session.fs(), name).await.expect("read");
    }
    fixture.memory("alice").put(&path("/empty"), b"");
    let firsts =
        fixture.actions().await.into_iter().filter(|row| row.0.starts_with("first-")).map(|row| row.1).collect::<Vec<_>>();
    assert_eq!(firsts, ["/a", "/a"]);
}

// ACC-268, ACC-269: the rate holds over all transfers of the account (time is tokio's, and jumps).
#[tokio::test(start_paused = true)]
async fn bandwidth_is_shared_by_the_transfers_of_an_account() {
    let (fixture, session) = Fixture::alice(json!({ "upload_bandwidth": 100, "download_bandwidth": 50 })).await;
    let fs = session.fs();
    let (one, two) = (fs.open_write(&path("/a"), PUT).await.expect("open"), fs.open_write(&path("/b"), PUT).await.expect("open"));
    let start = tokio::time::Instant::now();
    let piece = Bytes::from(vec![0; 50 << 10]);
    for step in 0..10 {
        one.write_at(step * 51_200, piece.clone()).await.expect("write");
        two.write_at(step * 51_200, piece.clone()).await.expect("write");
    }
    // 1000 KB at 100 KB/s, with a quarter of a second in the bucket and the last piece on credit.
    let seconds = start.elapsed().as_secs_f64();
    assert!((8.5..10.5).contains(&seconds), "{seconds}");
    assert_eq!(one.try_write_at(0, b"x"), Ok(false), "the bucket is empty");
    assert_eq!(fixture.memory("alice").paths().len(), 2);
}

// LIM-011, ACC-268: what an administrator changes holds for transfers that run, also for rates of networks.
#[tokio::test(start_paused = true)]
async fn rates_change_while_transfers_run() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/a"), PUT).await.expect("open");
    assert!(!upload.is_throttled());
    let change = async |fields: serde_json::Value| {
        let system = crate::admin::AdminSession::system();
        let mut user = serde_json::to_value(crate::admin::users::get(&fixture.core, &system, "alice", true).await.expect("user"))
            .expect("JSON");
        user.as_object_mut().expect("object").extend(fields.as_object().expect("object").clone());
        let user = serde_json::from_value(user).expect("user");
        crate::admin::users::update(&fixture.core, &system, "alice", user, false).await.expect("changed");
    };
    let limits = json!([{ "sources": ["0.0.0.0/0", "::/0"], "upload_bandwidth": 100, "download_bandwidth": 0 }]);
    change(json!({ "filters": { "bandwidth_limits": limits } })).await;
    assert!(upload.is_throttled());
    let start = tokio::time::Instant::now();
    for step in 0..4 {
        upload.write_at(step * 102_400, Bytes::from(vec![0; 100 << 10])).await.expect("write");
    }
    assert!(start.elapsed().as_secs_f64() > 2.0, "{:?}", start.elapsed());
    change(json!({ "filters": { "bandwidth_limits": [] } })).await;
    assert!(!upload.is_throttled());
    assert_eq!(upload.try_write_at(0, b"x"), Ok(true), "nothing holds it back");
}

// LIM-001: several sessions of one connection count.
#[tokio::test]
async fn sessions_count_toward_the_connections_of_the_server() {
    let fixture = Fixture::with(|settings| settings.common.max_total_connections = 1).await;
    fixture.user("alice", json!({})).await;
    let login = fixture.login("alice").await;
    let _one = login.open_session("SFTP", "SFTP_1").expect("one");
    assert_eq!(login.open_session("SFTP", "SFTP_2").err(), Some(Error::TooMany));
}

// LIM-005
#[tokio::test]
async fn sessions_of_who_may_no_longer_log_in_are_ended() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    fixture.user("bob", json!({})).await;
    let bob = fixture.session("bob").await;
    crate::registry::review(&fixture.core).await;
    assert!(!session.ended().is_cancelled());
    let system = crate::admin::AdminSession::system();
    let mut user = crate::admin::users::get(&fixture.core, &system, "alice", true).await.expect("user");
    user.expiration_date = 1;
    crate::admin::users::update(&fixture.core, &system, "alice", user, false).await.expect("changed");
    crate::registry::review(&fixture.core).await;
    assert!(session.ended().is_cancelled());
    assert!(!bob.ended().is_cancelled(), "somebody else goes on");
}

// LIM-004, ACC-272
#[tokio::test]
async fn sessions_that_do_nothing_are_ended_and_transfers_are_something() {
    let (fixture, idle) = Fixture::alice(json!({})).await;
    let busy = fixture.session("alice").await;
    let upload = busy.fs().open_write(&path("/f"), PUT).await.expect("open");
    let review = || crate::registry::close_idle_now(&fixture.core);
    fixture.set(|settings| settings.common.idle_timeout = 0);
    fixture.clock.advance_millis(10 * 60_000);
    upload.write_at(0, Bytes::from_static(b"data")).await.expect("write");
    fixture.clock.advance_millis(10 * 60_000);
    review();
    assert!(!idle.ended().is_cancelled(), "nobody is ended where there is no limit");
    fixture.set(|settings| settings.common.idle_timeout = 15);
    review();
    assert!(idle.ended().is_cancelled() && !busy.ended().is_cancelled());
    drop(upload);
    fixture.clock.advance_millis(16 * 60_000);
    review();
    assert!(busy.ended().is_cancelled());
}

// LIM-009
#[tokio::test]
async fn stopping_server_takes_nothing_new_and_settles_what_runs() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100 })).await;
    let fs = session.fs();
    let upload = fs.open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123")).await.expect("write");
    let core = fixture.core.clone();
    let stop = core.stop(std::time::Duration::from_secs(60));
    let client = async {
        session.ended().cancelled().await;
        assert_eq!(fixture.login("alice").await.open_session("SFTP", "late").err(), Some(Error::Shutdown));
        assert_eq!(upload.write_at(4, Bytes::from_static(b"x")).await.err(), Some(Error::Cancelled));
        drop(upload);
        drop(session);
    };
    let (ended, ()) = tokio::join!(stop, client);
    assert!(ended);
    assert_eq!(fixture.core.0.ledger.ensure(&crate::quota::QuotaOwner::User("alice".into()), usage(0, 0)).usage(), usage(1, 4));
    assert_eq!(fixture.memory("alice").faults().open_handles(), 0);
}

// An administrator ends a session: what it was writing is a partial.
#[tokio::test]
async fn killed_session_leaves_a_partial() {
    let (fixture, session) = Fixture::alice(json!({ "quota_size": 100 })).await;
    let upload = session.fs().open_write(&path("/f"), PUT).await.expect("open");
    upload.write_at(0, Bytes::from_static(b"0123")).await.expect("write");
    assert_eq!(fixture.core.0.registry.close_user("alice"), 1);
    assert_eq!(upload.try_write_at(4, b"45"), Err(Error::Cancelled));
    assert_eq!(upload.commit().await.err(), Some(Error::Cancelled));
    assert_eq!(session.fs().stat(&path("/"), true).await.err(), Some(Error::Cancelled));
    fixture.settled().await;
    let again = fixture.session("alice").await;
    assert_eq!(size(&again.fs(), "/f").await, Some(4));
    assert_eq!(fixture.used("alice").await, usage(1, 4));
}
