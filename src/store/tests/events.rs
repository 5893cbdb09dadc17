//! The audit trail: moving, searching, expiring.

use entrepot_model::event::{FsEvent, LogEvent, ProviderEvent};

use super::on_disk;
use crate::{EventKind, Events, FsEventFilter, LogEventFilter, Order, OutboxEvent, Page, ProviderEventFilter, Store};

fn fs_event(number: i64) -> FsEvent {
    FsEvent {
        id: format!("event-{number}"),
        // Three events share a time.
        timestamp: 1000 + number / 3,
        action: if number % 2 == 0 { "upload" } else { "download" }.into(),
        username: format!("user{}", number % 4),
        virtual_path: format!("/file{number}"),
        status: 1 + number % 3,
        protocol: "SFTP".into(),
        ip: "192.0.2.1".into(),
        file_size: number,
        instance_id: "node1".into(),
        ..FsEvent::default()
    }
}

async fn record(store: &Store, events: Vec<OutboxEvent>) {
    store.events().record(events).expect("record");
    store.flush().await.expect("flush");
    while store.events().move_outbox().await.expect("move") > 0 {}
}

async fn with_fs_events(store: &Store, count: i64) -> Events {
    let events = (0..count).map(|number| OutboxEvent::fs(&fs_event(number)).expect("event"));
    record(store, events.collect()).await;
    store.events()
}

fn sizes(events: &[FsEvent]) -> Vec<i64> {
    events.iter().map(|event| event.file_size).collect()
}

fn page(order: Order, limit: u32) -> Page {
    Page { order, limit, ..Page::default() }
}

// AUD-002
#[tokio::test]
async fn event_comes_back_as_it_was_recorded() {
    let (_directory, store) = on_disk();
    let event = FsEvent {
        external_username: "v@example.com".into(),
        fs_path: "/srv/a".into(),
        fs_target_path: "/srv/b".into(),
        virtual_target_path: "/b".into(),
        ssh_cmd: "md5sum".into(),
        elapsed: 12,
        session_id: "SFTP_1".into(),
        fs_provider: 1,
        bucket: "bucket".into(),
        endpoint: "endpoint".into(),
        open_flags: "577".into(),
        role: "sales".into(),
        ..fs_event(4)
    };
    record(&store, vec![OutboxEvent::fs(&event).expect("event")]).await;
    let found = store.events().search_fs(FsEventFilter::default()).await.expect("search");
    assert_eq!(found, [event]);
}

#[tokio::test]
async fn event_without_an_id_is_refused() {
    let event = FsEvent::default();
    assert!(OutboxEvent::fs(&event).is_err());
}

// decisions 2: the mover is idempotent by event id.
#[tokio::test]
async fn event_that_is_moved_twice_is_stored_once() {
    let (_directory, store) = on_disk();
    let event = OutboxEvent::fs(&fs_event(1)).expect("event");
    record(&store, vec![event.clone(), event.clone()]).await;
    record(&store, vec![event]).await;
    assert_eq!(store.events().search_fs(FsEventFilter::default()).await.expect("search").len(), 1);
    assert_eq!(store.events().move_outbox().await.expect("move"), 0);
}

