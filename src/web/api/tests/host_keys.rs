//! Host keys from the outside.

use actix_web::{http::StatusCode, test::TestRequest};
use serde_json::{Value, json};

use super::get;
use crate::testing::ready;

const KEYS: &str = "/api/v2/x/hostkeys";

// SSH-036
#[actix_web::test]
async fn host_keys_are_made_brought_put_first_and_removed() {
    let house = ready().await;
    let token = house.token("root").await;
    let post = |path: String, body: Value| TestRequest::post().uri(&path).set_json(body);
    let files = house.with(&token, get(KEYS)).await.json();
    assert_eq!((&files[0]["origin"], &files[0]["state"], files[0].get("created_at")), (&json!("file"), &json!("shown"), None));
    let made = house.with(&token, post(KEYS.into(), json!({"type": "ed25519"}))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("{KEYS}/{id}"));
    assert_eq!((&made.json()["origin"], &made.json()["state"]), (&json!("database"), &json!("waiting")));
    let first = house.with(&token, post(format!("{KEYS}/{id}/first"), json!({}))).await;
    assert_eq!((first.status, first.json()), (StatusCode::OK, json!({"message": "Host key put first"})));
    let brought = json!({"private_key": "private ssh-rsa AAAAz", "first": true});
    let brought = house.with(&token, post(KEYS.into(), brought)).await;
    assert!(brought.status == StatusCode::CREATED && !brought.text.contains("private"), "{brought:?}");
    let keys = house.with(&token, get(KEYS)).await.json();
    let states: Vec<_> = keys.as_array().unwrap().iter().map(|key| (key["type"].as_str(), key["state"].as_str())).collect();
    let (ed25519, rsa) = (Some("ssh-ed25519"), Some("ssh-rsa"));
    assert_eq!(states, [(rsa, Some("shown")), (ed25519, Some("shown")), (ed25519, Some("waiting"))]);
    for (body, status) in [
        (json!({"private_key": "private ssh-rsa AAAAz"}), 409),
        (json!({"private_key": "nonsense"}), 400),
        (json!({"type": "dsa"}), 400),
        (json!({"type": "ed25519", "private_key": "x"}), 400),
        (json!({}), 400),
    ] {
        let refused = house.with(&token, post(KEYS.into(), body.clone())).await;
        assert_eq!(refused.status.as_u16(), status, "{body}: {refused:?}");
    }
    let ids: Vec<&str> = keys.as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    let delete = |id: &str| TestRequest::delete().uri(&format!("{KEYS}/{id}"));
    for id in &ids[..2] {
        let gone = house.with(&token, delete(id)).await;
        assert_eq!((gone.status, gone.json()), (StatusCode::OK, json!({"message": "Host key deleted"})));
    }
    let last = house.with(&token, delete(ids[2])).await;
    assert_eq!(last.status, StatusCode::CONFLICT, "{last:?}");
}
