//! What an administrator stops.

use std::time::Duration;

use futures_util::StreamExt as _;

use super::*;
use crate::admin::{AdminSession, connections};

fn system() -> AdminSession {
    AdminSession::system()
}

fn number(fixture: &Fixture) -> u64 {
    let open = connections::live(&fixture.core, &system()).expect("sessions");
    open.iter().flat_map(|session| &session.transfers).map(|transfer| transfer.id).next().expect("a transfer")
}

// UI-240: whoever goes on with it is told why not; nothing of it is kept.
#[tokio::test]
async fn stopped_upload_between_two_requests_has_ended() {
    let (fixture, session, who, id) = started(8, b"0123").await;
    let open = connections::live(&fixture.core, &system()).expect("sessions");
    let [transfer] = open[0].transfers.as_slice() else { panic!("one transfer: {open:?}") };
    assert!(transfer.waiting && transfer.is_upload(), "{transfer:?}");
    assert_eq!((transfer.bytes, transfer.size, transfer.percent()), (4, Some(8), Some(50)));
    connections::stop(&fixture.core, &system(), transfer.id).await.expect("stopped");
    assert_eq!(fixture.used("alice").await, usage(0, 0));
    assert!(fixture.memory("alice").paths().is_empty(), "nothing is left");
    for again in [send(&fixture, &who, &id, chunk(4, b"4567")).await, offset(&fixture, &who, &id).await] {
        let error = again.expect_err("it was stopped");
        assert_eq!(error.to_string(), "an administrator stopped this transfer");
    }
    assert_eq!(get(&session.fs(), "/f").await.err(), Some(Error::NotFound));
    assert_eq!(connections::stop(&fixture.core, &system(), transfer.id).await.err(), Some(Error::NotFound));
    let other = announce(&fixture, &who, new("/f", 4)).await.expect("another of that name").id;
    assert_eq!(send(&fixture, &who, &other, chunk(0, b"data")).await, Ok(4));
}

// Its number stays the same, request by request, and does not give away the id.
#[tokio::test]
async fn all_requests_of_an_upload_have_one_number() {
    let (fixture, _session, who, id) = started(8, b"01").await;
    let first = number(&fixture);
    assert_eq!(send(&fixture, &who, &id, chunk(2, b"23")).await, Ok(4));
    assert_eq!(number(&fixture), first);
    assert!(first < 1 << 53, "exact in JSON");
    assert_eq!(send(&fixture, &who, &id, chunk(4, b"4567")).await, Ok(8));
    let open = connections::live(&fixture.core, &system()).expect("sessions");
    assert!(open[0].transfers.is_empty(), "it is complete");
}

#[tokio::test]
async fn stopped_request_that_brings_nothing_lets_go() {
    let (fixture, _session, who, id) = started(8, b"0123").await;
    let stalled = stream::once(std::future::ready(Ok(Bytes::from_static(b"45")))).chain(stream::pending()).boxed();
    let bring = append(&fixture.core, &who, &id, Chunk { offset: 4, length: None, checksum: None, body: stalled });
    let stop = async {
        reached(&fixture, &id, 6).await;
        connections::stop(&fixture.core, &system(), number(&fixture)).await
    };
    let both = tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(bring, stop) });
    let (brought, stopped) = both.await.expect("both end");
    stopped.expect("stopped");
    assert_eq!(brought.expect_err("it was stopped").to_string(), "an administrator stopped this transfer");
    assert!(fixture.memory("alice").paths().is_empty());
    fixture.settled().await;
    let events = fixture.events().await;
    let told = format!("denied by stopped: {}", system().username());
    assert_eq!(events.iter().filter(|event| event.ssh_cmd == told).count(), 1, "{events:?}");
}
