//! What monitoring is told.

use entrepot_model::Protocol;
use serde_json::json;

use super::{
    client::{PUT, path},
    fixture::Fixture,
};
use crate::{Attempt, Credentials};

/// The value of a sample; the name with its labels.
fn value(text: &str, sample: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ')?.parse().ok())
}

#[track_caller]
fn assert_is(text: &str, sample: &str, expected: u32) {
    assert_eq!(value(text, sample), Some(f64::from(expected)), "{sample} in\n{text}");
}

// TEL-006, TEL-007, TEL-014, TEL-017
#[tokio::test]
async fn transfers_and_operations_are_counted_in_total_and_per_user() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    fixture.core.watch_users();
    let fs = session.fs();
    let upload = fs.open_write(&path("/a"), PUT).await.unwrap();
    upload.write_at(0, vec![7; 1000].into()).await.unwrap();
    upload.commit().await.unwrap();
    let given_up = fs.open_write(&path("/b"), PUT).await.unwrap();
    given_up.write_at(0, vec![7; 50].into()).await.unwrap();
    drop(given_up);
    fixture.core.0.registry.idle().await;
    let download = fs.open_read(&path("/a")).await.unwrap();
    assert_eq!(download.read_at(0, 400).await.unwrap().len(), 400);
    drop(download);
    fs.create_directory(&path("/d")).await.unwrap();
    fs.rename(&path("/a"), &path("/d/a")).await.unwrap();
    fs.remove_file(&path("/d/a")).await.unwrap();

    let text = fixture.core.metrics().await;
    assert_is(&text, "entrepot_uploads_total", 1);
    assert_is(&text, "entrepot_upload_errors_total", 1);
    assert_is(&text, "entrepot_upload_size_bytes", 1050);
    assert_is(&text, "entrepot_downloads_total", 1);
    assert_is(&text, "entrepot_download_size_bytes", 400);
    assert_is(&text, "entrepot_user_uploads_total{username=\"alice\"}", 1);
    assert_is(&text, "entrepot_user_download_size_bytes{username=\"alice\"}", 400);
    assert_is(&text, "entrepot_user_active_connections{username=\"alice\"}", 1);
    assert_is(&text, "entrepot_active_connections", 1);
    for operation in ["mkdir", "rename", "delete"] {
        assert_is(&text, &format!("entrepot_fs_ops_total{{operation=\"{operation}\"}}"), 1);
    }
    // What a monitoring system reads: a type before the samples of each metric, no sample twice.
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let samples: Vec<&str> = lines.filter_map(|line| Some(line.rsplit_once(' ')?.0)).collect();
    let distinct: std::collections::HashSet<_> = samples.iter().collect();
    assert_eq!(samples.len(), distinct.len(), "{text}");
}

// TEL-009, TEL-020
#[tokio::test]
async fn logins_are_counted_by_method_and_outcome_and_strangers_make_no_series() {
    let (fixture, _session) = Fixture::alice(json!({})).await;
    fixture.core.watch_users();
    for name in ["alice", "nobody"] {
        let peer = crate::login::tests::peer("192.0.2.1");
        let attempt = Attempt { username: name.into(), protocol: Protocol::Ssh, peer };
        assert!(fixture.core.authenticate(&attempt, Credentials::Password("wrong")).await.is_err());
    }
    let text = fixture.core.metrics().await;
    assert_is(&text, "entrepot_login_total{method=\"password\",result=\"ko\"}", 2);
    assert_is(&text, "entrepot_login_total{method=\"IDP\",result=\"attempt\"}", 0);
    assert_is(&text, "entrepot_user_login_ko_total{username=\"alice\"}", 1);
    assert!(!text.contains("nobody"), "{text}");
}

// TEL-015, TEL-016
#[tokio::test]
async fn denials_by_limits_are_counted_by_their_scope() {
    let (fixture, session) = Fixture::alice(json!({})).await;
    fixture.set(|settings| {
        settings.common.max_per_host_transfers = 1;
        settings.common.max_total_connections = 1;
    });
    let _first = session.fs().open_write(&path("/a"), PUT).await.unwrap();
    assert!(session.fs().open_write(&path("/b"), PUT).await.is_err());
    let peer = "198.51.100.7:1000".parse().unwrap();
    assert!(fixture.core.admit(peer, Protocol::Ssh).is_err());
    let text = fixture.core.metrics().await;
    assert_is(&text, "entrepot_transfer_admission_denied_total{operation=\"upload\",scope=\"host\"}", 1);
    assert_is(&text, "entrepot_connection_admission_denied_total{protocol=\"ssh\",scope=\"total\"}", 1);
}
