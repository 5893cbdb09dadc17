//! Settings, keys, setup.

use serde_json::json;

use super::{NOW, admin, on_disk};
use crate::{ListOptions, SecretKey, StoreError};

#[tokio::test]
async fn settings_change_together() {
    let (_directory, store) = on_disk();
    let settings = store.settings();
    let changes = vec![("sftpd.max_auth_tries".to_string(), Some(json!(6))), ("smtp.host".to_string(), Some(json!("mail")))];
    settings.change(changes, NOW).await.expect("change");
    let changes = vec![("smtp.host".to_string(), None), ("sftpd.max_auth_tries".to_string(), Some(json!({"a": [1]})))];
    settings.change(changes, NOW).await.expect("change");
    assert_eq!(settings.get("smtp.host").await.expect("get"), None);
    let all = settings.list().await.expect("list");
    assert_eq!(all, [("sftpd.max_auth_tries".to_string(), json!({"a": [1]}))]);
}

fn key(kid: &str, created_at: i64) -> SecretKey {
    SecretKey { kid: kid.into(), purpose: "token".into(), sealed: "sealed-text".into(), created_at }
}

// decisions 12: signing keys are made once, with ids and rotation.
#[tokio::test]
async fn first_signing_key_wins_and_rotation_adds_newer_ones() {
    let (_directory, store) = on_disk();
    let keys = store.secret_keys();
    assert_eq!(keys.put_first(key("a", 1)).await.expect("put"), [key("a", 1)]);
    assert_eq!(keys.put_first(key("b", 2)).await.expect("put"), [key("a", 1)]);
    keys.put(key("c", 3)).await.expect("put");
    assert_eq!(keys.list("token").await.expect("list"), [key("c", 3), key("a", 1)]);
    assert!(keys.list("other").await.expect("list").is_empty());
    keys.delete("a").await.expect("delete");
    assert_eq!(keys.list("token").await.expect("list").len(), 1);
    assert!(!format!("{:?}", key("a", 1)).contains("sealed-text"));
}

// decisions 11: the token is single use.
#[tokio::test]
async fn setup_token_is_used_once_and_makes_the_first_admin() {
    let (_directory, store) = on_disk();
    let setup = store.setup();
    assert!(setup.is_needed().await.expect("needed"));
    setup.put(vec![9; 32], NOW).await.expect("put");
    setup.put(vec![1; 32], NOW + 1).await.expect("put");
    let token = setup.token().await.expect("token").expect("stored");
    assert_eq!((token.hash, token.created_at), (vec![1; 32], NOW + 1));
    assert!(!setup.take(vec![9; 32]).await.expect("take"), "an older token is void");

    let made = setup.complete(vec![9; 32], admin("x"), None, NOW).await.expect("complete");
    assert!(made.is_none());
    let made = setup.complete(vec![1; 32], admin("root"), Some("h".into()), NOW).await.expect("complete");
    assert_eq!(made.map(|admin| admin.username).as_deref(), Some("root"));
    assert!(!setup.is_needed().await.expect("needed"));
    assert!(setup.token().await.expect("token").is_none());

    setup.put(vec![2; 32], NOW).await.expect("put");
    let error = setup.complete(vec![2; 32], admin("second"), None, NOW).await.expect_err("exists");
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    assert_eq!(store.admins().count(ListOptions::all()).await.expect("count"), 1);
    assert!(setup.take(vec![2; 32]).await.expect("take"));
    assert!(!setup.take(vec![2; 32]).await.expect("take"));
}
