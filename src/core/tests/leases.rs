//! Sessions of requests.

use serde_json::json;

use super::fixture::Fixture;
use crate::{Core, Error, lease::KEPT};

fn end_unused(core: &Core) -> usize {
    core.0.leases.take_unused(core.clock().millis() - KEPT).len()
}

// API-117, LIM-006, and what decisions say of sessions over HTTP
#[tokio::test]
async fn requests_of_one_token_share_a_session_that_takes_no_place() {
    let fixture = Fixture::new().await;
    fixture.user("ada", json!({"max_sessions": 1})).await;
    let login = fixture.login("ada").await;
    let first = login.lease("HTTP", "token").unwrap();
    let second = login.lease("HTTP", "token").unwrap();
    let other = login.lease("HTTP", "other").unwrap();
    assert_eq!(first.id(), second.id());
    assert_ne!(first.id(), other.id());
    assert_eq!(fixture.core.0.registry.sessions_of("ada"), 0);
    let counted = login.open_session("SFTP", "SFTP_1").unwrap();
    assert_eq!(login.open_session("SFTP", "SFTP_2").err(), Some(Error::TooMany));
    drop(counted);
    assert_eq!(fixture.core.0.registry.sessions(), 2);
}

#[tokio::test]
async fn session_outlives_its_leases_for_a_while() {
    let fixture = Fixture::new().await;
    fixture.user("ada", json!({})).await;
    let (login, core) = (fixture.login("ada").await, &fixture.core);
    let id = login.lease("HTTP", "token").unwrap().id().to_owned();
    assert_eq!((end_unused(core), core.0.registry.sessions()), (0, 1));
    assert_eq!(login.lease("HTTP", "token").unwrap().id(), id);
    let files = login.lease("HTTP", "token").unwrap().fs();
    fixture.clock.advance_millis(KEPT + 1);
    assert_eq!(end_unused(core), 0, "files are a lease");
    drop(files);
    assert_eq!((end_unused(core), core.0.registry.sessions()), (1, 0));
}

// API-064
#[tokio::test]
async fn closed_session_is_followed_by_a_new_one() {
    let fixture = Fixture::new().await;
    fixture.user("ada", json!({})).await;
    let login = fixture.login("ada").await;
    let lease = login.lease("HTTP", "token").unwrap();
    assert!(fixture.core.0.registry.close_session(lease.id(), |_| true).is_some());
    assert!(lease.fs().ended().is_cancelled());
    assert_ne!(login.lease("HTTP", "token").unwrap().id(), lease.id());
}
