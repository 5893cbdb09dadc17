//! IP lists and hosts of the defender.

use entrepot_model::{IpListEntry, IpListType};

use super::{NOW, on_disk};
use crate::{DefenderHost, IpListPage, Order, Store, StoreError};

fn entry(list: IpListType, ipornet: &str) -> IpListEntry {
    IpListEntry { ipornet: ipornet.into(), list: list.code(), mode: 1, ..IpListEntry::default() }
}

fn page(filter: &str, from: &str, limit: u64, order: Order) -> IpListPage {
    IpListPage { filter: filter.into(), from: from.into(), limit, order }
}

async fn networks(store: &Store, page: IpListPage) -> Vec<String> {
    let entries = store.ip_lists().page(IpListType::Defender, page).await.expect("page");
    entries.into_iter().map(|entry| entry.ipornet).collect()
}

// API-079
#[tokio::test]
async fn pages_have_a_prefix_and_a_cursor() {
    let (_directory, store) = on_disk();
    let lists = store.ip_lists();
    for network in ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32"] {
        lists.insert(entry(IpListType::Defender, network), NOW).await.expect("insert");
    }
    lists.insert(entry(IpListType::Allow, "10.9.0.0/16"), NOW).await.expect("insert");
    let all = networks(&store, page("", "", 9, Order::Ascending)).await;
    assert_eq!(all, ["10.0.0.0/8", "10.1.0.0/16", "192.0.2.7/32", "2001:db8::/32"]);
    assert_eq!(networks(&store, page("10.", "", 9, Order::Descending)).await, ["10.1.0.0/16", "10.0.0.0/8"]);
    assert_eq!(networks(&store, page("", "10.0.0.0/8", 2, Order::Ascending)).await, ["10.1.0.0/16", "192.0.2.7/32"]);
    assert_eq!(networks(&store, page("", "192.0.2.7/32", 9, Order::Descending)).await, ["10.1.0.0/16", "10.0.0.0/8"]);
    assert!(networks(&store, page("10.%", "", 9, Order::Ascending)).await.is_empty());
}

// API-080, API-081, IPL-008
#[tokio::test]
async fn entries_are_added_changed_and_deleted() {
    let (_directory, store) = on_disk();
    let lists = store.ip_lists();
    let given = IpListEntry { description: "office".into(), ..entry(IpListType::Trusted, "192.0.2.0/24") };
    let added = lists.insert(given.clone(), NOW).await.expect("insert");
    assert_eq!((added.created_at, added.updated_at), (NOW, NOW));
    let again = lists.insert(given.clone(), NOW).await.expect_err("taken");
    assert!(matches!(again, StoreError::Conflict { .. }), "{again}");
    lists.insert(IpListEntry { list: 1, ..given.clone() }, NOW).await.expect("another list");

    let changed = IpListEntry { protocols: 3, description: String::new(), ..given };
    let changed = lists.update(changed, NOW + 5).await.expect("update");
    assert_eq!((changed.protocols, changed.created_at, changed.updated_at), (3, NOW, NOW + 5));
    assert_eq!(lists.get(IpListType::Trusted, "192.0.2.0/24").await.expect("get"), Some(changed));
    assert_eq!(lists.all().await.expect("all").len(), 2);

    lists.delete(IpListType::Trusted, "192.0.2.0/24").await.expect("delete");
    let missing = lists.delete(IpListType::Trusted, "192.0.2.0/24").await.expect_err("gone");
    assert!(matches!(missing, StoreError::NotFound { .. }));
    let missing = lists.update(entry(IpListType::Trusted, "192.0.2.0/24"), NOW).await.expect_err("gone");
    assert!(matches!(missing, StoreError::NotFound { .. }));
}

// DEF-017
#[tokio::test]
async fn hosts_of_the_defender_are_kept() {
    let (_directory, store) = on_disk();
    let hosts = store.defender_hosts();
    let scored = DefenderHost { ip: "192.0.2.1".into(), events: vec![(NOW, 2, 0), (NOW + 1, 1, 1)], ..DefenderHost::default() };
    let banned = DefenderHost {
        ip: "2001:db8::".into(),
        banned_until: NOW + 60_000,
        reason: "score 15".into(),
        protocol: "SSH".into(),
        ..DefenderHost::default()
    };
    hosts.save(vec![scored.clone(), banned.clone()], vec![], NOW).await.expect("save");
    assert_eq!(hosts.all().await.expect("all"), [scored.clone(), banned.clone()]);
    let changed = DefenderHost { events: vec![(NOW + 9, 3, 2)], ..scored };
    hosts.save(vec![changed.clone()], vec![banned.ip], NOW).await.expect("save");
    assert_eq!(hosts.all().await.expect("all"), [changed]);
}