// API-034, API-107
#[tokio::test]
async fn cursor_walks_all_events_once_in_both_orders() {
    let (_directory, store) = on_disk();
    let events = with_fs_events(&store, 20).await;
    for order in [Order::Ascending, Order::Descending] {
        let mut seen = Vec::new();
        let mut next = page(order, 7);
        loop {
            let filter = FsEventFilter { page: next.clone(), ..FsEventFilter::default() };
            let found = events.search_fs(filter).await.expect("search");
            let Some(last) = found.last() else { break };
            // As a client does it: the id and the time of the last element.
            next.from_id = last.id.clone();
            match order {
                Order::Ascending => next.start_timestamp = last.timestamp,
                Order::Descending => next.end_timestamp = last.timestamp,
            }
            seen.extend(sizes(&found));
        }
        let mut expected: Vec<i64> = (0..20).collect();
        if order == Order::Descending {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{order:?}");
    }
}

// API-103, API-104, API-106
#[tokio::test]
async fn filters_are_combined() {
    let (_directory, store) = on_disk();
    let events = with_fs_events(&store, 24).await;
    let search = |change: fn(&mut FsEventFilter)| {
        let mut filter = FsEventFilter { page: page(Order::Ascending, 100), ..FsEventFilter::default() };
        change(&mut filter);
        let events = events.clone();
        async move { sizes(&events.search_fs(filter).await.expect("search")) }
    };
    let between = search(|filter| {
        filter.page.start_timestamp = 1001;
        filter.page.end_timestamp = 1002;
    });
    assert_eq!(between.await, [3, 4, 5, 6, 7, 8]);
    assert_eq!(search(|filter| filter.actions = vec!["upload".into()]).await.len(), 12);
    let both = search(|filter| filter.actions = vec!["upload".into(), "download".into()]);
    assert_eq!(both.await.len(), 24);
    let some = search(|filter| {
        filter.username = "user1".into();
        filter.statuses = vec![1, 3];
        filter.protocols = vec!["SFTP".into()];
        filter.instance_ids = vec!["node1".into(), "node2".into()];
        filter.fs_provider = Some(0);
    });
    // 1, 5, 9, … without those of status 2 (1, 13).
    assert_eq!(some.await, [5, 9, 17, 21]);
    assert_eq!(search(|filter| filter.virtual_path = "/file7".into()).await, [7]);
    for nothing in [
        search(|filter| filter.ip = "192.0.2.9".into()).await,
        search(|filter| filter.bucket = "b".into()).await,
        search(|filter| filter.endpoint = "e".into()).await,
        search(|filter| filter.ssh_cmd = "c".into()).await,
        search(|filter| filter.role = "r".into()).await,
        search(|filter| filter.session_id = "s".into()).await,
        search(|filter| filter.fs_provider = Some(1)).await,
    ] {
        assert!(nothing.is_empty());
    }
}

// AUD-003, AUD-007, API-109
#[tokio::test]
async fn provider_events_are_found_by_the_role_of_the_object() {
    let (_directory, store) = on_disk();
    let event = ProviderEvent {
        id: "p1".into(),
        timestamp: 5,
        action: "update".into(),
        username: "root".into(),
        object_type: "user".into(),
        object_name: "alice".into(),
        object_data: "e30=".into(),
        ..ProviderEvent::default()
    };
    record(&store, vec![OutboxEvent::provider(&event, Some("sales")).expect("event")]).await;
    let filter = |role: &str| ProviderEventFilter {
        role: role.into(),
        object_types: vec!["user".into()],
        object_name: "alice".into(),
        actions: vec!["update".into(), "add".into()],
        ..ProviderEventFilter::default()
    };
    let events = store.events();
    assert_eq!(events.search_provider(filter("sales")).await.expect("search"), [event]);
    assert!(events.search_provider(filter("other")).await.expect("search").is_empty());
    let short = ProviderEventFilter { omit_object_data: true, ..filter("sales") };
    assert_eq!(events.search_provider(short).await.expect("search")[0].object_data, "");
}

// AUD-004
#[tokio::test]
async fn log_events_are_found_by_type() {
    let (_directory, store) = on_disk();
    let event = |id: &str, event| LogEvent {
        id: id.into(),
        timestamp: 5,
        event,
        protocol: "SSH".into(),
        username: "alice".into(),
        ip: "192.0.2.1".into(),
        message: "no".into(),
        ..LogEvent::default()
    };
    let both = [event("l1", 1), event("l2", 5)];
    record(&store, both.iter().map(|event| OutboxEvent::log(event).expect("event")).collect()).await;
    let filter =
        LogEventFilter { events: vec![1], username: "alice".into(), protocols: vec!["SSH".into()], ..LogEventFilter::default() };
    assert_eq!(store.events().search_log(filter).await.expect("search"), [both[0].clone()]);
}

#[tokio::test]
async fn retention_deletes_what_is_older_and_nothing_else() {
    let (_directory, store) = on_disk();
    let events = with_fs_events(&store, 3600).await;
    let mut deleted = Vec::new();
    while deleted.last() != Some(&0) {
        deleted.push(events.delete_before(EventKind::Fs, 1000 + 900).await.expect("delete"));
    }
    assert_eq!(deleted, [1000, 1000, 700, 0], "in pieces, between which others write");
    let filter = FsEventFilter { page: page(Order::Ascending, 1), ..FsEventFilter::default() };
    assert_eq!(sizes(&events.search_fs(filter).await.expect("search")), [2700]);
    assert_eq!(events.delete_before(EventKind::Log, i64::MAX).await.expect("delete"), 0);
}

// Decisions on events: the oldest go first, whatever their kind, until the database is small enough.
#[tokio::test]
async fn oldest_events_go_first_and_their_room_is_given_back() {
    let (_directory, store) = on_disk();
    let events = with_fs_events(&store, 3000).await;
    let login = LogEvent { id: "login".into(), timestamp: 1, event: 5, ..LogEvent::default() };
    record(&store, vec![OutboxEvent::log(&login).expect("event")]).await;
    let before = events.size().await.expect("size");
    assert_eq!(events.delete_oldest().await.expect("delete"), 1, "the login is the oldest");
    assert!(events.delete_oldest().await.expect("delete") > 0);
    assert!(events.size().await.expect("size") < before);
    let all = FsEventFilter { page: page(Order::Ascending, 1), ..FsEventFilter::default() };
    assert_eq!(sizes(&events.search_fs(all).await.expect("search")), [1000]);
    while events.delete_oldest().await.expect("delete") > 0 {}
    assert_eq!(events.delete_oldest().await.expect("delete"), 0);
}

// API-106: lists are joined by OR, and a page of several values is in order.
#[tokio::test]
async fn values_of_a_list_are_merged_in_order() {
    let (_directory, store) = on_disk();
    let events = with_fs_events(&store, 60).await;
    for order in [Order::Ascending, Order::Descending] {
        let filter = FsEventFilter { page: page(order, 30), statuses: vec![3, 2, 3], ..FsEventFilter::default() };
        let mut wanted: Vec<i64> = (0..60).filter(|number| number % 3 != 0).collect();
        if order == Order::Descending {
            wanted.reverse();
        }
        let first = events.search_fs(filter.clone()).await.expect("search");
        assert_eq!(sizes(&first), wanted[..30]);
        let from_id = first.last().expect("last").id.clone();
        let next = FsEventFilter { page: Page { from_id, ..filter.page.clone() }, ..filter };
        assert_eq!(sizes(&events.search_fs(next).await.expect("search")), wanted[30..]);
    }
}

// More of them than any page of a search has.
#[tokio::test]
async fn logins_are_counted_since_a_moment_and_by_role() {
    let (_directory, store) = on_disk();
    let event = |number: i64| LogEvent {
        id: format!("event-{number}"),
        timestamp: number,
        event: if number % 5 == 0 { 2 } else { 5 },
        role: if number % 2 == 0 { "north" } else { "" }.into(),
        ..LogEvent::default()
    };
    record(&store, (0..1500).map(|number| OutboxEvent::log(&event(number)).expect("event")).collect()).await;
    let count =
        async |since: i64, step: i64, role: &str| store.events().count_logins(since, step, 3, role.into()).await.expect("count");
    assert_eq!(count(0, 500, "").await, [(400, 100); 3]);
    assert_eq!(count(1000, 250, "").await, [(200, 50), (200, 50), (0, 0)]);
    assert_eq!(count(1000, 200, "north").await, [(80, 20), (80, 20), (40, 10)]);
    assert_eq!(count(0, 100, "").await, [(80, 20), (80, 20), (1040, 260)], "what is later falls into the last step");
    assert_eq!(count(1500, 500, "").await, [(0, 0); 3]);
}
