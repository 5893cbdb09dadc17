//! Host keys.

use super::on_disk;
use crate::{Place, StoreError, StoredHostKey};

fn key(id: &str) -> StoredHostKey {
    StoredHostKey { id: id.into(), public_key: format!("ssh-ed25519 {id}"), sealed: "sealed-text".into(), created_at: 1 }
}

// SSH-036
#[tokio::test]
async fn host_keys_keep_their_order_and_the_last_one_stays() {
    let (_directory, store) = on_disk();
    let keys = store.host_keys();
    let order = async || keys.list().await.expect("list").into_iter().map(|key| key.id).collect::<Vec<_>>();
    keys.add(vec![key("a"), key("b")], Place::Last).await.expect("added");
    keys.add(vec![key("c")], Place::First).await.expect("added");
    keys.add(vec![key("d")], Place::Last).await.expect("added");
    assert_eq!(order().await, ["c", "a", "b", "d"]);
    let again = keys.add(vec![key("e"), key("b")], Place::Last).await.expect_err("there already");
    assert!(matches!(again, StoreError::Conflict { .. }), "{again}");
    assert_eq!(order().await, ["c", "a", "b", "d"], "none of them");
    keys.put_first("b").await.expect("moved");
    assert_eq!(order().await, ["b", "c", "a", "d"]);
    for missing in [keys.put_first("x").await, keys.remove("x").await.map(drop)] {
        assert!(matches!(missing, Err(StoreError::NotFound { .. })), "{missing:?}");
    }
    for id in ["b", "a", "d"] {
        assert!(keys.remove(id).await.expect("removed"));
    }
    assert!(!keys.remove("c").await.expect("answered"), "the last one stays");
    assert_eq!(order().await, ["c"]);
    assert!(!format!("{:?}", key("a")).contains("sealed-text"));
}
